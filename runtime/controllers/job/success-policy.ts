import { commonCount, countOf, type IndexSet, parseIndexes } from './index-set.ts';
import type { Job } from './job.ts';

/** The message of the first rule that the succeeded indexes satisfy. */
export function metSuccessRule({ spec }: Job, succeeded: IndexSet): string | undefined {
  if (succeeded.length === 0) return undefined;
  const rules = spec?.successPolicy?.rules ?? [];
  const index = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && countOf(succeeded) >= succeededCount;
    const required = parseIndexes(succeededIndexes, spec?.completions ?? 0);
    if (required.length === 0) return false;
    const reached = commonCount(required, succeeded);
    return reached === countOf(required) || (succeededCount !== undefined && reached >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
