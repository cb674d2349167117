import { baselineChecks } from './baseline-checks.ts';
import type { CheckedPod, PodCheck, VersionedCheck, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted-checks.ts';

function checkAt({ since }: VersionedCheck, minor: number): PodCheck | undefined {
  return since.findLast(([from]) => from <= minor)?.[1];
}

/** What a level of a version forbids of a pod. */
export function violations(pod: CheckedPod, { level, minor }: LevelVersion): readonly Violation[] {
  if (level === 'privileged') return [];
  const strict = level === 'restricted' ? restrictedChecks.filter((check) => checkAt(check, minor) !== undefined) : [];
  const replaced = new Set(strict.map(({ replaces }) => replaces));
  return [...baselineChecks.filter(({ id }) => !replaced.has(id)), ...strict].flatMap((check) => {
    const violation = checkAt(check, minor)?.(pod);
    return violation === undefined ? [] : [violation];
  });
}

/** `privileged (container "c" must not set …), hostPort (…)`. */
export function violationText(found: readonly Violation[]): string {
  return found.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}
