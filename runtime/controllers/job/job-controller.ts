import { semanticEqual } from '../../../api/equal.ts';
import type { OwnerReference } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { Expectations } from '../../framework/expectations.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { controllerOf, indexByController, ownedBy } from '../ownership.ts';
import { podResource } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import { isJobFinished, isManagedElsewhere, type Job, jobResource, trackingFinalizer } from './job.ts';
import { createJobMemory } from './job-memory.ts';
import { removeTracking } from './job-pods.ts';
import { batchMs, type JobSyncDeps, syncJob } from './job-sync.ts';
import { matchingJobs } from './matching-jobs.ts';

const workers = 5;
/** After a failure. */
const retry = { firstMs: 1000, maxMs: 60_000 };

/** Runs the pods of Jobs until enough of them have succeeded, or too many failed. */
export const jobController: ControllerDefinition = {
  name: 'job-controller',
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const jobs = informers.of<Job>(jobResource);
    const pods = informers.of<Pod>(podResource);
    indexByController(pods);
    const queue = new WorkQueue(clock, retry);
    const orphans = new WorkQueue(clock, retry);
    const deps: JobSyncDeps = {
      client,
      clock,
      recorder: context.recorder('job-controller'),
      jobs,
      pods,
      queue,
      expectations: new Expectations(clock),
      memory: createJobMemory(),
    };
    followJobs(deps, orphans);
    followPods(deps, orphans);
    const common = { informers: [jobs, pods], workers };
    const main = startReconciling(
      { ...common, name: 'job-controller', queue, reconcile: (key) => syncJob(deps, key) },
      context,
      signal,
    );
    const cleanup = startReconciling(
      { ...common, name: 'job-controller', queue: orphans, reconcile: (key) => releaseOrphan(deps, key) },
      context,
      signal,
    );
    return {
      name: 'job-controller',
      queues: [queue, orphans],
      ended: Promise.all([main.ended, cleanup.ended]).then(() => {}),
    };
  },
};

function followJobs({ jobs, pods, queue }: JobSyncDeps, orphans: WorkQueue): void {
  const releaseAll = (job: Job): void => {
    for (const pod of ownedBy(pods, job)) if (isTracked(pod)) orphans.add(keyOf(pod));
  };
  jobs.subscribe({
    added: (job) => queue.add(keyOf(job)),
    updated: (job, old) => {
      if (isJobFinished(job)) {
        releaseAll(job);
        queue.add(keyOf(job));
      } else if (job.metadata?.generation === old.metadata?.generation) queue.addAfter(keyOf(job), batchMs);
      else queue.add(keyOf(job));
    },
    deleted: (job) => {
      queue.add(keyOf(job));
      releaseAll(job);
    },
  });
}

function isTracked(pod: Pod): boolean {
  return pod.metadata?.finalizers?.includes(trackingFinalizer) === true;
}

function jobOf(jobs: Informer<Job>, namespace: string | undefined, reference: OwnerReference): Job | undefined {
  if (reference.kind !== 'Job') return undefined;
  const job = jobs.get(`${namespace}/${reference.name}`);
  return job?.metadata?.uid === reference.uid ? job : undefined;
}

function followPods({ jobs, pods, queue, expectations, memory }: JobSyncDeps, orphans: WorkQueue): void {
  const wakeMatching = (pod: Pod): void => {
    for (const job of matchingJobs(jobs, pod)) queue.addAfter(keyOf(job), batchMs);
  };
  const leaving = (pod: Pod, isGone: boolean): void => {
    const reference = controllerOf(pod);
    const job = reference === undefined ? undefined : jobOf(jobs, pod.metadata?.namespace, reference);
    if (job === undefined || isJobFinished(job)) {
      if (isTracked(pod) && !isGone) orphans.add(keyOf(pod));
      return;
    }
    const key = keyOf(job);
    expectations.deletionObserved(key, pod.metadata?.uid ?? '');
    if (isGone || !isTracked(pod)) memory.releaseObserved(key, pod.metadata?.uid ?? '');
    queue.addAfter(key, batchMs);
  };
  const changed = (pod: Pod): void => {
    const reference = controllerOf(pod);
    if (reference === undefined) {
      if (isTracked(pod)) orphans.add(keyOf(pod));
      return;
    }
    const job = jobOf(jobs, pod.metadata?.namespace, reference);
    if (job === undefined) return;
    if (!isTracked(pod)) memory.releaseObserved(keyOf(job), pod.metadata?.uid ?? '');
    queue.addAfter(keyOf(job), batchMs);
  };
  pods.subscribe({
    added: (pod) => {
      if (pod.metadata?.deletionTimestamp !== undefined) return leaving(pod, false);
      const reference = controllerOf(pod);
      const job = reference === undefined ? undefined : jobOf(jobs, pod.metadata?.namespace, reference);
      if (job !== undefined) expectations.creationObserved(keyOf(job));
      changed(pod);
      if (reference === undefined) wakeMatching(pod);
    },
    updated: (pod, old) => {
      const [reference, before] = [controllerOf(pod), controllerOf(old)];
      if (before !== undefined && before.uid !== reference?.uid) {
        const job = jobOf(jobs, pod.metadata?.namespace, before);
        if (job !== undefined) {
          if (!isTracked(pod)) memory.releaseObserved(keyOf(job), pod.metadata?.uid ?? '');
          queue.addAfter(keyOf(job), batchMs);
        }
      }
      if (pod.metadata?.deletionTimestamp !== undefined) return leaving(pod, false);
      changed(pod);
      const isNews = before !== undefined || !semanticEqual(pod.metadata?.labels, old.metadata?.labels);
      if (reference === undefined && isNews) wakeMatching(pod);
    },
    deleted: (pod) => leaving(pod, true),
  });
}

/** A pod that no Job will count any more must not be kept. */
async function releaseOrphan({ client, jobs, pods }: JobSyncDeps, key: string): Promise<void> {
  const pod = pods.get(key);
  if (pod === undefined) return;
  const reference = controllerOf(pod);
  if (reference !== undefined) {
    if (reference.kind !== 'Job' || reference.apiVersion !== 'batch/v1') return;
    const job = jobOf(jobs, pod.metadata?.namespace, reference);
    if (job !== undefined && (isManagedElsewhere(job) || !isJobFinished(job))) return;
  }
  await unlessMissing(removeTracking(client, pod));
}
