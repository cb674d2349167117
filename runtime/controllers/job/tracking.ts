import type { Pod } from '../pod-state.ts';
import { validIndexOf } from './completion-index.ts';
import { countOf, formatIndexes, hasIndex, withIndexes } from './index-set.ts';
import { type Job, type JobCondition, type JobStatus, jobCondition, newCondition } from './job.ts';
import { isTracked, type Observation, uidOf } from './observation.ts';
import { isPodFailed, judgeFailure } from './pod-failure.ts';

/** Keeps the uids in a status below about 20 kB; the rest comes with the next look. */
const maxUncounted = 500;

export interface Tracking {
  /** To be stored before any finalizer goes, when `mustStore`. */
  readonly status: JobStatus;
  readonly mustStore: boolean;
  /** Their finalizers may go once the status names them. */
  readonly release: readonly Pod[];
  /** Tracked pods at the time of the look, by uid. */
  readonly tracked: ReadonlySet<string>;
  /** There were more pods to count than one status takes. */
  readonly isPartial: boolean;
  /** What the Job ends with when everything is counted and gone. */
  readonly final?: JobCondition;
}

export interface TrackedWith {
  readonly status: JobStatus;
  readonly mustStore: boolean;
  /** Absent while it cannot end yet. */
  readonly verdict?: JobCondition | undefined;
  readonly released: ReadonlySet<string>;
  readonly now: number;
}

/** Names the pods that ended in the status, and says which of them may then go. */
export function track(seen: Observation, options: TrackedWith): Tracking {
  const { verdict, released, now } = options;
  const { job } = seen;
  const tracked = seen.pods.filter((pod) => isTracked(pod, released));
  const trackedUids = new Set(tracked.map(uidOf));
  const counted = countReleased(options.status, trackedUids);
  const status = { ...(counted ?? options.status) };
  let mustStore = options.mustStore || counted !== undefined;
  const tally = tallyOf(seen, status, tracked, verdict);
  mustStore ||= tally.isChanged;
  status.uncountedTerminatedPods = tally.uncounted;
  if (seen.indexes !== undefined) {
    const succeeded = withIndexes(seen.indexes.succeeded, tally.newIndexes);
    const completedIndexes = formatIndexes(succeeded);
    const failedIndexes = seen.indexes.failed === undefined ? undefined : formatIndexes(seen.indexes.failed);
    mustStore ||= completedIndexes !== (status.completedIndexes ?? '') || failedIndexes !== status.failedIndexes;
    status.succeeded = countOf(succeeded);
    status.completedIndexes = completedIndexes;
    if (failedIndexes === undefined) delete status.failedIndexes;
    else status.failedIndexes = failedIndexes;
  }
  const ending = verdict === undefined ? undefined : announced(job, status, verdict, now);
  return {
    status: ending?.status ?? status,
    mustStore: mustStore || ending?.isNew === true,
    release: tally.release,
    tracked: trackedUids,
    isPartial: tally.isPartial,
    ...(ending === undefined ? {} : { final: ending.final }),
  };
}

interface Tally {
  readonly uncounted: NonNullable<JobStatus['uncountedTerminatedPods']>;
  readonly release: readonly Pod[];
  readonly newIndexes: readonly number[];
  readonly isChanged: boolean;
  readonly isPartial: boolean;
}

function tallyOf(
  seen: Observation,
  status: JobStatus,
  tracked: readonly Pod[],
  verdict: JobCondition | undefined,
): Tally {
  const succeeded = new Set(status.uncountedTerminatedPods?.succeeded);
  const failed = new Set(status.uncountedTerminatedPods?.failed);
  const before = succeeded.size + failed.size;
  const release: Pod[] = [];
  const newIndexes: number[] = [];
  let isPartial = false;
  for (const pod of seen.indexes === undefined ? tracked : byIndex(tracked, seen.job)) {
    if (!mayGo(seen, pod, verdict)) continue;
    release.push(pod);
    const uid = uidOf(pod);
    const index = validIndexOf(pod, seen.job);
    if (pod.status?.phase === 'Succeeded' && !failed.has(uid)) {
      if (seen.indexes === undefined) succeeded.add(uid);
      else if (index !== undefined && !hasIndex(seen.indexes.previous, index)) newIndexes.push(index);
    } else if (countsAsFailed(seen, pod, verdict)) failed.add(uid);
    isPartial = newIndexes.length + succeeded.size + failed.size >= maxUncounted;
    if (isPartial) break;
  }
  return {
    uncounted: {
      ...(succeeded.size > 0 ? { succeeded: [...succeeded] } : {}),
      ...(failed.size > 0 ? { failed: [...failed] } : {}),
    },
    release,
    newIndexes,
    isChanged: newIndexes.length > 0 || succeeded.size + failed.size > before,
    isPartial,
  };
}

