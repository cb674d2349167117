import type { ApiClient } from '../../../api/client.ts';
import { type Clock, toTime } from '../../../api/clock.ts';
import type { Informer } from '../../client/informer.ts';
import { splitKey } from '../../client/object-key.ts';
import { NotYet } from '../../framework/controller.ts';
import { type EventRecorder, referenceTo } from '../../framework/event-recorder.ts';
import type { Expectations } from '../../framework/expectations.ts';
import { isNotFound } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import type { WorkQueue } from '../../framework/work-queue.ts';
import { podControl } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import {
  deadlineMs,
  isJobFinished,
  isManagedElsewhere,
  isSuspended,
  type Job,
  type JobCondition,
  type JobStatus,
  jobKind,
  jobResource,
  newCondition,
} from './job.ts';
import type { JobMemory } from './job-memory.ts';
import { type Change, createPods, deletePods, noChange, podsOf, removeTracking } from './job-pods.ts';
import { type Observation, observe, uidOf } from './observation.ts';
import { planPods } from './pod-plan.ts';
import { countReleased, ended, type Tracking, track, withJobCondition, withoutZeros } from './tracking.ts';

/** How long changes of pods are gathered before a Job is looked at. Upstream: a second. */
export const batchMs = 250;

export interface JobSyncDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly jobs: Informer<Job>;
  readonly pods: Informer<Pod>;
  readonly queue: WorkQueue;
  readonly expectations: Expectations;
  readonly memory: JobMemory;
}

/** One look at a Job: its pods are made or deleted, its status is written, pods that ended are counted and let go. */
export async function syncJob(deps: JobSyncDeps, key: string): Promise<void> {
  const { client, clock, memory, expectations } = deps;
  const job = deps.jobs.get(key);
  if (job === undefined) {
    expectations.forget(key);
    memory.forget(key);
    return;
  }
  if (isManagedElsewhere(job)) return;
  if (isJobFinished(job)) {
    memory.forgetBackoff(key);
    return;
  }
  // Its own last write will come, and bring it here again.
  if (memory.isBehind(key, job)) return;
  const maySeeAll = expectations.areSatisfied(key);
  const pods = await podsOf(client, deps.pods, job);
  const now = clock.now();
  const released = memory.released(key);
  const status: JobStatus = { ...job.status, uncountedTerminatedPods: job.status?.uncountedTerminatedPods ?? {} };
  if (status.startTime === undefined && !isSuspended(job)) status.startTime = toTime(now);
  const seen = observe({ ...job, status }, pods, { released, backoff: memory.backoff(key), now });
  const step = await act(deps, key, seen, maySeeAll);
  const tracking = track(seen, { ...step, released, now });
  await store(deps, key, seen, tracking);
  // Events have told of it.
  if (step.error !== undefined) throw new NotYet(messageOf(step.error), { cause: step.error });
}

interface Step {
  readonly status: JobStatus;
  readonly mustStore: boolean;
  readonly verdict?: JobCondition | undefined;
  readonly error?: unknown;
}

/** Changes the pods, and says what that makes of the status. */
async function act(deps: JobSyncDeps, key: string, seen: Observation, maySeeAll: boolean): Promise<Step> {
  const { job, active } = seen;
  const control = podControl({ client: deps.client, recorder: deps.recorder, gvk: jobKind }, job);
  if (seen.verdict !== undefined) {
    const change = await deletePods(active, control.delete);
    // With pods that could not be deleted, or that are not to be seen yet, it cannot end.
    const verdict = change.active === -active.length && maySeeAll ? seen.verdict : undefined;
    return { ...withChange(seen, change), verdict };
  }
  const deadline = deadlineMs(job, deps.clock.now());
  if (deadline !== undefined) deps.queue.addAfter(key, deadline);
  const isManaged = maySeeAll && job.metadata?.deletionTimestamp === undefined;
  const change = isManaged ? await managePods(deps, key, seen) : noChange;
  const step = withChange(seen, change);
  const { completions } = job.spec ?? {};
  const isComplete = completions === undefined ? seen.succeeded > 0 : seen.succeeded >= completions;
  if (isComplete && active.length + change.active === 0) {
    const message = 'Reached expected number of succeeded pods';
    return { ...step, verdict: newCondition('SuccessCriteriaMet', 'CompletionsReached', message, deps.clock.now()) };
  }
  return isManaged ? withSuspension(deps, job, step) : step;
}

