import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';

/** Makes cases about a resource that controllers work on. */
export function casesAbout(
  plural: string,
  groupVersion: string,
): (behaviour: string, run: (c: CaseContext) => Promise<void>, proves?: string) => Case {
  return (behaviour, run, proves) => ({
    id: `workloads/${plural}/${behaviour}`,
    needs: ['controllers'],
    groupVersion,
    ...(proves === undefined ? {} : { proves }),
    run,
  });
}
