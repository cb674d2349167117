import t from 'tap';
import type { ApiClient } from '../../../api/client.ts';
import { toTime } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import { type Budget, countHealthy, disruptedPods, failedStatus, nextStatus, selectorText } from './budget.ts';
import { expectedPods } from './expected-pods.ts';
import type { ScaleFinder } from './owner-scale.ts';
import { clearDisruption, staleDisruptionMs } from './stale-disruption.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
const now = Date.parse('2026-01-01T01:00:00Z');
const ago = (seconds: number): string => toTime(now - seconds * 1000);

function pod(
  name: string,
  { owner, deleted = false, ready = true }: { owner?: string; deleted?: boolean; ready?: boolean } = {},
): Pod {
  return {
    metadata: {
      name,
      namespace: 'a',
      ...(deleted ? { deletionTimestamp: ago(1) } : {}),
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }],
          }),
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function budget(spec: Budget['spec'], status?: Budget['status']): Budget {
  return { metadata: { name: 'b', namespace: 'a', generation: 2 }, ...(spec && { spec }), ...(status && { status }) };
}

const scales: Readonly<Record<string, { uid: string; replicas: number }>> = {
  one: { uid: 'one', replicas: 3 },
  two: { uid: 'deployment', replicas: 5 },
  three: { uid: 'deployment', replicas: 5 },
};
const find: ScaleFinder = async (_namespace, { uid = '' }) => scales[uid];

t.test('how many pods there should be follows from the scales of their owners, each counted once', async (t) => {
  const owned = [
    pod('a', { owner: 'one' }),
    pod('b', { owner: 'one' }),
    pod('c', { owner: 'two' }),
    pod('d', { owner: 'three' }),
  ];
  for (const [spec, pods, expected, desired, unmanaged] of [
    [{ minAvailable: 2 }, owned, 4, 2, []],
    [{ minAvailable: '50%' }, owned, 8, 4, []],
    [{ minAvailable: '51%' }, owned, 8, 5, []],
    [{ maxUnavailable: 3 }, owned, 8, 5, []],
    [{ maxUnavailable: '30%' }, owned, 8, 5, []],
    [{ maxUnavailable: 20 }, owned, 8, 0, []],
    [{ maxUnavailable: 1 }, [pod('x'), ...owned], 8, 7, ['x']],
    [{}, owned, 0, 0, []],
  ] as const)
    t.same(await expectedPods(budget(spec), pods, find), {
      expectedPods: expected,
      desiredHealthy: desired,
      unmanaged,
    });
  await t.rejects(expectedPods(budget({ maxUnavailable: 1 }), [pod('p', { owner: 'gone' })], find), {
    message: 'found no controllers for pod "p"',
  });
});

t.test('pods that go, and those whose eviction was allowed, are not healthy', async (t) => {
  const pods = [pod('a'), pod('b', { deleted: true }), pod('c', { ready: false }), pod('d'), pod('e')];
  const status = { disruptedPods: { b: ago(5), d: ago(30), e: ago(121), f: ago(1) } } as unknown as Budget['status'];
  const disrupted = disruptedPods(budget({}, status), pods, now);
  t.same(disrupted.pods, { d: ago(30) });
  t.equal(disrupted.recheckMs, 90_000);
  t.same(
    disrupted.forgotten.map(({ metadata }) => metadata?.name),
    ['e'],
  );
  t.equal(countHealthy(pods, disrupted.pods, now), 2);
});

t.test('the status changes when its numbers do, its condition when the answer does', async (t) => {
  const counts = { currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, disruptedPods: {} };
  const first = nextStatus(budget({}), counts, now);
  t.same(first, {
    currentHealthy: 3,
    desiredHealthy: 2,
    expectedPods: 3,
    disruptionsAllowed: 1,
    observedGeneration: 2,
    conditions: [
      {
        type: 'DisruptionAllowed',
        status: 'True',
        reason: 'SufficientPods',
        message: '',
        observedGeneration: 2,
        lastTransitionTime: toTime(now),
      },
    ],
  });
  t.equal(nextStatus(budget({}, first), counts, now + 5000), undefined);
  const fewer = nextStatus(budget({}, first), { ...counts, currentHealthy: 2 }, now + 5000);
  t.match(fewer, {
    disruptionsAllowed: 0,
    conditions: [{ status: 'False', reason: 'InsufficientPods', lastTransitionTime: toTime(now + 5000) }],
  });
  const more = nextStatus(budget({}, first), { ...counts, currentHealthy: 4, expectedPods: 4 }, now + 5000);
  t.match(more, { disruptionsAllowed: 2, conditions: [{ lastTransitionTime: toTime(now) }] });
  t.match(nextStatus(budget({}), { ...counts, expectedPods: 0 }, now), { disruptionsAllowed: 0 });
  t.match(failedStatus(budget({}, first), 'why', now), {
    disruptionsAllowed: 0,
    currentHealthy: 3,
    conditions: [{ status: 'False', reason: 'SyncFailed', message: 'why' }],
  });
});

t.test('selectors in events are written as upstream prints them', async (t) => {
  const selector = {
    matchLabels: { b: '2', a: '1' },
    matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }],
  };
  t.equal(
    selectorText(selector),
    '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
  );
});

t.test('a pod that stays in spite of its eviction loses the condition after two minutes', async (t) => {
  const target = (reason: string, seconds: number, more: Partial<Pod> = {}): Pod => ({
    ...more,
    status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime: ago(seconds) }] },
  });
  t.equal(staleDisruptionMs(target('EvictionByEvictionAPI', 20), now), 100_000);
  t.equal(staleDisruptionMs(target('EvictionByEvictionAPI', 200), now), 0);
  t.equal(staleDisruptionMs(target('TerminationByKubelet', 200), now), undefined);
  t.equal(staleDisruptionMs(target('x', 200, { metadata: { deletionTimestamp: ago(1) } }), now), undefined);
  t.equal(staleDisruptionMs(pod('a'), now), undefined);
  let written: unknown;
  const client = {
    update: async (_r: unknown, _n: string, object: unknown) => (written = object),
  } as unknown as ApiClient;
  await clearDisruption(client, 'a/p', target('x', 200, { metadata: { name: 'p', generation: 3 } }), now);
  const conditions = [
    { type: 'DisruptionTarget', status: 'False', lastTransitionTime: toTime(now), observedGeneration: 3 },
  ];
  t.same((written as Pod).status?.conditions, conditions);
});
