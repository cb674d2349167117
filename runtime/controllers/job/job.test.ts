import t from 'tap';
import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import { generateNameOfIndex, indexKey, templateOfIndex } from './completion-index.ts';
import { commonCount, countOf, firstAbsent, formatIndexes, hasIndex, parseIndexes, withIndexes } from './index-set.ts';
import { type Job, newCondition, trackingFinalizer } from './job.ts';
import { type Observation, observe } from './observation.ts';
import { backoffRemainingMs, noBackoff } from './pod-backoff.ts';
import { judgeFailure } from './pod-failure.ts';
import { type PodPlan, planPods } from './pod-plan.ts';
import { ended, track } from './tracking.ts';
import { timeToLiveMs } from './ttl-after-finished.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
const now = Date.parse('2026-01-01T01:00:00Z');
const ago = (seconds: number): string => toTime(now - seconds * 1000);

function job(spec: Api<'io.k8s.api.batch.v1.JobSpec'> = {}, status: Api<'io.k8s.api.batch.v1.JobStatus'> = {}): Job {
  return {
    metadata: { name: 'j', namespace: 'a', uid: 'job', generation: 1 },
    spec: { parallelism: 2, completions: 4, backoffLimit: 6, template: {}, ...spec },
    status: { startTime: ago(60), ...status },
  };
}

interface PodIs {
  readonly phase?: string;
  readonly index?: number;
  readonly failures?: number;
  readonly deleted?: boolean;
  readonly exit?: number;
  readonly finished?: number;
  readonly released?: boolean;
  readonly ready?: boolean;
  readonly restarts?: number;
  readonly condition?: string;
}

function pod(uid: string, is: PodIs = {}): Pod {
  const { phase = 'Running', index, failures, exit = 0, finished = 1, restarts = 0 } = is;
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  return {
    metadata: {
      name: uid,
      namespace: 'a',
      uid,
      creationTimestamp: ago(60),
      finalizers: is.released === true ? [] : [trackingFinalizer],
      annotations: {
        ...(index === undefined ? {} : { [indexKey]: String(index) }),
        ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(failures) }),
      },
      ...(is.deleted === true ? { deletionTimestamp: ago(1) } : {}),
    },
    status: {
      phase,
      conditions: [
        ...(is.ready === true ? [{ type: 'Ready', status: 'True' }] : []),
        ...(is.condition === undefined ? [] : [{ type: is.condition, status: 'True' }]),
      ],
      containerStatuses: isOver
        ? [
            {
              name: 'c',
              restartCount: restarts,
              state: { terminated: { exitCode: exit, finishedAt: ago(finished) } },
            } as never,
          ]
        : [{ name: 'c', restartCount: restarts } as never],
    },
  };
}

const look = (of: Job, pods: Pod[], released: string[] = []): Observation =>
  observe(of, pods, { released: new Set(released), backoff: noBackoff, now });

t.test('sets of indexes are read, written, joined and counted as upstream prints them', async (t) => {
  for (const [text, completions, expected] of [
    ['', 5, ''],
    ['1,3-5,7', 10, '1,3-5,7'],
    ['0-2,3,8,9', 10, '0-3,8,9'],
    ['1-100', 5, '1-4'],
    ['a,2,x-3,4', 9, '2,4'],
    ['5,6', 5, ''],
  ] as const)
    t.equal(formatIndexes(parseIndexes(text, completions)), expected, text);
  const set = parseIndexes('1,3-5', 10);
  t.equal(formatIndexes(withIndexes(set, [0, 2, 7])), '0-5,7');
  t.equal(countOf(set), 4);
  t.ok(hasIndex(set, 4));
  t.notOk(hasIndex(set, 2));
  t.same(firstAbsent(set, 3, 10), [0, 2, 6]);
  t.same(firstAbsent(set, 9, 7), [0, 2, 6]);
  t.equal(commonCount(parseIndexes('0-3,6-8', 9), parseIndexes('2-7', 9)), 4);
});

t.test('the template of an index names it in annotation, label, host name and environment', async (t) => {
  const template = {
    spec: { containers: [{ name: 'c' }, { name: 'd', env: [{ name: 'JOB_COMPLETION_INDEX', value: 'x' }] }] },
  };
  const { metadata, spec } = templateOfIndex(template as never, job(), 3);
  t.same(metadata, { labels: { [indexKey]: '3' }, annotations: { [indexKey]: '3' } });
  t.equal(spec?.hostname, 'j-3');
  const fieldPath = "metadata.labels['batch.kubernetes.io/job-completion-index']";
  t.same(spec?.containers?.[0]?.env, [{ name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath } } }]);
  t.equal(spec?.containers?.[1]?.env?.length, 1);
  t.equal(generateNameOfIndex('j', 3), 'j-3-');
  t.equal(generateNameOfIndex('x'.repeat(63), 12).length, 58);
});

