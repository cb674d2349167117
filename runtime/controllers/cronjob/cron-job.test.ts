import t from 'tap';
import type { ApiClient } from '../../../api/client.ts';
import { toTime } from '../../../api/clock.ts';
import { parseCronSchedule } from '../../../api/cron.ts';
import type { KubeObject } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import { type Job, newCondition } from '../job/job.ts';
import { byStartTime, type CronJob, jobOfRun, zonedTime } from './cron-job.ts';
import { syncCronJob } from './cron-job-sync.ts';
import { nextRunOf, recentRun, untilNextRunMs } from './schedule-times.ts';

const at = (text: string): number => Date.parse(`2026-03-02T${text}Z`);

function cronJob(spec: CronJob['spec'] = {}, status: CronJob['status'] = {}): CronJob {
  return {
    metadata: { name: 'tick', namespace: 'a', uid: 'cron', creationTimestamp: toTime(at('00:00:30')) },
    spec: {
      schedule: '0 * * * *',
      jobTemplate: { metadata: { labels: { l: '1' } }, spec: { completions: 1 } },
      ...spec,
    },
    status,
  };
}

t.test('the latest run that is due is found among few or many', async (t) => {
  for (const [schedule, last, now, deadline, due, missed] of [
    ['0 * * * *', undefined, '00:30:00', undefined, undefined, 'none'],
    ['0 * * * *', undefined, '01:00:00', undefined, '01:00:00', 'none'],
    ['0 * * * *', '01:00:00', '01:59:59', undefined, undefined, 'none'],
    ['0 * * * *', '01:00:00', '02:30:00', undefined, '02:00:00', 'none'],
    ['0 * * * *', '01:00:00', '09:30:00', undefined, '09:00:00', 'few'],
    ['* * * * *', '01:00:00', '03:00:30', undefined, '03:00:00', 'many'],
    ['* * * * *', '01:00:00', '03:00:30', 120, '03:00:00', 'few'],
    ['0 * * * *', '01:00:00', '02:30:00', 60, undefined, 'none'],
    ['@every 90m', '01:00:00', '06:00:00', undefined, '05:30:00', 'few'],
  ] as const) {
    const of = cronJob(
      { schedule, ...(deadline === undefined ? {} : { startingDeadlineSeconds: deadline }) },
      last === undefined ? {} : { lastScheduleTime: toTime(at(last)) },
    );
    const recent = recentRun(of, at(now), nextRunOf(parseCronSchedule(schedule), undefined), true);
    const name = `${schedule} after ${last} at ${now}`;
    t.equal(recent?.due, due === undefined ? undefined : at(due), name);
    t.equal(recent?.missed, missed, name);
  }
  const never = nextRunOf(parseCronSchedule('0 0 31 2 *'), undefined);
  t.equal(recentRun(cronJob(), at('01:00:00'), never, true), undefined);
  t.equal(untilNextRunMs(cronJob(), at('01:00:00'), never), undefined);
  const hourly = nextRunOf(parseCronSchedule('0 * * * *'), undefined);
  t.equal(untilNextRunMs(cronJob(), at('00:59:00'), hourly), 60_100);
  t.equal(untilNextRunMs(cronJob(), at('05:59:00'), hourly), 60_100);
});

t.test('the Job of a run carries its time in the zone of the schedule', async (t) => {
  const run = at('05:30:00');
  t.match(jobOfRun(cronJob(), run), {
    metadata: {
      name: `tick-${run / 60_000}`,
      labels: { l: '1' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-03-02T05:30:00Z' },
      ownerReferences: [{ kind: 'CronJob', name: 'tick', uid: 'cron', controller: true }],
    },
    spec: { completions: 1 },
  });
  t.equal(zonedTime(run, 'America/St_Johns'), '2026-03-02T02:00:00-03:30');
  t.equal(zonedTime(run, 'Etc/UTC'), '2026-03-02T05:30:00Z');
});

t.test('Jobs that began earlier go earlier', async (t) => {
  const job = (name: string, startTime?: string): Job => ({
    metadata: { name },
    status: { ...(startTime && { startTime }) },
  });
  const jobs = [
    job('d'),
    job('b', toTime(at('02:00:00'))),
    job('a', toTime(at('02:00:00'))),
    job('c', toTime(at('01:00:00'))),
  ];
  t.same(
    jobs.sort(byStartTime).map(({ metadata }) => metadata?.name),
    ['c', 'a', 'b', 'd'],
  );
});

interface World {
  readonly events: string[];
  readonly deleted: string[];
  readonly created: string[];
  status: CronJob['status'];
  againMs: number | undefined;
  failure?: unknown;
}

/** One look at a CronJob in a cluster that holds these Jobs. */
async function look(of: CronJob, jobs: readonly Job[], now: string, exists: readonly Job[] = jobs): Promise<World> {
  const world: World = { events: [], deleted: [], created: [], status: undefined, againMs: undefined };
  const absent = (): never => {
    throw new StatusError('NotFound', 'not found');
  };
  const client = {
    get: async ({ resource }: { resource: string }, _namespace: string, name: string) =>
      resource === 'cronjobs' ? of : (exists.find(({ metadata }) => metadata?.name === name) ?? absent()),
    create: async (_resource: unknown, _namespace: string, object: KubeObject) => {
      const name = object.metadata?.name ?? '';
      if (exists.some(({ metadata }) => metadata?.name === name)) throw new StatusError('AlreadyExists', 'there');
      world.created.push(name);
      return { ...object, metadata: { ...object.metadata, uid: `uid-${name}` } };
    },
    delete: async (_resource: unknown, _namespace: string, name: string) => void world.deleted.push(name),
    update: async (_resource: unknown, _namespace: string, object: CronJob) => {
      world.status = object.status;
      return object;
    },
  } as unknown as ApiClient;
  const informer = <T extends KubeObject>(objects: readonly T[]): Informer<T> =>
    ({
      get: (key: string) => objects.find((object) => keyOf(object) === key),
      list: () => [...objects],
    }) as unknown as Informer<T>;
  const deps = {
    client,
    clock: { now: () => at(now), after: () => ({ cancel: () => {} }) },
    recorder: {
      record: (_about: unknown, _type: string, reason: string, message: string) =>
        void world.events.push(`${reason}: ${message}`),
    },
    cronJobs: informer([of]),
    jobs: informer(jobs),
  };
  try {
    world.againMs = await syncCronJob(deps as never, 'a/tick');
  } catch (error) {
    world.failure = error;
  }
  return world;
}

function job(name: string, finished?: 'Complete' | 'Failed', uid = `uid-${name}`): Job {
  const conditions = finished === undefined ? [] : [newCondition(finished, '', '', at('00:40:00'))];
  const status = { conditions, ...(finished === 'Complete' ? { completionTime: toTime(at('00:40:00')) } : {}) };
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: 'cron', controller: true };
  return { metadata: { name, namespace: 'a', uid, ownerReferences: [owner] }, status };
}

