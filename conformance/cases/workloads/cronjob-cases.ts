import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { awaitEvent, awaitFields } from './played-pods.ts';

type Json = Readonly<Record<string, unknown>>;

const dayMs = 86_400_000;

function midnight(daysAgo: number): Date {
  return new Date(Math.floor(Date.now() / dayMs) * dayMs - daysAgo * dayMs);
}

/** Once a year, at midnight of the day so many days ago. */
function yearly(daysAgo: number): string {
  const day = midnight(daysAgo);
  return `0 0 ${day.getUTCDate()} ${day.getUTCMonth() + 1} *`;
}

function runName(daysAgo: number): string {
  return `tick-${midnight(daysAgo).getTime() / 60_000}`;
}

/** Jobs that wait for ever, or with `completions: 0` end at once. */
async function made(c: CaseContext, spec: Json, job: Json = { suspend: true }): Promise<string> {
  const cronJobs = `/apis/batch/v1/namespaces/${await c.namespace()}/cronjobs`;
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }] } };
  await c.post(cronJobs, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick' },
    spec: {
      schedule: yearly(3),
      jobTemplate: { metadata: { labels: { app: 'tick' }, annotations: { a: 'b' } }, spec: { ...job, template } },
      ...spec,
    },
  });
  return `${cronJobs}/tick`;
}

/** As if it had last run more than a year ago: a run is due. */
async function makeDue(c: CaseContext, cronJob: string, daysAgo = 380): Promise<void> {
  await c.patch(`${cronJob}/status`, { status: { lastScheduleTime: toTime(midnight(daysAgo)) } }, { unstable: true });
}

function toTime(date: Date): string {
  return date.toISOString().replace('.000', '');
}

async function jobsOf(c: CaseContext): Promise<string[]> {
  const { body } = await c.get(`/apis/batch/v1/namespaces/${await c.namespace()}/jobs`, { unstable: true });
  return (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name).sort();
}

async function awaitJobs(c: CaseContext, expected: readonly string[]): Promise<void> {
  const wanted = expected.toSorted().join();
  await c.eventually(`Jobs ${wanted}`, async () => (await jobsOf(c)).join() === wanted);
}

async function staysWithout(c: CaseContext): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    c.equal(await jobsOf(c), [], 'there are no Jobs');
  }
}

async function startsJobs(c: CaseContext): Promise<void> {
  const cronJob = await made(c, {});
  await makeDue(c, cronJob);
  await awaitJobs(c, [runName(3)]);
  const { body } = await c.get(cronJob, { unstable: true });
  const { uid } = (body as { metadata: { uid: string } }).metadata;
  const job = await c.get(`/apis/batch/v1/namespaces/${await c.namespace()}/jobs/${runName(3)}`, {
    unstable: true,
    has: {
      'metadata.labels': { app: 'tick' },
      'metadata.annotations': { a: 'b', 'batch.kubernetes.io/cronjob-scheduled-timestamp': toTime(midnight(3)) },
      'metadata.ownerReferences': [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid, controller: true, blockOwnerDeletion: true },
      ],
      'spec.suspend': true,
    },
  });
  await awaitFields(c, cronJob, { 'status.lastScheduleTime': toTime(midnight(3)) });
  await c.get(cronJob, {
    unstable: true,
    has: {
      'status.active': (active: Json[]) =>
        active.length === 1 &&
        active[0]?.['kind'] === 'Job' &&
        active[0]['apiVersion'] === 'batch/v1' &&
        active[0]['uid'] === job.at('metadata.uid'),
    },
  });
  await awaitEvent(c, 'tick', 'SuccessfulCreate', `Created job ${runName(3)}`);
}

async function inZone(c: CaseContext): Promise<void> {
  const cronJob = await made(c, { timeZone: 'Asia/Kolkata' });
  await makeDue(c, cronJob);
  const run = midnight(3).getTime() - 5.5 * 3_600_000;
  await awaitJobs(c, [`tick-${run / 60_000}`]);
  const local = toTime(midnight(3)).replace('Z', '+05:30');
  await c.get(`/apis/batch/v1/namespaces/${await c.namespace()}/jobs/tick-${run / 60_000}`, {
    unstable: true,
    has: { 'metadata.annotations': { a: 'b', 'batch.kubernetes.io/cronjob-scheduled-timestamp': local } },
  });
}

async function suspended(c: CaseContext): Promise<void> {
  const cronJob = await made(c, { suspend: true });
  await makeDue(c, cronJob);
  await staysWithout(c);
  await c.patch(cronJob, { spec: { suspend: false } });
  await awaitJobs(c, [runName(3)]);
}

