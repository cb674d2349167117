import { isPodActive, isPodReady, isPodTerminating, type Pod } from '../pod-state.ts';
import { allIndexFailures, completionIndexOf, indexFailures, validIndexOf } from './completion-index.ts';
import { countOf, hasIndex, type IndexSet, parseIndexes, withIndexes } from './index-set.ts';
import {
  deadlineMs,
  hasLimitPerIndex,
  isIndexed,
  type Job,
  type JobCondition,
  jobCondition,
  newCondition,
  trackingFinalizer,
} from './job.ts';
import { backoffRemainingMs, finishedAt, nextBackoff, type PodBackoff } from './pod-backoff.ts';
import { isPodFailed, judgeFailure } from './pod-failure.ts';
import { metSuccessRule } from './success-policy.ts';

export interface IndexProgress {
  /** As the status says. */
  readonly previous: IndexSet;
  readonly succeeded: IndexSet;
  /** Only with a limit for each index. */
  readonly failed?: IndexSet;
  /** Failed pods that stay until their replacement carries on their count. */
  readonly delayed: ReadonlyMap<number, Pod>;
}

/** What one look at a Job and its pods says. */
export interface Observation {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** With those that ended since the status was written. */
  readonly succeeded: number;
  readonly failed: number;
  readonly backoff: PodBackoff;
  readonly indexes?: IndexProgress;
  /** The Job has to end: FailureTarget, SuccessCriteriaMet, or Failed when its target was written before. */
  readonly verdict?: JobCondition;
}

export interface ObservedWith {
  /** Pods whose finalizer was removed though the informer has not shown it yet. */
  readonly released: ReadonlySet<string>;
  readonly backoff: PodBackoff;
  readonly now: number;
}

export function uidOf(pod: Pod): string {
  return pod.metadata?.uid ?? '';
}

export function isTracked(pod: Pod, released: ReadonlySet<string>): boolean {
  return pod.metadata?.finalizers?.includes(trackingFinalizer) === true && !released.has(uidOf(pod));
}

export function observe(job: Job, pods: readonly Pod[], options: ObservedWith): Observation {
  const { released, now } = options;
  const { status } = job;
  const uncountedSucceeded = new Set(status?.uncountedTerminatedPods?.succeeded);
  const uncountedFailed = new Set(status?.uncountedTerminatedPods?.failed);
  const fresh = pods.filter(
    (pod) => isTracked(pod, released) && (!isIndexed(job) || validIndexOf(pod, job) !== undefined),
  );
  const succeeded = fresh.filter((pod) => pod.status?.phase === 'Succeeded' && !uncountedSucceeded.has(uidOf(pod)));
  const failed = fresh.filter((pod) => isPodFailed(pod, job) && !uncountedFailed.has(uidOf(pod)));
  const policy = job.spec?.podFailurePolicy;
  const counted = policy === undefined ? failed : failed.filter((pod) => judgeFailure(policy, pod).isCounted);
  const active = pods.filter(isPodActive);
  const indexes = isIndexed(job) ? indexProgress(job, pods, fresh, active) : undefined;
  const seen = {
    job,
    pods,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded:
      indexes === undefined
        ? (status?.succeeded ?? 0) + succeeded.length + uncountedSucceeded.size
        : countOf(indexes.succeeded),
    failed: (status?.failed ?? 0) + counted.length + uncountedFailed.size,
    backoff: nextBackoff(options.backoff, succeeded, failed),
    ...(indexes === undefined ? {} : { indexes }),
  };
  const verdict = judge(seen, now);
  return verdict === undefined ? seen : { ...seen, verdict };
}

function indexProgress(job: Job, pods: readonly Pod[], fresh: readonly Pod[], active: readonly Pod[]): IndexProgress {
  const completions = job.spec?.completions ?? 0;
  const previous = parseIndexes(job.status?.completedIndexes, completions);
  const tracked = pods.filter((pod) => isTracked(pod, new Set()));
  const indexesOf = (some: readonly Pod[]): number[] =>
    some.map((pod) => validIndexOf(pod, job)).filter((index) => index !== undefined);
  const succeeded = withIndexes(previous, indexesOf(tracked.filter(({ status }) => status?.phase === 'Succeeded')));
  if (!hasLimitPerIndex(job)) return { previous, succeeded, delayed: new Map() };
  const failedBefore = parseIndexes(job.status?.failedIndexes, completions);
  const failed = withIndexes(failedBefore, indexesOf(tracked.filter((pod) => failsItsIndex(pod, job))));
  return { previous, succeeded, failed, delayed: delayedPods(job, fresh, active, { succeeded, failed }) };
}

