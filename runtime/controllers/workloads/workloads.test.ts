import t from 'tap';
import type { Pod } from '../pod-state.ts';
import { type Conditions, newCondition, withCondition } from './deployment/conditions.ts';
import { type Deployment, maxSurge, maxUnavailable, type ReplicaSet } from './deployment/deployment.ts';
import { deploymentStatus, pauseNote, progressCheckMs, rolloutStatus } from './deployment/deployment-status.ts';
import { activeOrLatest, generationsOf, totalTerminating } from './deployment/replica-sets.ts';
import {
  annotationsBackFrom,
  currentAnnotations,
  lastRevision,
  maxRevision,
} from './deployment/revision-annotations.ts';
import { currentSize, isScaling, type ScaleStep, scaleSteps, shrinkSteps } from './deployment/scaling.ts';
import type { Replicated } from './replica-kinds.ts';
import { isStatusCurrent, replicaStatus } from './replica-status.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString().replace('.000', '');

interface Wanted {
  readonly size: number;
  readonly surge?: number | string;
  readonly unavailable?: number | string;
  readonly status?: Deployment['status'];
  readonly deadline?: number;
  readonly paused?: boolean;
  readonly recreate?: boolean;
}

function deployment(wanted: Wanted): Deployment {
  const { size, surge = 0, unavailable = 0, status, deadline, paused, recreate } = wanted;
  return {
    metadata: { name: 'web', generation: 2 },
    spec: {
      replicas: size,
      selector: {},
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'new' }] } },
      strategy:
        recreate === true
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
      ...(deadline === undefined ? {} : { progressDeadlineSeconds: deadline }),
      ...(paused === undefined ? {} : { paused }),
    },
    ...(status === undefined ? {} : { status }),
  };
}

interface SetWanted {
  readonly available?: number;
  readonly replicas?: number;
  readonly age?: number;
  readonly image?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: ReplicaSet['status'];
}

const prefix = 'deployment.kubernetes.io/';

function set(name: string, size: number, wanted: SetWanted = {}): ReplicaSet {
  const { available = size, replicas = size, age = 100, image = name, annotations = {}, status } = wanted;
  const noted = Object.entries(annotations).map(([key, value]) => [`${prefix}${key}`, value]);
  return {
    metadata: { name, uid: name, creationTimestamp: ago(age), annotations: Object.fromEntries(noted) },
    spec: {
      replicas: size,
      selector: {},
      template: {
        metadata: { labels: { app: 'web', 'pod-template-hash': name } },
        spec: { containers: [{ name: 'c', image }] },
      },
    },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1, ...status },
  };
}

function told(steps: readonly ScaleStep[]): string {
  return steps.map((step) => `${step.set.metadata?.name}=${step.size}`).join(' ');
}

t.test('limits of a rolling update are rounded so that it never stands still', async (t) => {
  const cases: readonly (readonly [number, number | string, number | string, number, number])[] = [
    [10, '25%', '25%', 3, 2],
    [2, '0%', '1%', 0, 1],
    [2, '1%', '25%', 1, 0],
    [1, 0, '1%', 0, 1],
    [1, '1%', 0, 1, 0],
    [3, 2, 5, 2, 3],
    [0, '25%', '25%', 0, 0],
  ];
  for (const [size, surge, unavailable, expectedSurge, expectedUnavailable] of cases) {
    const made = deployment({ size, surge, unavailable });
    t.strictSame(
      [maxSurge(made), maxUnavailable(made)],
      [expectedSurge, expectedUnavailable],
      `${size} ${surge} ${unavailable}`,
    );
  }
  t.strictSame(
    [maxSurge(deployment({ size: 3, recreate: true })), maxUnavailable(deployment({ size: 3, recreate: true }))],
    [0, 0],
  );
});

t.test('the current ReplicaSet is the oldest with the template, whatever hash it has', async (t) => {
  const sets = [set('b', 1, { image: 'new', age: 5 }), set('a', 1, { image: 'new', age: 9 }), set('c', 1)];
  const { current, old } = generationsOf(deployment({ size: 1 }), sets);
  t.equal(current?.metadata?.name, 'a');
  t.strictSame(
    old.map(({ metadata }) => metadata?.name),
    ['c', 'b'],
  );
  const from = (currentSet: ReplicaSet | undefined, ...olds: ReplicaSet[]) =>
    activeOrLatest({ current: currentSet, old: olds })?.metadata?.name;
  t.strictSame(
    [
      from(undefined),
      from(set('n', 0), set('o', 0)),
      from(undefined, set('o', 0, { age: 9 }), set('p', 0, { age: 3 })),
      from(set('n', 0), set('o', 1)),
      from(set('n', 1), set('o', 1)),
    ],
    [undefined, 'n', 'p', 'o', undefined],
  );
  t.strictSame(
    [
      totalTerminating([set('a', 1)]),
      totalTerminating([set('a', 1, { status: { replicas: 0, observedGeneration: 0 } })]),
      totalTerminating([set('a', 1, { status: { replicas: 1, terminatingReplicas: 2 } })]),
    ],
    [undefined, 0, 2],
  );
});

