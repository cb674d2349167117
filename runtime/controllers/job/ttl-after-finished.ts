import { keyOf, splitKey } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { isNotFound } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { timeOf } from '../pod-state.ts';
import { finishedCondition, type Job, jobResource } from './job.ts';

const workers = 5;

/** Milliseconds until a finished Job is to be deleted; undefined where it stays. */
export function timeToLiveMs(job: Job, now: number): number | undefined {
  const { ttlSecondsAfterFinished } = job.spec ?? {};
  const finished = timeOf(finishedCondition(job)?.lastTransitionTime);
  if (ttlSecondsAfterFinished === undefined || finished === undefined) return undefined;
  if (job.metadata?.deletionTimestamp !== undefined) return undefined;
  return finished + ttlSecondsAfterFinished * 1000 - now;
}

/** Deletes Jobs some time after they ended. */
export const ttlAfterFinishedController: ControllerDefinition = {
  name: 'ttl-after-finished-controller',
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const jobs = informers.of<Job>(jobResource);
    const queue = new WorkQueue(clock);
    const enqueue = (job: Job): void => {
      if (timeToLiveMs(job, 0) !== undefined) queue.add(keyOf(job));
    };
    jobs.subscribe({ added: enqueue, updated: enqueue });
    /** True when its time is over; else it comes back then. */
    const isOver = (key: string, job: Job | undefined): job is Job => {
      const left = job === undefined ? undefined : timeToLiveMs(job, clock.now());
      if (left !== undefined && left > 0) queue.addAfter(key, left);
      return left !== undefined && left <= 0;
    };
    const reconcile = async (key: string): Promise<void> => {
      if (!isOver(key, jobs.get(key))) return;
      const { namespace, name } = splitKey(key);
      try {
        // The time may have been changed just now.
        const fresh = await client.get<Job>(jobResource, namespace, name);
        if (!isOver(key, fresh)) return;
        const uid = fresh.metadata?.uid ?? '';
        const options = { propagationPolicy: 'Foreground', preconditions: { uid } } as const;
        await client.delete(jobResource, namespace, name, options);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    };
    const name = 'ttl-after-finished-controller';
    return startReconciling({ name, workers, informers: [jobs], queue, reconcile }, context, signal);
  },
};