t.test('each failure doubles the wait for the next pod, from 10 s to 10 min', async (t) => {
  const waits = [0, 1, 2, 3, 7, 20].map((failures) => backoffRemainingMs({ failures, lastFailure: now - 4000 }, now));
  t.same(waits, [0, 6000, 16_000, 36_000, 596_000, 596_000]);
  t.equal(backoffRemainingMs({ failures: 1, lastFailure: now - 11_000 }, now), 0);
  const failed = [pod('a', { phase: 'Failed', finished: 5 }), pod('b', { phase: 'Failed', finished: 3 })];
  t.same(look(job(), failed).backoff, { failures: 2, lastFailure: now - 3000 });
  t.same(look(job(), [...failed, pod('s', { phase: 'Succeeded', finished: 4 })]).backoff, {
    failures: 1,
    lastFailure: now - 3000,
  });
  t.same(look(job(), [...failed, pod('s', { phase: 'Succeeded', finished: 1 })]).backoff, { failures: 0 });
});

t.test('rules of a failure policy are asked in order', async (t) => {
  const policy = {
    rules: [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [42] } },
      { action: 'FailIndex', onExitCodes: { operator: 'In', values: [43] } },
      { action: 'Count', onExitCodes: { operator: 'NotIn', values: [44] } },
      { action: 'FailJob', onPodConditions: [{ type: 'Broken', status: 'True' }] },
    ],
  };
  const verdict = (is: PodIs) => judgeFailure(policy, pod('p', { phase: 'Failed', ...is }));
  t.match(verdict({ condition: 'DisruptionTarget', exit: 42 }), { isCounted: false });
  t.equal(
    verdict({ exit: 42 }).failsJob,
    'Container c for pod a/p failed with exit code 42 matching FailJob rule at index 1',
  );
  t.match(verdict({ exit: 43 }), { isCounted: true, failsIndex: true });
  t.same(verdict({ exit: 1, condition: 'Broken' }), { isCounted: true, failsIndex: false });
  t.equal(
    verdict({ exit: 44, condition: 'Broken' }).failsJob,
    'Pod a/p has condition Broken matching FailJob rule at index 4',
  );
  t.same(verdict({ exit: 44 }), { isCounted: true, failsIndex: false });
  t.same(judgeFailure(undefined, pod('p')), { isCounted: true, failsIndex: false });
});

const suspend = { suspend: true };
const indexed = { completionMode: 'Indexed' };
const perIndex = { ...indexed, backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 };
const create = (...indexes: (number | undefined)[]): PodPlan => ({ kind: 'create', indexes });

const plans: [string, Job, Pod[], PodPlan | { kind: string; names: string[] }][] = [
  ['as many as are wanted at once', job(), [], create(undefined, undefined)],
  ['no more than are still to succeed', job({}, { succeeded: 3 }), [], create(undefined)],
  ['none when all run', job(), [pod('a'), pod('b')], { kind: 'none' }],
  [
    'what is too much goes, the not ready first',
    job({ parallelism: 1 }),
    [pod('a', { ready: true }), pod('b')],
    { kind: 'delete', names: ['b'] },
  ],
  ['all go when it is suspended', job(suspend), [pod('a'), pod('b')], { kind: 'delete', names: ['a', 'b'] }],
  [
    'after a success without completions none is added',
    job({ completions: undefined as never }, { succeeded: 1 }),
    [],
    { kind: 'none' },
  ],
  ['a failure makes it wait', job(), [pod('a', { phase: 'Failed', finished: 4 })], { kind: 'wait', ms: 6000 }],
  [
    'going pods are replaced at once',
    job({ parallelism: 1, backoffLimit: 6 }),
    [pod('a', { deleted: true, phase: 'Running', finished: 0 })],
    { kind: 'wait', ms: 9000 },
  ],
  [
    'or when they have ended',
    job({ podReplacementPolicy: 'Failed' }),
    [pod('a', { deleted: true }), pod('b')],
    { kind: 'none' },
  ],
  ['the lowest indexes that are missing', job(indexed, { completedIndexes: '0' }), [pod('a', { index: 2 })], create(1)],
  [
    'of two with one index the lesser goes',
    job(indexed),
    [pod('a', { index: 0, ready: true }), pod('b', { index: 0 })],
    { kind: 'delete', names: ['b'] },
  ],
  ['pods of no index go', job(indexed), [pod('a'), pod('b', { index: 9 })], { kind: 'delete', names: ['a', 'b'] }],
  [
    'an index that failed waits by itself',
    job({ ...perIndex, parallelism: 4 }),
    [pod('a', { index: 0, phase: 'Failed', failures: 0, finished: 2 })],
    create(1, 2, 3),
  ],
  [
    'until it is its time',
    job({ ...perIndex, completions: 1 }),
    [pod('a', { index: 0, phase: 'Failed', failures: 0, finished: 2 })],
    { kind: 'wait', ms: 8000 },
  ],
  [
    'an index that failed too often is not tried again',
    job({ ...perIndex, parallelism: 1, completions: 2 }),
    [pod('a', { index: 0, phase: 'Failed', failures: 1 })],
    create(1),
  ],
];

