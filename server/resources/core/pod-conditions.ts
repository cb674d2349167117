import { toTime } from '../../../api/clock.ts';
import type { PodStatus } from './pod-types.ts';

type Condition = NonNullable<PodStatus['conditions']>[number];

/** The conditions with this one in the place of its predecessor; the time of the last change moves when the status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
  now: number,
): Condition[] {
  const before = conditions?.find(({ type }) => type === condition.type);
  const same = before?.status === condition.status ? before?.lastTransitionTime : undefined;
  const next = { ...condition, lastTransitionTime: same ?? toTime(now) };
  if (before === undefined) return [...(conditions ?? []), next];
  return (conditions ?? []).map((candidate) => (candidate === before ? next : candidate));
}