const listed = (...names: string[]) => ({
  active: names.map((name) => ({ name, namespace: 'a', uid: `uid-${name}` })),
});
const due = `tick-${at('01:00:00') / 60_000}`;

t.test('a look starts what is due, heeds what runs, notes what ended', async (t) => {
  t.test('a due run', async (t) => {
    const { created, events, status, againMs } = await look(cronJob(), [], '01:00:10');
    t.same(created, [due]);
    t.same(events, [`SuccessfulCreate: Created job ${due}`]);
    t.match(status, { active: [{ name: due, kind: 'Job' }], lastScheduleTime: toTime(at('01:00:00')) });
    t.equal(againMs, 3_590_100);
  });
  t.test('nothing due', async (t) => {
    const { created, status, againMs } = await look(cronJob(), [], '00:59:00');
    t.same([created, status, againMs], [[], undefined, 60_100]);
  });
  t.test('suspended, or going', async (t) => {
    t.same((await look(cronJob({ suspend: true }), [], '01:00:10')).created, []);
    const going = { ...cronJob(), metadata: { ...cronJob().metadata, deletionTimestamp: toTime(at('01:00:00')) } };
    t.same((await look(going, [], '01:00:10')).created, []);
  });
  t.test('Forbid', async (t) => {
    const of = cronJob({ concurrencyPolicy: 'Forbid' }, listed('old'));
    const { created, events } = await look(of, [job('old')], '01:00:10');
    t.same(created, []);
    t.match(events, [/^JobAlreadyActive/]);
  });
  t.test('Replace', async (t) => {
    const of = cronJob({ concurrencyPolicy: 'Replace' }, listed('old'));
    const { created, deleted, status } = await look(of, [job('old')], '01:00:10');
    t.same([created, deleted], [[due], ['old']]);
    t.match(status?.active, [{ name: due }]);
    t.equal(status?.active?.length, 1);
  });
  t.test('a Job of the run is there already, and not listed', async (t) => {
    const { created, status } = await look(cronJob(), [], '01:00:10', [job(due)]);
    t.same(created, []);
    t.match(status, { active: [{ name: due }], lastScheduleTime: toTime(at('01:00:00')) });
  });
  t.test('ended Jobs', async (t) => {
    const of = cronJob({}, listed('good', 'bad'));
    const { events, status } = await look(of, [job('good', 'Complete'), job('bad', 'Failed')], '00:50:00');
    t.same(events, [
      'SawCompletedJob: Saw completed job: good, condition: Complete',
      'SawCompletedJob: Saw completed job: bad, condition: Failed',
    ]);
    t.same(status, { lastSuccessfulTime: toTime(at('00:40:00')) });
  });
  t.test('a listed Job that is gone', async (t) => {
    const { events, status } = await look(cronJob({}, listed('gone')), [], '00:50:00');
    t.same(events, ['MissingJob: Active job went missing: gone']);
    t.same(status, {});
    t.same((await look(cronJob({}, listed('late')), [], '00:50:00', [job('late')])).events, [], 'not seen yet');
  });
  t.test('a Job nobody listed', async (t) => {
    t.match((await look(cronJob(), [job('odd')], '00:50:00')).events, [/^UnexpectedJob: .*: odd$/]);
  });
  t.test('old Jobs', async (t) => {
    const of = cronJob({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    const jobs = [job('a', 'Complete'), job('b', 'Complete'), job('c', 'Failed'), job('d')];
    t.same((await look(of, jobs, '00:50:00')).deleted, ['a', 'c']);
  });
  t.test('many missed', async (t) => {
    const { events, created } = await look(cronJob({ schedule: '* * * * *' }), [], '05:00:10');
    t.match(events, [/^TooManyMissedTimes: too many missed start times/, /^SuccessfulCreate/]);
    t.equal(created.length, 1);
  });
  t.test('schedules that cannot be read, or never come', async (t) => {
    t.match((await look(cronJob({ schedule: 'nonsense' }), [], '01:00:10')).events, [
      /^UnparseableSchedule: unparseable schedule: "nonsense" : /,
    ]);
    const never = await look(cronJob({ schedule: '0 0 31 2 *' }), [], '01:00:10');
    t.same(never.events, [
      'InvalidSchedule: invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second',
    ]);
  });
});