t.test('a Job plans its pods', async (t) => {
  for (const [name, of, pods, expected] of plans) {
    const plan = planPods(look(of, pods), now);
    const shown =
      plan.kind === 'delete' ? { kind: 'delete', names: plan.pods.map(({ metadata }) => metadata?.name) } : plan;
    t.same(shown, expected, name);
  }
});

const failed = (count: number): Pod[] =>
  Array.from({ length: count }, (_, i) => pod(`f${i}`, { phase: 'Failed', exit: 1 }));
const policyOf = (action: string) => ({
  podFailurePolicy: { rules: [{ action, onExitCodes: { operator: 'In', values: [1] } }] },
});
const successOf = (rule: object) => ({ ...indexed, successPolicy: { rules: [rule] } });

const verdicts: [string, Job, Pod[], string | undefined][] = [
  [
    'too many failures',
    job({ backoffLimit: 1 }),
    failed(2),
    'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
  ],
  ['not too many', job({ backoffLimit: 2 }), failed(2), undefined],
  [
    'failures counted before',
    job({ backoffLimit: 2 }, { failed: 2 }),
    failed(1),
    'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
  ],
  ['ignored failures', job({ backoffLimit: 0, ...policyOf('Ignore') }), failed(2), undefined],
  [
    'a rule that fails the Job',
    job(policyOf('FailJob')),
    failed(1),
    'FailureTarget PodFailurePolicy: Container c for pod a/f0 failed with exit code 1 matching FailJob rule at index 0',
  ],
  [
    'restarts in place',
    job({ backoffLimit: 3, template: { spec: { restartPolicy: 'OnFailure' } } } as never),
    [pod('a', { restarts: 2 }), pod('b', { restarts: 1 })],
    'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
  ],
  [
    'the deadline',
    job({ activeDeadlineSeconds: 60 }),
    [],
    'FailureTarget DeadlineExceeded: Job was active longer than specified deadline',
  ],
  ['the deadline of a suspended Job', job({ activeDeadlineSeconds: 60, suspend: true }), [], undefined],
  [
    'what was decided before',
    job({}, { conditions: [newCondition('FailureTarget', 'Why', 'so', now)] }),
    [],
    'Failed Why: so',
  ],
  [
    'all indexes tried',
    job({ ...perIndex, completions: 2 }, { completedIndexes: '0' }),
    [pod('a', { index: 1, phase: 'Failed', failures: 1 })],
    'FailureTarget FailedIndexes: Job has failed indexes',
  ],
  [
    'too many failed indexes',
    job({ ...perIndex, maxFailedIndexes: 1 }, { failedIndexes: '0,1' }),
    [],
    'FailureTarget MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes',
  ],
  [
    'indexes of a success rule',
    job(successOf({ succeededIndexes: '0,2' }), { completedIndexes: '0' }),
    [pod('a', { index: 2, phase: 'Succeeded' })],
    'SuccessCriteriaMet SuccessPolicy: Matched rules at index 0',
  ],
  [
    'a count of them',
    job(successOf({ succeededIndexes: '0-3', succeededCount: 1 }), { completedIndexes: '3' }),
    [],
    'SuccessCriteriaMet SuccessPolicy: Matched rules at index 0',
  ],
  ['not yet', job(successOf({ succeededCount: 2 }), { completedIndexes: '3' }), [], undefined],
];

t.test('a Job has to end', async (t) => {
  for (const [name, of, pods, expected] of verdicts) {
    const { verdict } = look(of, pods);
    t.equal(verdict && `${verdict.type} ${verdict.reason}: ${verdict.message}`, expected, name);
  }
});