t.test('the current ReplicaSet grows as far as the surge allows', async (t) => {
  const cases: readonly (readonly [number, number, number, number, number])[] = [
    // size, surge, old, current, expected
    [10, 0, 10, 0, 0],
    [10, 2, 10, 0, 2],
    [10, 2, 5, 0, 7],
    [10, 2, 10, 2, 2],
    [10, 2, 0, 5, 10],
    [5, 20, 3, 2, 5],
  ];
  for (const [size, surge, old, current, expected] of cases) {
    const sets = [set('old', old), set('new', current)];
    t.equal(currentSize(deployment({ size, surge }), sets, current), expected, `${size}+${surge}: ${old}, ${current}`);
  }
});

t.test('old ReplicaSets shrink as far as enough stay available, first by what is not available', async (t) => {
  const cases: readonly (readonly [Wanted, readonly ReplicaSet[], ReplicaSet, string])[] = [
    [{ size: 10, surge: 1 }, [set('o', 10)], set('n', 0), ''],
    [{ size: 10, unavailable: 2 }, [set('o', 10)], set('n', 0), 'o=8'],
    [{ size: 10, unavailable: 2 }, [set('o', 8)], set('n', 2, { available: 0 }), ''],
    [{ size: 10, unavailable: 2 }, [set('o', 10, { available: 8 })], set('n', 0), 'o=8'],
    [{ size: 10, unavailable: 2 }, [set('o', 8, { available: 5 })], set('n', 4, { available: 4 }), 'o=5 o=4'],
    [{ size: 10, unavailable: 0, surge: 2 }, [set('o', 10)], set('n', 2), 'o=8'],
    [{ size: 10, unavailable: 2, surge: 3 }, [set('o', 8)], set('n', 5, { available: 0 }), ''],
    [{ size: 10, unavailable: 4 }, [set('p', 2, { age: 50 }), set('o', 6, { age: 90 })], set('n', 2), 'o=2'],
    [{ size: 10, unavailable: 8 }, [set('p', 2, { age: 50 }), set('o', 6, { age: 90 })], set('n', 2), 'o=0 p=0'],
    [{ size: 10, unavailable: 2 }, [set('o', 4, { available: 6 })], set('n', 6), 'o=0'],
    [{ size: 10, unavailable: 2 }, [], set('n', 6), ''],
  ];
  for (const [wanted, old, current, expected] of cases) {
    t.equal(told(shrinkSteps(deployment(wanted), { current, old })), expected, expected);
  }
});

t.test('a new size is shared out among the active ReplicaSets', async (t) => {
  const was = (size: number, surge = 0) => ({ 'desired-replicas': String(size), 'max-replicas': String(size + surge) });
  const cases: readonly (readonly [Wanted, ReplicaSet | undefined, readonly ReplicaSet[], string])[] = [
    [{ size: 12 }, set('n', 10, { annotations: was(10) }), [], 'n=12'],
    [{ size: 5 }, set('n', 10, { annotations: was(10) }), [], 'n=5'],
    [{ size: 12 }, set('n', 5, { annotations: was(10), age: 1 }), [set('o', 5, { annotations: was(10) })], 'n=6 o=6'],
    [{ size: 5 }, set('n', 5, { annotations: was(10), age: 1 }), [set('o', 5, { annotations: was(10) })], 'o=2 n=3'],
    [
      { size: 20 },
      set('n', 5, { annotations: was(10) }),
      [set('o', 3, { annotations: was(10), age: 200 }), set('p', 2, { annotations: was(10), age: 300 })],
      'n=10 o=6 p=4',
    ],
    [{ size: 0 }, set('n', 6, { annotations: was(10) }), [set('o', 4, { annotations: was(10) })], 'n=0 o=0'],
    [
      { size: 5, surge: 2 },
      set('n', 3, { annotations: was(10, 2) }),
      [set('o', 9, { annotations: was(10, 2) })],
      'o=5 n=2',
    ],
    [
      { size: 50, surge: 2 },
      set('n', 4, { annotations: was(10, 2), age: 1 }),
      [set('o', 8, { annotations: was(10, 2) })],
      'o=35 n=17',
    ],
    [{ size: 5 }, set('n', 5, { annotations: was(5) }), [set('o', 2)], 'o=0'],
    [{ size: 7, recreate: true }, set('n', 5, { annotations: was(9) }), [set('o', 2)], ''],
    [{ size: 3 }, undefined, [set('o', 1)], 'o=3'],
  ];
  for (const [wanted, current, old, expected] of cases) {
    t.equal(told(scaleSteps(deployment(wanted), { current, old })), expected, expected);
  }
  const generations = {
    current: set('n', 3, { annotations: was(3) }),
    old: [set('o', 0, { annotations: was(9) }), set('p', 1)],
  };
  t.notOk(isScaling(deployment({ size: 3 }), generations));
  t.ok(isScaling(deployment({ size: 4 }), generations));
});

