import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import { timeOf } from '../pod-state.ts';

export type Job = Readonly<Api<'io.k8s.api.batch.v1.Job'>>;
export type JobStatus = Api<'io.k8s.api.batch.v1.JobStatus'>;
export type JobCondition = Api<'io.k8s.api.batch.v1.JobCondition'>;

export const jobKind = { group: 'batch', version: 'v1', kind: 'Job' } as const;
export const jobResource = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
/** Keeps a pod until it is counted in its Job's status. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

const ownName = 'kubernetes.io/job-controller';

export function jobCondition(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type);
}

/** The condition that says how it ended. */
export function finishedCondition(job: Job): JobCondition | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

export function isJobFinished(job: Job): boolean {
  return finishedCondition(job) !== undefined;
}

export function isJobSucceeded(job: Job): boolean {
  return finishedCondition(job)?.type === 'Complete';
}

/** Another controller looks after it. */
export function isManagedElsewhere({ spec }: Job): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== ownName;
}

export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed';
}

export function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true;
}

export function hasLimitPerIndex({ spec }: Job): boolean {
  return spec?.backoffLimitPerIndex !== undefined;
}

/** A pod is replaced when it has ended, not already when it begins to go. */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;
}

export function newCondition(type: string, reason: string, message: string, now: number): JobCondition {
  const time = toTime(now);
  return { type, status: 'True', lastProbeTime: time, lastTransitionTime: time, reason, message };
}

/** Milliseconds until `activeDeadlineSeconds` after its start; undefined without a deadline or a start. */
export function deadlineMs({ spec, status }: Job, now: number): number | undefined {
  const start = timeOf(status?.startTime);
  if (spec?.activeDeadlineSeconds === undefined || start === undefined || spec.suspend === true) return undefined;
  return start + spec.activeDeadlineSeconds * 1000 - now;
}