t.test('pods that ended are named in the status before their finalizers go, then counted', async (t) => {
  const of = job({}, { uncountedTerminatedPods: { succeeded: ['old'], failed: ['gone'] }, succeeded: 1 });
  const pods = [
    pod('old', { phase: 'Succeeded' }),
    pod('new', { phase: 'Succeeded' }),
    pod('bad', { phase: 'Failed' }),
    pod('run'),
    pod('done', { phase: 'Succeeded', released: true }),
  ];
  const seen = look(of, pods);
  t.equal(seen.succeeded, 3);
  t.equal(seen.failed, 2);
  const first = track(seen, { status: of.status ?? {}, mustStore: false, released: new Set(), now });
  t.ok(first.mustStore);
  t.same(first.status.uncountedTerminatedPods, { succeeded: ['old', 'new'], failed: ['bad'] });
  t.equal(first.status.failed, 1, 'one whose pod has gone is counted');
  t.same(
    first.release.map(({ metadata }) => metadata?.name),
    ['old', 'new', 'bad'],
  );
  const released = track(look(of, pods, ['old']), {
    status: of.status ?? {},
    mustStore: false,
    released: new Set(['old']),
    now,
  });
  t.equal(released.status.succeeded, 2, 'one whose finalizer was removed is counted');
});

t.test('a Job ends when all is counted and gone: its target first, then its end', async (t) => {
  const met = newCondition('SuccessCriteriaMet', 'CompletionsReached', 'm', now);
  const seen = look(job({ completions: 1 }), [pod('a', { phase: 'Succeeded' })]);
  const { status, final, mustStore } = track(seen, {
    status: {},
    mustStore: false,
    verdict: met,
    released: new Set(),
    now,
  });
  t.ok(mustStore);
  t.match(status.conditions, [{ type: 'SuccessCriteriaMet' }]);
  t.match(final, { type: 'Complete', reason: 'CompletionsReached', message: 'm' });
  if (final === undefined) return;
  t.equal(ended(status, final), undefined, 'a pod is not counted yet');
  t.equal(ended({ uncountedTerminatedPods: {}, terminating: 1 }, final), undefined, 'a pod is not gone yet');
  t.match(ended({ uncountedTerminatedPods: {}, terminating: 0 }, final), {
    completionTime: toTime(now),
    conditions: [final],
  });
});

t.test('a Job that fails counts what still ran as failed', async (t) => {
  const verdict = newCondition('FailureTarget', 'r', 'm', now);
  const seen = look(job(), [pod('a'), pod('b', { phase: 'Succeeded' })]);
  const { status, release, final } = track(seen, { status: {}, mustStore: false, verdict, released: new Set(), now });
  t.same(status.uncountedTerminatedPods, { succeeded: ['b'], failed: ['a'] });
  t.equal(release.length, 2);
  t.equal(final?.type, 'Failed');
});

t.test('indexes are counted by the index, and a failed pod stays until it is replaced', async (t) => {
  const pods = [
    pod('a', { index: 0, phase: 'Succeeded' }),
    pod('b', { index: 1, phase: 'Failed', failures: 0 }),
    pod('c', { index: 2, phase: 'Failed', failures: 1 }),
  ];
  const of = job(perIndex);
  const { status, release } = track(look(of, pods), { status: {}, mustStore: false, released: new Set(), now });
  t.match(status, { completedIndexes: '0', failedIndexes: '2', succeeded: 1 });
  t.same(status.uncountedTerminatedPods, { failed: ['c'] });
  t.same(
    release.map(({ metadata }) => metadata?.name),
    ['a', 'c'],
  );
  const after = look(of, [...pods, pod('d', { index: 1, failures: 1 })]);
  const next = track(after, { status: {}, mustStore: false, released: new Set(), now });
  t.same(
    next.release.map(({ metadata }) => metadata?.name),
    ['a', 'b', 'c'],
  );
});

t.test('no status names more than 500 pods', async (t) => {
  const pods = Array.from({ length: 600 }, (_, i) => pod(`p${i}`, { phase: 'Succeeded' }));
  const { status, release, isPartial } = track(look(job(), pods), {
    status: {},
    mustStore: false,
    released: new Set(),
    now,
  });
  t.equal(status.uncountedTerminatedPods?.succeeded?.length, 500);
  t.equal(release.length, 500);
  t.ok(isPartial);
});

t.test('a finished Job lives as long as it says', async (t) => {
  const conditions = [{ ...newCondition('Complete', '', '', now - 5000) }];
  t.equal(timeToLiveMs(job({ ttlSecondsAfterFinished: 8 }, { conditions }), now), 3000);
  t.equal(timeToLiveMs(job({}, { conditions }), now), undefined);
  t.equal(timeToLiveMs(job({ ttlSecondsAfterFinished: 8 }), now), undefined);
});