async function tooLate(c: CaseContext): Promise<void> {
  const cronJob = await made(c, { startingDeadlineSeconds: 60 });
  await makeDue(c, cronJob);
  await staysWithout(c);
}

/** A second run is due while the Job of the first is there. */
async function secondRun(c: CaseContext, concurrencyPolicy: string): Promise<string> {
  const cronJob = await made(c, { concurrencyPolicy });
  await makeDue(c, cronJob);
  await awaitJobs(c, [runName(3)]);
  await awaitFields(c, cronJob, { 'status.lastScheduleTime': toTime(midnight(3)) });
  await c.patch(cronJob, { spec: { schedule: yearly(2) } });
  await makeDue(c, cronJob, 370);
  return cronJob;
}

async function allow(c: CaseContext): Promise<void> {
  const cronJob = await secondRun(c, 'Allow');
  await awaitJobs(c, [runName(3), runName(2)]);
  await c.eventually('both are active', async () => {
    const active = (await c.get(cronJob, { unstable: true })).at('status.active') as Json[] | undefined;
    return active?.length === 2;
  });
}

async function forbid(c: CaseContext): Promise<void> {
  await secondRun(c, 'Forbid');
  const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
  await awaitEvent(c, 'tick', 'JobAlreadyActive', message);
  c.equal(await jobsOf(c), [runName(3)], 'the first goes on alone');
}

async function replace(c: CaseContext): Promise<void> {
  const cronJob = await secondRun(c, 'Replace');
  await awaitJobs(c, [runName(2)]);
  await awaitEvent(c, 'tick', 'SuccessfulDelete', `Deleted job ${runName(3)}`);
  await awaitFields(c, cronJob, { 'status.lastScheduleTime': toTime(midnight(2)), 'status.active[1]': undefined });
}

async function manyMissed(c: CaseContext): Promise<void> {
  const cronJob = await made(c, { schedule: '* * * * *' });
  await makeDue(c, cronJob, 1);
  const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
  await awaitEvent(c, 'tick', 'TooManyMissedTimes', message);
  await c.eventually('the latest run is made up for', async () => (await jobsOf(c)).length > 0);
}

async function history(c: CaseContext): Promise<void> {
  const cronJob = await made(c, {}, { completions: 0 });
  await makeDue(c, cronJob);
  const message = `Saw completed job: ${runName(3)}, condition: Complete`;
  await awaitEvent(c, 'tick', 'SawCompletedJob', message);
  await c.patch(cronJob, { spec: { successfulJobsHistoryLimit: 0 } });
  await awaitEvent(c, 'tick', 'SuccessfulDelete', `Deleted job ${runName(3)}`);
  await awaitJobs(c, []);
  await awaitFields(c, cronJob, { 'status.active': undefined });
  await c.get(cronJob, { has: { 'status.lastSuccessfulTime': /Z$/ }, unstable: true });
}

async function missing(c: CaseContext): Promise<void> {
  const cronJob = await made(c, {});
  await makeDue(c, cronJob);
  await awaitJobs(c, [runName(3)]);
  await awaitFields(c, cronJob, { 'status.lastScheduleTime': toTime(midnight(3)) });
  const job = `/apis/batch/v1/namespaces/${await c.namespace()}/jobs/${runName(3)}`;
  await c.delete(job, { body: { propagationPolicy: 'Background' }, unstable: true });
  await awaitEvent(c, 'tick', 'MissingJob', `Active job went missing: ${runName(3)}`);
  await awaitFields(c, cronJob, { 'status.active': undefined });
}

const proves = 'CronJobs';
const needs = ['controllers'] as const;
const id = 'workloads/cronjobs';
export const cronJobCases: readonly Case[] = [
  { id: `${id}/a run that is due starts a Job`, run: startsJobs },
  { id: `${id}/runs follow the clock of a time zone`, run: inZone },
  { id: `${id}/none starts while it is suspended`, run: suspended },
  { id: `${id}/none starts after its deadline`, run: tooLate },
  { id: `${id}/runs may be there side by side`, run: allow },
  { id: `${id}/a run waits for the one before`, run: forbid },
  { id: `${id}/a run replaces the one before`, run: replace },
  { id: `${id}/of many missed runs the last is started`, run: manyMissed },
  { id: `${id}/finished Jobs are noted and go`, run: history },
  { id: `${id}/a Job that went is noted`, run: missing },
].map((each) => ({ ...each, proves, needs }));