t.test('revisions count up, and a ReplicaSet remembers those that it had', async (t) => {
  const revision = (text: string) => ({ annotations: { revision: text } });
  const sets = [
    set('a', 0, revision('3546343826724305832')),
    set('b', 0, revision('x')),
    set('c', 0, revision('7')),
    set('d', 0),
  ];
  t.equal(maxRevision(sets), 3546343826724305832n);
  t.strictSame([lastRevision(sets), lastRevision(sets.slice(0, 1)), lastRevision([])], [7n, 0n, 0n]);
  const made: Deployment = {
    metadata: {
      annotations: { note: 'n', [`${prefix}revision`]: '1', 'kubectl.kubernetes.io/last-applied-configuration': 'x' },
    },
  };
  t.strictSame(currentAnnotations(made, undefined, 4n), { note: 'n', [`${prefix}revision`]: '4' });
  const before = { note: 'old', mine: 'm', [`${prefix}revision`]: '2', [`${prefix}revision-history`]: '1' };
  t.strictSame(currentAnnotations(made, before, 4n), {
    note: 'n',
    mine: 'm',
    [`${prefix}revision`]: '4',
    [`${prefix}revision-history`]: '1,2',
  });
  t.equal(currentAnnotations(made, before, 1n)[`${prefix}revision`], '2', 'a revision never goes down');
  const long = { [`${prefix}revision`]: '4000', [`${prefix}revision-history`]: Array(400).fill('1234').join(',') };
  const history = currentAnnotations(made, long, 5000n)[`${prefix}revision-history`] ?? '';
  t.ok(history.length <= 2000 && history.endsWith(',1234,4000'));
  t.strictSame(
    annotationsBackFrom(
      { metadata: { annotations: { note: 'o', [`${prefix}revision`]: '9' } } },
      { metadata: { annotations: { ...made.metadata?.annotations, extra: 'e' } } },
    ),
    { [`${prefix}revision`]: '1', 'kubectl.kubernetes.io/last-applied-configuration': 'x', note: 'o' },
  );
});

t.test('a condition keeps its times as long as nothing changes', async (t) => {
  const old = newCondition({ type: 'Progressing', status: 'True', reason: 'A', message: 'a' }, now - 60_000);
  const again = newCondition({ type: 'Progressing', status: 'True', reason: 'A', message: 'b' }, now);
  const moved = newCondition({ type: 'Progressing', status: 'True', reason: 'B', message: 'b' }, now);
  const failed = newCondition({ type: 'Progressing', status: 'False', reason: 'B', message: 'b' }, now);
  t.strictSame(withCondition([old], again), [old]);
  t.match(withCondition([old], moved), [{ reason: 'B', lastTransitionTime: ago(60), lastUpdateTime: ago(0) }]);
  t.match(withCondition([old], failed), [{ status: 'False', lastTransitionTime: ago(0) }]);
});

function progressing(conditions: Conditions | undefined): string {
  const found = conditions?.find(({ type }) => type === 'Progressing');
  return found === undefined ? '' : `${found.status} ${found.reason} ${found.message}`;
}

