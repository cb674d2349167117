import type { ApiClient } from '../../../api/client.ts';
import { type Clock, toTime } from '../../../api/clock.ts';
import { CronError, type CronSchedule, isTimeZone, parseCronSchedule } from '../../../api/cron.ts';
import { StatusError } from '../../../api/status.ts';
import type { Informer } from '../../client/informer.ts';
import { NotYet } from '../../framework/controller.ts';
import { type EventRecorder, referenceTo } from '../../framework/event-recorder.ts';
import { isNamespaceTerminating, isNotFound } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { finishedCondition, isJobFinished, isJobSucceeded, type Job, jobResource } from '../job/job.ts';
import { controllerOf, isControlledBy } from '../ownership.ts';
import { timeOf } from '../pod-state.ts';
import {
  byStartTime,
  type CronJob,
  type CronJobStatus,
  cronJobKind,
  cronJobResource,
  isListedActive,
  jobNameAt,
  jobOfRun,
  referenceToJob,
  withoutActive,
} from './cron-job.ts';
import { type NextRun, nextRunOf, recentRun, untilNextRunMs } from './schedule-times.ts';

export interface CronJobSyncDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly cronJobs: Informer<CronJob>;
  readonly jobs: Informer<Job>;
}

/** One look at a CronJob: it gathers changes of the status, written once at the end. */
interface Look {
  readonly deps: CronJobSyncDeps;
  cronJob: CronJob;
  status: CronJobStatus;
  isChanged: boolean;
  record(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

function change(look: Look, status: CronJobStatus): void {
  look.status = status;
  look.isChanged = true;
}

/** Says in how many milliseconds to look again. */
export async function syncCronJob(deps: CronJobSyncDeps, key: string): Promise<number | undefined> {
  const cronJob = deps.cronJobs.get(key);
  if (cronJob === undefined) return undefined;
  const { namespace = '', name } = cronJob.metadata ?? {};
  const jobs = deps.jobs.list(namespace).filter((job) => controllerOf(job)?.name === name);
  const about = referenceTo(cronJob, cronJobKind);
  const look: Look = {
    deps,
    cronJob,
    status: cronJob.status ?? {},
    isChanged: false,
    record: (type, reason, message) => deps.recorder.record(about, type, reason, message),
  };
  await removeOldJobs(look, jobs);
  let failure: Error | undefined;
  let againMs: number | undefined;
  try {
    againMs = await reconcile(look, jobs);
  } catch (error) {
    failure = error as Error;
  }
  if (look.isChanged) await writeStatus(look);
  if (failure !== undefined) throw failure;
  return againMs;
}

async function writeStatus({ deps, cronJob, status }: Look): Promise<void> {
  const { active = [], ...rest } = status;
  const next = {
    ...cronJob,
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    status: { ...rest, ...(active.length > 0 ? { active } : {}) },
  };
  await deps.client.update(cronJobResource, cronJob.metadata?.namespace ?? '', next, { subresource: 'status' });
}

async function removeOldJobs(look: Look, jobs: readonly Job[]): Promise<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = look.cronJob.spec ?? {};
  const limits = [
    { limit: successfulJobsHistoryLimit, type: 'Complete' },
    { limit: failedJobsHistoryLimit, type: 'Failed' },
  ];
  for (const { limit, type } of limits) {
    if (limit === undefined) continue;
    const finished = jobs.filter((job) => finishedCondition(job)?.type === type).sort(byStartTime);
    for (const job of finished.slice(0, Math.max(0, finished.length - limit))) await deleteJob(look, job);
  }
}

async function deleteJob(look: Look, { metadata }: Job): Promise<boolean> {
  const { namespace = '', name = '', uid } = metadata ?? {};
  try {
    await look.deps.client.delete(jobResource, namespace, name, { propagationPolicy: 'Background' });
  } catch (error) {
    look.record('Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
    return false;
  }
  change(look, withoutActive(look.status, uid));
  look.record('Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  return true;
}

async function reconcile(look: Look, jobs: readonly Job[]): Promise<number | undefined> {
  for (const job of jobs) await noteJob(look, job);
  await noteMissing(look, new Set(jobs.map(({ metadata }) => metadata?.uid)));
  const { spec, metadata } = look.cronJob;
  if (metadata?.deletionTimestamp !== undefined) return undefined;
  const { timeZone } = spec ?? {};
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    look.record('Warning', 'UnknownTimeZone', `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`);
    return undefined;
  }
  if (spec?.suspend === true) return undefined;
  const next = nextRun(look.cronJob, look.record);
  if (next === undefined) return undefined;
  return runIfDue(look, next);
}

/** undefined, with an event, where the schedule cannot be read. */
function nextRun({ spec }: CronJob, record: Look['record']): NextRun | undefined {
  const { schedule: text = '', timeZone } = spec ?? {};
  if (text.includes('TZ')) {
    const where = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
    const message = `CRON_TZ or TZ used in schedule ${JSON.stringify(text)} is not officially supported, see ${where} for more details`;
    record('Warning', 'UnsupportedSchedule', message);
  }
  let schedule: CronSchedule;
  try {
    schedule = parseCronSchedule(text);
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    record('Warning', 'UnparseableSchedule', `unparseable schedule: ${JSON.stringify(text)} : ${error.message}`);
    return undefined;
  }
  return nextRunOf(schedule, timeZone);
}

/** Running and finished Jobs of its own: what is in its list of active ones, and the time of the last success. */
async function noteJob(look: Look, job: Job): Promise<void> {
  const { uid, name = '' } = job.metadata ?? {};
  const isListed = isListedActive(look.status, uid);
  if (!isJobFinished(job)) {
    if (isListed) return;
    const { namespace = '', name: ownName = '' } = look.cronJob.metadata ?? {};
    const fresh = await look.deps.client.get<CronJob>(cronJobResource, namespace, ownName);
    if (isListedActive(fresh.status ?? {}, uid)) {
      // The informer is behind its own last write.
      look.cronJob = fresh;
      look.status = fresh.status ?? {};
    } else look.record('Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`);
    return;
  }
  if (isListed) {
    change(look, withoutActive(look.status, uid));
    const message = `Saw completed job: ${name}, condition: ${finishedCondition(job)?.type}`;
    look.record('Normal', 'SawCompletedJob', message);
  }
  const completed = timeOf(job.status?.completionTime);
  if (!isJobSucceeded(job) || completed === undefined) return;
  const last = timeOf(look.status.lastSuccessfulTime);
  if (last === undefined || completed > last) change(look, { ...look.status, lastSuccessfulTime: toTime(completed) });
}

async function noteMissing(look: Look, present: ReadonlySet<string | undefined>): Promise<void> {
  for (const { uid, namespace = '', name = '' } of look.status.active ?? []) {
    if (present.has(uid)) continue;
    try {
      // The informer may not have seen it yet.
      await look.deps.client.get(jobResource, namespace, name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      look.record('Normal', 'MissingJob', `Active job went missing: ${name}`);
      change(look, withoutActive(look.status, uid));
    }
  }
}

async function runIfDue(look: Look, next: NextRun): Promise<number | undefined> {
  const { deps, cronJob } = look;
  const now = deps.clock.now();
  const again = (): number | undefined => untilNextRunMs({ ...look.cronJob, status: look.status }, now, next);
  const { spec, metadata } = cronJob;
  const recent = recentRun({ ...cronJob, status: look.status }, now, next, true);
  if (recent === undefined) {
    const why = 'time difference between two schedules is less than 1 second';
    look.record('Warning', 'InvalidSchedule', `invalid schedule: ${spec?.schedule} : ${why}`);
    return undefined;
  }
  const { due } = recent;
  if (due === undefined || due > now) return again();
  if (recent.missed === 'many') {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    look.record('Warning', 'TooManyMissedTimes', message);
  }
  const { startingDeadlineSeconds, concurrencyPolicy } = spec ?? {};
  if (startingDeadlineSeconds !== undefined && due + startingDeadlineSeconds * 1000 < now) {
    const when = new Date(due).toUTCString().replace('GMT', '+0000');
    look.record('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${when}`);
    return again();
  }
  const name = jobNameAt(cronJob, due);
  const { active = [], lastScheduleTime } = look.status;
  const isStarted = active.some((job) => job.name === name && job.namespace === metadata?.namespace);
  if (isStarted || timeOf(lastScheduleTime) === due) return again();
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    look.record('Normal', 'JobAlreadyActive', message);
    return again();
  }
  if (concurrencyPolicy === 'Replace') await deleteActive(look);
  return (await startRun(look, due)) ? again() : undefined;
}

async function deleteActive(look: Look): Promise<void> {
  for (const { namespace = '', name = '' } of look.status.active ?? []) {
    let job: Job;
    try {
      job = await look.deps.client.get<Job>(jobResource, namespace, name);
    } catch (error) {
      look.record('Warning', 'FailedGet', `Get job: ${messageOf(error)}`);
      throw new NotYet(messageOf(error), { cause: error });
    }
    if (!(await deleteJob(look, job))) throw new NotYet(`could not replace job ${namespace}/${name}`);
  }
}

/** Creates the Job of a run and lists it; false where it is somebody else's or listed already. */
async function startRun(look: Look, due: number): Promise<boolean> {
  const { deps, cronJob } = look;
  const wanted = jobOfRun(cronJob, due);
  const { namespace = '', name = '' } = wanted.metadata ?? {};
  let job: Job;
  try {
    job = await deps.client.create(jobResource, namespace, wanted);
    look.record('Normal', 'SuccessfulCreate', `Created job ${job.metadata?.name}`);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') {
      if (!isNamespaceTerminating(error))
        look.record('Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw new NotYet(messageOf(error), { cause: error });
    }
    // Created before, but the status could not be written.
    job = await deps.client.get<Job>(jobResource, namespace, name);
    if (!isControlledBy(job, cronJob) || isListedActive(look.status, job.metadata?.uid)) return false;
  }
  const active = [...(look.status.active ?? []), referenceToJob(job)];
  change(look, { ...look.status, active, lastScheduleTime: toTime(due) });
  return true;
}

/** After a change of the schedule: when to look at it. */
export function untilRunOf(cronJob: CronJob, now: number, recorder: EventRecorder): number | undefined {
  const { schedule = '', timeZone } = cronJob.spec ?? {};
  try {
    return untilNextRunMs(cronJob, now, nextRunOf(parseCronSchedule(schedule), timeZone));
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    const message = `unparseable schedule for cronjob: ${schedule}`;
    recorder.record(referenceTo(cronJob, cronJobKind), 'Warning', 'UnParseableCronJobSchedule', message);
    return undefined;
  }
}