function mayGo({ job, indexes }: Observation, pod: Pod, verdict: JobCondition | undefined): boolean {
  if (job.metadata?.deletionTimestamp !== undefined || verdict !== undefined) return true;
  if (pod.status?.phase === 'Succeeded') return true;
  const index = validIndexOf(pod, job);
  return isPodFailed(pod, job) && (index === undefined || indexes?.delayed.get(index) !== pod);
}

/** Where the Job fails, all that did not succeed has failed. */
function countsAsFailed({ job, indexes }: Observation, pod: Pod, verdict: JobCondition | undefined): boolean {
  const endsBadly = verdict !== undefined && verdict.type !== 'SuccessCriteriaMet';
  if (!isPodFailed(pod, job) && !endsBadly) return false;
  if (indexes !== undefined && validIndexOf(pod, job) === undefined) return false;
  return judgeFailure(job.spec?.podFailurePolicy, pod).isCounted;
}

function byIndex(pods: readonly Pod[], job: Job): Pod[] {
  return pods.toSorted((a, b) => (validIndexOf(a, job) ?? -1) - (validIndexOf(b, job) ?? -1));
}

/** The target is written down before finalizers go; the end itself comes when all is counted. */
function announced(
  job: Job,
  status: JobStatus,
  verdict: JobCondition,
  now: number,
): { readonly status: JobStatus; readonly isNew: boolean; readonly final: JobCondition } {
  const { type = '', reason = '', message = '' } = verdict;
  if (type === 'Failed') return { status, isNew: false, final: verdict };
  const final = newCondition(type === 'FailureTarget' ? 'Failed' : 'Complete', reason, message, now);
  if (jobCondition(job, type)?.status === 'True') return { status, isNew: false, final };
  return { status: { ...status, conditions: [...(status.conditions ?? []), verdict] }, isNew: true, final };
}

/** Pods that have lost their finalizer move from the uncounted ones to the counts; undefined when there is none. */
export function countReleased(status: JobStatus, tracked: ReadonlySet<string>): JobStatus | undefined {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = {
    succeeded: succeeded.filter((uid) => tracked.has(uid)),
    failed: failed.filter((uid) => tracked.has(uid)),
  };
  const moved = { succeeded: succeeded.length - left.succeeded.length, failed: failed.length - left.failed.length };
  if (moved.succeeded + moved.failed === 0) return undefined;
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + moved.succeeded,
    failed: (status.failed ?? 0) + moved.failed,
    uncountedTerminatedPods: {
      ...(left.succeeded.length > 0 ? { succeeded: left.succeeded } : {}),
      ...(left.failed.length > 0 ? { failed: left.failed } : {}),
    },
  };
}

/** The status of a Job that has ended; undefined while pods are uncounted or still going. */
export function ended(status: JobStatus, final: JobCondition): JobStatus | undefined {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if (succeeded.length + failed.length > 0 || (status.terminating ?? 0) > 0) return undefined;
  return {
    ...status,
    conditions: [...(status.conditions ?? []).filter(({ type }) => type !== final.type), final],
    ...(final.type === 'Complete' ? { completionTime: final.lastTransitionTime } : {}),
  };
}

/** As stored: what upstream leaves out when it is nothing is left out. */
export function withoutZeros({ active, succeeded, failed, completedIndexes, ...rest }: JobStatus): JobStatus {
  return {
    ...rest,
    ...(active ? { active } : {}),
    ...(succeeded ? { succeeded } : {}),
    ...(failed ? { failed } : {}),
    ...(completedIndexes ? { completedIndexes } : {}),
    uncountedTerminatedPods: rest.uncountedTerminatedPods ?? {},
  };
}

/** Sets a condition that may come and go; undefined when nothing changes. One that was never there does not begin as False. */
export function withJobCondition(status: JobStatus, condition: JobCondition): JobStatus | undefined {
  const { conditions = [] } = status;
  const index = conditions.findIndex(({ type }) => type === condition.type);
  if (index < 0)
    return condition.status === 'False' ? undefined : { ...status, conditions: [...conditions, condition] };
  const present = conditions[index];
  const isSame =
    present !== undefined &&
    present.status === condition.status &&
    present.reason === condition.reason &&
    present.message === condition.message;
  return isSame ? undefined : { ...status, conditions: conditions.with(index, condition) };
}