t.test('the status of a rollout says how far it is and whether it gets on', async (t) => {
  const condition = (reason: string, age: number) =>
    newCondition({ type: 'Progressing', status: 'True', reason, message: reason }, now - age * 1000);
  const rolling = (status: Deployment['status'], current: ReplicaSet, old: ReplicaSet[] = [], deadline = 60) =>
    rolloutStatus(
      deployment({ size: 2, deadline, ...(status === undefined ? {} : { status }) }),
      { current, old },
      now,
    );
  const done = rolling(undefined, set('n', 2));
  t.match(done, {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }, {}],
  });
  t.notOk('unavailableReplicas' in done, 'zeros are left out');
  t.equal(progressing(done.conditions), 'True NewReplicaSetAvailable ReplicaSet "n" has successfully progressed.');
  const partly = rolling({ conditions: [condition('NewReplicaSetCreated', 5)] }, set('n', 2, { available: 1 }), [
    set('o', 1),
  ]);
  t.equal(progressing(partly.conditions), 'True ReplicaSetUpdated ReplicaSet "n" is progressing.');
  t.equal(partly.unavailableReplicas, 1);
  const stuck = { ...partly, conditions: [condition('ReplicaSetUpdated', 61)] };
  t.equal(
    progressing(rolling(stuck, set('n', 2, { available: 1 }), [set('o', 1)]).conditions),
    'False ProgressDeadlineExceeded ReplicaSet "n" has timed out progressing.',
  );
  t.equal(
    progressing(rolling(stuck, set('n', 2, { available: 1 }), [set('o', 1)], 2 ** 31 - 1).conditions),
    '',
    'without a deadline there is no such condition',
  );
  const short = rolling(
    undefined,
    set('n', 2, {
      available: 0,
      status: {
        replicas: 0,
        conditions: [
          {
            type: 'ReplicaFailure',
            status: 'True',
            reason: 'FailedCreate',
            message: 'quota',
            lastTransitionTime: ago(3),
          },
        ],
      },
    }),
  );
  t.match(
    short.conditions?.find(({ type }) => type === 'ReplicaFailure'),
    { reason: 'FailedCreate', message: 'quota', lastUpdateTime: ago(3) },
  );
  t.match(short.conditions?.[0], { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' });
  t.strictSame(deploymentStatus(deployment({ size: 0 }), { current: undefined, old: [] }, now).terminatingReplicas, 0);
});

t.test('a rollout without progress is looked at again when its deadline comes', async (t) => {
  const at = (reason: string, age: number, status: Deployment['status'] = {}) => {
    const conditions = [newCondition({ type: 'Progressing', status: 'True', reason, message: '' }, now - age * 1000)];
    return progressCheckMs(deployment({ size: 1, deadline: 60, status: { ...status, conditions } }), status, now);
  };
  t.strictSame(
    [
      at('ReplicaSetUpdated', 20),
      at('ReplicaSetUpdated', 70),
      at('ProgressDeadlineExceeded', 20),
      at('A', 5, { replicas: 1, updatedReplicas: 1, availableReplicas: 1, observedGeneration: 2 }),
    ],
    [40_000, -10_000, undefined, undefined],
  );
});

t.test('a pause and its end are noted once', async (t) => {
  const status = (reason: string) => ({
    conditions: [newCondition({ type: 'Progressing', status: 'Unknown', reason, message: '' }, now)],
  });
  const noted = (paused: boolean, reason: string) =>
    progressing(pauseNote(deployment({ size: 1, deadline: 60, paused, status: status(reason) }), now)?.conditions);
  t.equal(noted(true, 'ReplicaSetUpdated'), 'Unknown DeploymentPaused Deployment is paused');
  t.equal(noted(false, 'DeploymentPaused'), 'Unknown DeploymentResumed Deployment is resumed');
  t.strictSame(
    [noted(true, 'DeploymentPaused'), noted(false, 'DeploymentResumed'), noted(true, 'ProgressDeadlineExceeded')],
    ['', '', ''],
  );
});

t.test('a ReplicaSet counts what it has, and says what keeps it from having more', async (t) => {
  const pod = (labels: Record<string, string>, readySince?: number): Pod => ({
    metadata: { labels },
    status:
      readySince === undefined
        ? {}
        : { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readySince) }] },
  });
  const object: Replicated = {
    metadata: { generation: 3 },
    spec: { replicas: 4, minReadySeconds: 5, template: { metadata: { labels: { app: 'web', tier: 'x' } } } },
  };
  const full = { app: 'web', tier: 'x', more: 'y' };
  const active = [pod(full, 10), pod(full, 2), pod({ app: 'web' })];
  const status = replicaStatus(object, { active, terminating: 0, now });
  t.strictSame(status, {
    replicas: 3,
    fullyLabeledReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 0,
    observedGeneration: 3,
  });
  t.ok(isStatusCurrent({ ...object, status }, status));
  t.notOk(isStatusCurrent({ ...object, status: { ...status, observedGeneration: 2 } }, status));
  t.ok(
    isStatusCurrent(
      { status: { replicas: 0, readyReplicas: 0, observedGeneration: 1 } },
      { replicas: 0, observedGeneration: 1 },
    ),
  );
  const failed = replicaStatus(object, { active, terminating: undefined, failure: new Error('quota'), now });
  t.match(failed.conditions, [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }]);
  const later = replicaStatus(
    { ...object, status: failed },
    { active, terminating: undefined, failure: new Error('other'), now },
  );
  t.strictSame(later.conditions, failed.conditions, 'the first failure stays');
  t.notOk('conditions' in replicaStatus({ ...object, status: failed }, { active, terminating: undefined, now }));
});