function failsItsIndex(pod: Pod, job: Job): boolean {
  if (!isPodFailed(pod, job)) return false;
  const { isCounted, failsIndex } = judgeFailure(job.spec?.podFailurePolicy, pod);
  return failsIndex || (isCounted && indexFailures(pod) >= (job.spec?.backoffLimitPerIndex ?? 0));
}

/** For each index that is to be tried again its last failed pod. */
function delayedPods(
  job: Job,
  fresh: readonly Pod[],
  active: readonly Pod[],
  ended: { readonly succeeded: IndexSet; readonly failed: IndexSet },
): Map<number, Pod> {
  const running = new Set(active.map(completionIndexOf));
  const result = new Map<number, Pod>();
  for (const pod of fresh) {
    const index = validIndexOf(pod, job);
    if (index === undefined || !isPodFailed(pod, job) || running.has(index)) continue;
    if (hasIndex(ended.succeeded, index) || hasIndex(ended.failed, index)) continue;
    const other = result.get(index);
    const isLater =
      other === undefined || (allIndexFailures(other) <= allIndexFailures(pod) && finishedAt(other) <= finishedAt(pod));
    if (isLater) result.set(index, pod);
  }
  return result;
}

/** When the pod of an index may be made. */
export function indexRemainingMs(delayed: Pod | undefined, now: number): number {
  if (delayed === undefined) return 0;
  return backoffRemainingMs({ failures: allIndexFailures(delayed) + 1, lastFailure: finishedAt(delayed) }, now);
}

/** Whether the Job has to end: what was decided before, then failures in upstream's order, then its success policy. */
function judge(seen: Omit<Observation, 'verdict'>, now: number): JobCondition | undefined {
  const { job, pods } = seen;
  const met = jobCondition(job, 'SuccessCriteriaMet');
  if (met?.status === 'True') return met;
  const target = jobCondition(job, 'FailureTarget');
  if (target?.status === 'True') return newCondition('Failed', target.reason ?? '', target.message ?? '', now);
  const failure = (reason: string, message: string): JobCondition =>
    newCondition('FailureTarget', reason, message, now);
  for (const pod of job.spec?.podFailurePolicy === undefined ? [] : pods) {
    const why = isPodFailed(pod, job) ? judgeFailure(job.spec?.podFailurePolicy, pod).failsJob : undefined;
    if (why !== undefined) return failure('PodFailurePolicy', why);
  }
  if (seen.failed > (job.spec?.backoffLimit ?? 6) || hasTooManyRestarts(job, pods))
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  if ((deadlineMs(job, now) ?? 1) <= 0)
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  return seen.indexes === undefined ? undefined : judgeIndexes(job, seen.indexes, now);
}

function judgeIndexes({ spec, ...job }: Job, indexes: IndexProgress, now: number): JobCondition | undefined {
  const failed = indexes.failed === undefined ? 0 : countOf(indexes.failed);
  if (indexes.failed !== undefined && spec?.maxFailedIndexes !== undefined && failed > spec.maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return newCondition('FailureTarget', 'MaxFailedIndexesExceeded', message, now);
  }
  if (failed > 0 && failed + countOf(indexes.succeeded) >= (spec?.completions ?? 0))
    return newCondition('FailureTarget', 'FailedIndexes', 'Job has failed indexes', now);
  const rule = metSuccessRule({ ...job, spec }, indexes.succeeded);
  return rule === undefined ? undefined : newCondition('SuccessCriteriaMet', 'SuccessPolicy', rule, now);
}

/** Restarts in place count too, where pods restart by themselves. */
function hasTooManyRestarts({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += container.restartCount ?? 0;
  }
  return restarts > 0 && restarts >= (spec.backoffLimit ?? 6);
}
