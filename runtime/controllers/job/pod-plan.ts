import { podsToDelete } from '../pod-deletion-order.ts';
import { isPodTerminating, type Pod } from '../pod-state.ts';
import { completionIndexOf } from './completion-index.ts';
import { firstAbsent, unionOf, withIndexes } from './index-set.ts';
import { hasLimitPerIndex, isIndexed, isSuspended, type Job, replacesOnlyFailed } from './job.ts';
import { indexRemainingMs, type Observation } from './observation.ts';
import { backoffRemainingMs } from './pod-backoff.ts';

/** No Job keeps the others waiting for longer than these take. */
const maxPodsAtOnce = 500;

/** What to do about the pods of a Job that goes on: deletions come before creations, never both at once. */
export type PodPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'delete'; readonly pods: readonly Pod[] }
  | { readonly kind: 'wait'; readonly ms: number }
  /** One pod each; undefined where the Job has no indexes. */
  | { readonly kind: 'create'; readonly indexes: readonly (number | undefined)[] };

export function planPods(seen: Observation, now: number): PodPlan {
  const { job, active } = seen;
  if (isSuspended(job)) return active.length === 0 ? { kind: 'none' } : { kind: 'delete', pods: active };
  const wanted = wantedActive(seen);
  const surplus = removable(job, active, Math.max(0, active.length - wanted), now);
  if (surplus.length > 0) return { kind: 'delete', pods: surplus.slice(0, maxPodsAtOnce) };
  const leaving = replacesOnlyFailed(job) ? seen.terminating : 0;
  const missing = wanted - leaving - active.length;
  if (missing <= 0) return { kind: 'none' };
  const wait = hasLimitPerIndex(job) ? 0 : backoffRemainingMs(seen.backoff, now);
  if (wait > 0) return { kind: 'wait', ms: wait };
  return creations(seen, Math.min(missing, maxPodsAtOnce), now);
}

function wantedActive({ job, active, succeeded }: Observation): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

function creations(seen: Observation, count: number, now: number): PodPlan {
  if (seen.indexes === undefined) return { kind: 'create', indexes: Array.from({ length: count }, () => undefined) };
  const pending = pendingIndexes(seen, count);
  if (!hasLimitPerIndex(seen.job)) return { kind: 'create', indexes: pending };
  const { delayed } = seen.indexes;
  const waits = pending.map((index) => indexRemainingMs(delayed.get(index), now));
  const indexes = pending.filter((_, i) => waits[i] === 0);
  if (indexes.length > 0) return { kind: 'create', indexes };
  return waits.length === 0 ? { kind: 'none' } : { kind: 'wait', ms: Math.min(...waits) };
}

function pendingIndexes({ job, pods, active, indexes }: Observation, count: number): number[] {
  const taken = [...active, ...(replacesOnlyFailed(job) ? pods.filter(isPodTerminating) : [])];
  const busy = withIndexes(
    indexes?.succeeded ?? [],
    taken.map(completionIndexOf).filter((index) => index !== undefined),
  );
  return firstAbsent(unionOf(busy, indexes?.failed ?? []), count, job.spec?.completions ?? 0);
}

/** At least `count` of the active pods, and of an Indexed Job all without an index of their own. */
function removable(job: Job, active: readonly Pod[], count: number, now: number): Pod[] {
  if (!isIndexed(job)) return podsToDelete({ pods: active, count, now });
  const byIndex = Map.groupBy(active, completionIndexOf);
  const removed: Pod[] = [];
  const left: Pod[] = [];
  for (const [index, pods] of byIndex) {
    const isValid = index !== undefined && index < (job.spec?.completions ?? 0);
    const surplus = podsToDelete({ pods, count: isValid ? pods.length - 1 : pods.length, now });
    removed.push(...surplus);
    left.push(...pods.filter((pod) => !surplus.includes(pod)));
  }
  return [...removed, ...podsToDelete({ pods: left, count: Math.max(0, count - removed.length), now })];
}