async function managePods(deps: JobSyncDeps, key: string, seen: Observation): Promise<Change> {
  const { client, recorder, expectations } = deps;
  const { job } = seen;
  const control = podControl({ client, recorder, gvk: jobKind }, job);
  const plan = planPods(seen, deps.clock.now());
  switch (plan.kind) {
    case 'none':
      return noChange;
    case 'wait':
      deps.queue.addAfter(key, Math.max(plan.ms, batchMs));
      return noChange;
    case 'create':
      return createPods(job, plan.indexes, seen.indexes, { control, expectations, key });
    case 'delete': {
      expectations.expectDeletions(key, plan.pods.map(uidOf));
      const remove = async (pod: Pod): Promise<void> => {
        await removeTracking(client, pod);
        await control.delete(pod);
      };
      return deletePods(plan.pods, remove, (pod) => expectations.deletionObserved(key, uidOf(pod)));
    }
  }
}

function withChange({ job, active, ready, terminating }: Observation, change: Change): Step {
  const before = job.status ?? {};
  const counts = {
    active: active.length + change.active,
    ready: ready + change.ready,
    terminating: terminating + change.terminating,
  };
  const mustStore =
    counts.active !== (before.active ?? 0) ||
    counts.ready !== before.ready ||
    counts.terminating !== before.terminating;
  return {
    status: { ...before, ...counts },
    mustStore,
    ...(change.error === undefined ? {} : { error: change.error }),
  };
}

function withSuspension({ clock, recorder }: JobSyncDeps, job: Job, step: Step): Step {
  const now = clock.now();
  const about = referenceTo(job, jobKind);
  const isStopped = isSuspended(job);
  const condition = isStopped
    ? newCondition('Suspended', 'JobSuspended', 'Job suspended', now)
    : { ...newCondition('Suspended', 'JobResumed', 'Job resumed', now), status: 'False' };
  const status = withJobCondition(step.status, condition);
  if (status === undefined) return step;
  recorder.record(about, 'Normal', isStopped ? 'Suspended' : 'Resumed', isStopped ? 'Job suspended' : 'Job resumed');
  // The deadline counts from the last start.
  if (isStopped) delete status.startTime;
  else status.startTime = toTime(now);
  return { ...step, status, mustStore: true };
}

/** Writes the status, lets go of the pods that it names, and writes what remains: the counts, and the end. */
async function store(deps: JobSyncDeps, key: string, seen: Observation, tracking: Tracking): Promise<void> {
  const { memory, recorder } = deps;
  let { job } = seen;
  let { status, mustStore } = tracking;
  if (mustStore) {
    job = await writeStatus(deps, key, job, status);
    status = { ...job.status, uncountedTerminatedPods: job.status?.uncountedTerminatedPods ?? {} };
    memory.setBackoff(key, seen.backoff);
    mustStore = false;
  }
  const { failure, gone } = await releasePods(deps, key, tracking.release);
  const left = new Set([...tracking.tracked].filter((uid) => !gone.has(uid)));
  const counted = countReleased(status, left);
  if (counted !== undefined) {
    status = counted;
    mustStore = true;
  }
  if (failure !== undefined) {
    if (mustStore) await writeStatus(deps, key, job, status);
    throw failure;
  }
  const { final } = tracking;
  const end = final === undefined || tracking.isPartial ? undefined : ended(status, final);
  if (end === undefined && !mustStore) return;
  await writeStatus(deps, key, job, end ?? status);
  if (end !== undefined && final !== undefined) recordEnd(recorder, job, end, final);
}

async function writeStatus({ client, memory }: JobSyncDeps, key: string, job: Job, status: JobStatus): Promise<Job> {
  const { namespace } = splitKey(key);
  const next = { ...job, apiVersion: 'batch/v1', kind: 'Job', status: withoutZeros(status) };
  const written = await client.update(jobResource, namespace, next, { subresource: 'status' });
  memory.wrote(key, written);
  return written;
}

async function releasePods(
  { client, memory }: JobSyncDeps,
  key: string,
  pods: readonly Pod[],
): Promise<{ readonly gone: ReadonlySet<string>; readonly failure?: Error }> {
  const gone = new Set<string>();
  memory.expectReleases(key, pods.map(uidOf));
  const release = async (pod: Pod): Promise<void> => {
    try {
      await removeTracking(client, pod);
    } catch (error) {
      memory.releaseObserved(key, uidOf(pod));
      if (!isNotFound(error)) throw error;
    }
    gone.add(uidOf(pod));
  };
  const outcomes = await Promise.allSettled(pods.map(release));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  return failed === undefined ? { gone } : { gone, failure: failed.reason as Error };
}

function recordEnd(recorder: EventRecorder, job: Job, status: JobStatus, final: JobCondition): void {
  const about = referenceTo(job, jobKind);
  if (final.type !== 'Complete') {
    recorder.record(about, 'Warning', final.reason ?? '', final.message ?? '');
    return;
  }
  const { completions } = job.spec ?? {};
  if (completions !== undefined && (status.succeeded ?? 0) > completions) {
    const message = 'Too many succeeded pods running after completion count reached';
    recorder.record(about, 'Warning', 'TooManySucceededPods', message);
  }
  recorder.record(about, 'Normal', 'Completed', 'Job completed');
}
