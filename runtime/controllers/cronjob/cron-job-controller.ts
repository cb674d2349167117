import { keyOf } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { type Job, jobResource } from '../job/job.ts';
import { controllerOf } from '../ownership.ts';
import { type CronJob, cronJobResource } from './cron-job.ts';
import { syncCronJob, untilRunOf } from './cron-job-sync.ts';

const workers = 5;

/** Creates Jobs when their time has come, and deletes old ones. */
export const cronJobController: ControllerDefinition = {
  name: 'cronjob-controller',
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const cronJobs = informers.of<CronJob>(cronJobResource);
    const jobs = informers.of<Job>(jobResource);
    const recorder = context.recorder('cronjob-controller');
    const queue = new WorkQueue(clock);
    const wakeOwner = (job: Job): void => {
      const owner = controllerOf(job);
      if (owner?.kind !== 'CronJob') return;
      const cronJob = cronJobs.get(`${job.metadata?.namespace}/${owner.name}`);
      if (cronJob?.metadata?.uid === owner.uid && cronJob !== undefined) queue.add(keyOf(cronJob));
    };
    cronJobs.subscribe({
      added: (cronJob) => queue.add(keyOf(cronJob)),
      updated: (cronJob, old) => {
        const [now, before] = [cronJob.spec, old.spec];
        if (now?.schedule === before?.schedule && now?.timeZone === before?.timeZone) queue.add(keyOf(cronJob));
        else {
          const ms = untilRunOf(cronJob, clock.now(), recorder);
          if (ms !== undefined) queue.addAfter(keyOf(cronJob), ms);
        }
      },
    });
    jobs.subscribe({
      added: wakeOwner,
      updated: (job, old) => {
        if (controllerOf(old)?.uid !== controllerOf(job)?.uid) wakeOwner(old);
        wakeOwner(job);
      },
      deleted: wakeOwner,
    });
    const deps = { client, clock, recorder, cronJobs, jobs };
    const reconcile = async (key: string): Promise<void> => {
      const againMs = await syncCronJob(deps, key);
      if (againMs !== undefined) queue.addAfter(key, againMs);
    };
    const name = 'cronjob-controller';
    return startReconciling({ name, workers, informers: [cronJobs, jobs], queue, reconcile }, context, signal);
  },
};
