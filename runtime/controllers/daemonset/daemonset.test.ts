import t from 'tap';
import type { Api } from '../../../api/object.ts';
import type { Pod } from '../pod-state.ts';
import { surplusRevisions } from './daemon-history.ts';
import { daemonSetStatus, needsStoring } from './daemon-status.ts';
import { FailedPods } from './failed-pods.ts';
import {
  type DaemonSet,
  daemonTemplate,
  type Node,
  onNode,
  placementOf,
  targetNode,
  tolerationsOf,
  updatedTest,
} from './placement.ts';
import { type Daemons, manage, type PodChanges, podsByNode } from './pods-on-nodes.ts';
import { rollingUpdate } from './rolling-update.ts';

type Spec = NonNullable<DaemonSet['spec']>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;

const now = Date.parse('2026-01-01T00:01:00Z');

function setOf(spec: Partial<Spec> = {}, pod: Partial<PodSpec> = {}): DaemonSet {
  return {
    metadata: {
      name: 'd',
      namespace: 'n',
      uid: 'set',
      generation: 2,
      annotations: { 'deprecated.daemonset.template.generation': '2' },
    },
    spec: {
      selector: { matchLabels: { app: 'd' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      ...spec,
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [], ...pod } },
    },
  };
}

/** `a ssd !gone:NoExecute`: name, labels, taints. */
function nodeOf(words: string): Node {
  const [name = '', ...marks] = words.split(' ');
  const labels = Object.fromEntries(marks.filter((m) => !m.startsWith('!')).map((m) => [m, 'true']));
  const taints = marks
    .filter((m) => m.startsWith('!'))
    .map((m) => m.slice(1).split(':'))
    .map(([key = '', effect = '']) => ({ key, effect }));
  return { metadata: { name, labels }, spec: { taints } };
}

/** `p1 a ready old`: name, node, states; of the present revision unless `old` is said. */
function podOf(words: string): Pod {
  const [name = '', node = '', ...states] = words.split(' ');
  const is = (state: string): boolean => states.includes(state);
  const phases = { failed: 'Failed', succeeded: 'Succeeded', pending: 'Pending' };
  const since = is('fresh') ? '2026-01-01T00:00:58Z' : '2026-01-01T00:00:00Z';
  const pod: Pod = {
    metadata: {
      name,
      namespace: 'n',
      creationTimestamp: is('young') ? '2026-01-01T00:00:10Z' : '2026-01-01T00:00:00Z',
      labels: { app: 'd', 'controller-revision-hash': is('old') ? 'before' : 'hash' },
      ...(is('leaving') ? { deletionTimestamp: '2026-01-01T00:00:30Z' } : {}),
    },
    spec: { containers: [], ...(is('waiting') ? {} : { nodeName: node }) },
    status: {
      phase: Object.entries(phases).find(([state]) => is(state))?.[1] ?? 'Running',
      conditions: is('ready') || is('fresh') ? [{ type: 'Ready', status: 'True', lastTransitionTime: since }] : [],
    },
  };
  return is('waiting') ? onNode(pod, node) : pod;
}

function daemonsOf(daemonSet: DaemonSet, nodes: readonly string[], pods: readonly string[]): Daemons {
  return { daemonSet, nodes: nodes.map(nodeOf), byNode: podsByNode(pods.map(podOf)), hash: 'hash', now };
}

function namesOf(changes: { readonly creations: readonly string[]; readonly deletions: readonly Pod[] }): string[] {
  return [...changes.creations.map((node) => `+${node}`), ...changes.deletions.map((pod) => `-${pod.metadata?.name}`)];
}

t.test('daemons run where node name, labels and taints let them', async (t) => {
  const hostname = { nodeName: 'a' };
  const selected = { nodeSelector: { ssd: 'true' } };
  const tolerant = { tolerations: [{ key: 'x', operator: 'Exists' }] };
  const near = {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'ssd', operator: 'Exists' }] }],
        },
      },
    },
  };
  const [yes, no, stays] = [
    [true, true],
    [false, false],
    [false, true],
  ] as const;
  const rows: [node: string, pod: Partial<PodSpec>, answer: readonly boolean[]][] = [
    ['a', {}, yes],
    ['a', hostname, yes],
    ['b', hostname, no],
    ['a', selected, no],
    ['a ssd', selected, yes],
    ['a', near, no],
    ['a ssd', near, yes],
    ['a !x:NoSchedule', {}, stays],
    ['a !x:NoExecute', {}, no],
    ['a !x:PreferNoSchedule', {}, yes],
    ['a !x:NoSchedule', tolerant, yes],
    ['a !x:NoExecute', tolerant, yes],
    ['a !node.kubernetes.io/unschedulable:NoSchedule', {}, yes],
    ['a !node.kubernetes.io/not-ready:NoExecute', {}, yes],
    ['a !node.kubernetes.io/not-ready:NoSchedule', {}, stays],
    ['a !node.kubernetes.io/network-unavailable:NoSchedule', {}, stays],
    ['a !node.kubernetes.io/network-unavailable:NoSchedule', { hostNetwork: true }, yes],
  ];
  for (const [node, pod, answer] of rows) {
    const { shouldRun, shouldContinue } = placementOf(setOf({}, pod))(nodeOf(node));
    t.strictSame([shouldRun, shouldContinue], answer, `${node} ${JSON.stringify(pod)}`);
  }
});

t.test('a pod has the tolerations of daemons, its node, and the labels of its revision', async (t) => {
  const limited = {
    key: 'node.kubernetes.io/not-ready',
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 9,
  };
  const tolerations = tolerationsOf({ containers: [], tolerations: [{ key: 'x' }, limited] });
  t.strictSame(
    tolerations.map(({ key, effect, tolerationSeconds }) => [key, effect, tolerationSeconds].join(' ').trim()),
    [
      'x',
      'node.kubernetes.io/not-ready NoExecute',
      'node.kubernetes.io/unreachable NoExecute',
      'node.kubernetes.io/disk-pressure NoSchedule',
      'node.kubernetes.io/memory-pressure NoSchedule',
      'node.kubernetes.io/pid-pressure NoSchedule',
      'node.kubernetes.io/unschedulable NoSchedule',
    ],
  );
  const template = daemonTemplate(setOf(), 'hash');
  t.strictSame(template.metadata?.labels, {
    app: 'd',
    'pod-template-generation': '2',
    'controller-revision-hash': 'hash',
  });
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: {} }] };
  const placed = onNode({ spec: { containers: [], affinity: { nodeAffinity: preferred } } }, 'a');
  t.match(placed.spec.affinity?.nodeAffinity, {
    ...preferred,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
    },
  });
  t.equal(targetNode(placed), 'a');
  t.equal(targetNode({ spec: { containers: [], nodeName: 'b' } }), 'b');
  t.equal(targetNode({ spec: { containers: [] } }), undefined);

  const isUpdated = updatedTest(setOf(), 'hash');
  t.ok(isUpdated({ metadata: { labels: { 'controller-revision-hash': 'hash' } } }));
  t.ok(isUpdated({ metadata: { labels: { 'pod-template-generation': '2' } } }), 'by the old label');
  t.notOk(isUpdated({ metadata: { labels: { 'controller-revision-hash': 'x', 'pod-template-generation': '1' } } }));
});

t.test('each node gets one pod, and what is wrong goes', async (t) => {
  const surge = setOf({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  const plain = setOf();
  const rows: [what: string, set: DaemonSet, nodes: string[], pods: string[], changes: string[]][] = [
    ['one for each node', plain, ['a', 'b'], [], ['+a', '+b']],
    ['that has none', plain, ['a', 'b'], ['p a'], ['+b']],
    ['none while one leaves', plain, ['a'], ['p a leaving'], []],
    ['unless surge allows two', surge, ['a'], ['p a leaving'], ['+a']],
    ['one that ended and leaves does not count', plain, ['a'], ['p a failed leaving'], ['+a']],
    ['a failed one goes', plain, ['a'], ['p a failed'], ['-p']],
    ['a succeeded one too', plain, ['a'], ['p a succeeded'], ['-p']],
    ['all but the oldest go', plain, ['a'], ['q a young', 'p a'], ['-q']],
    ['one with a node comes first', plain, ['a'], ['p a waiting', 'q a young'], ['-p']],
    ['a taint that lasts evicts', plain, ['a !x:NoExecute'], ['p a', 'q a leaving'], ['-p']],
    ['a taint for scheduling does not', plain, ['a !x:NoSchedule'], ['p a'], []],
    ['one that waits for a node that is gone goes', plain, ['a'], ['p a', 'q b waiting', 'r c'], ['-q']],
    ['old and new may be there together', surge, ['a'], ['o a old ready', 'p a'], []],
    ['until the new one is available', surge, ['a'], ['o a old ready', 'p a ready'], ['-o']],
    ['or the old one not ready', surge, ['a'], ['o a old', 'p a'], ['-o']],
    ['not a third', surge, ['a'], ['o a old ready', 'p a', 'q a young'], ['-q']],
  ];
  for (const [what, set, nodes, pods, changes] of rows) {
    t.strictSame(namesOf(manage(daemonsOf(set, nodes, pods), () => undefined)), changes, what);
  }
  const { events } = manage(daemonsOf(plain, ['a', 'b'], ['p a failed', 'q b succeeded']), () => undefined);
  t.strictSame(events, [
    {
      type: 'Warning',
      reason: 'FailedDaemonPod',
      message: 'Found failed daemon pod n/p on node a, will try to kill it',
    },
    {
      type: 'Normal',
      reason: 'SucceededDaemonPod',
      message: 'Found succeeded daemon pod n/q on node b, will try to delete it',
    },
  ]);
  const delayed = manage(daemonsOf(plain, ['a', 'b'], ['p a failed', 'q b failed']), (node) => (node === 'a' ? 7 : 5));
  t.strictSame([namesOf(delayed), delayed.retryMs, delayed.events], [[], 5, []], 'not faster than they may');
});

t.test('a rolling update stays within its limits', async (t) => {
  const rolling = (rollingUpdate: NonNullable<Spec['updateStrategy']>['rollingUpdate'], more: Partial<Spec> = {}) =>
    setOf({
      updateStrategy: { type: 'RollingUpdate', ...(rollingUpdate === undefined ? {} : { rollingUpdate }) },
      ...more,
    });
  const one = rolling({ maxUnavailable: 1 });
  const half = rolling({ maxUnavailable: '50%' });
  const surge = rolling({ maxUnavailable: 0, maxSurge: 1 });
  const rows: [what: string, set: DaemonSet, nodes: string[], pods: string[], changes: string[]][] = [
    ['one at a time', one, ['a', 'b'], ['p a old ready', 'q b old ready'], ['-p']],
    ['none while one is missing', one, ['a', 'b'], ['p a old ready'], []],
    ['none while a new one is not available', one, ['a', 'b'], ['p a old ready', 'q b'], []],
    ['the next when it is', one, ['a', 'b'], ['p a old ready', 'q b ready'], ['-p']],
    ['those that are broken go at once', one, ['a', 'b', 'c'], ['p a old', 'q b old', 'r c old ready'], ['-p', '-q']],
    ['a share, rounded up', half, ['a', 'b', 'c'], ['p a old ready', 'q b old ready', 'r c old ready'], ['-p', '-q']],
    ['one at least', rolling({ maxUnavailable: 0 }), ['a'], ['p a old ready'], ['-p']],
    ['nothing is left to do', one, ['a'], ['p a ready'], []],
    ['a crowded node is unavailable', one, ['a', 'b'], ['p a old ready', 'q a old ready', 'r b old ready'], []],
    [
      'ready for long enough',
      rolling({ maxUnavailable: 1 }, { minReadySeconds: 5 }),
      ['a', 'b'],
      ['p a old ready', 'q b fresh'],
      [],
    ],
    ['surge: a new one beside the old one', surge, ['a', 'b'], ['p a old ready', 'q b old ready'], ['+a']],
    ['surge: no more than that', surge, ['a', 'b'], ['p a old ready', 'n a', 'q b old ready'], []],
    ['surge: then the old one goes', surge, ['a', 'b'], ['p a old ready', 'n a ready', 'q b old ready'], ['+b', '-p']],
    ['surge: beside broken ones at once', surge, ['a', 'b'], ['p a old', 'q b old'], ['+a', '+b']],
    ['surge: a broken one on a node to leave goes', surge, ['a !x:NoSchedule'], ['p a old'], ['-p']],
    [
      'surge: a good one when another is available',
      surge,
      ['a !x:NoSchedule', 'b'],
      ['p a old ready', 'q b ready'],
      ['-p'],
    ],
    ['surge: and not before', surge, ['a !x:NoSchedule', 'b'], ['p a old ready', 'q b'], []],
  ];
  for (const [what, set, nodes, pods, changes] of rows) {
    t.strictSame(namesOf(rollingUpdate(daemonsOf(set, nodes, pods))), changes, what);
  }
});

t.test('a status counts nodes', async (t) => {
  const set = setOf({ minReadySeconds: 5 });
  const nodes = ['a', 'b', 'c', 'd', 'e !x:NoSchedule', 'f !x:NoSchedule'];
  const pods = ['p a ready', 'q b fresh', 'r c old ready', 'r2 c young', 's e ready'];
  const status = daemonSetStatus(daemonsOf(set, nodes, pods), true);
  t.strictSame(status, {
    observedGeneration: 2,
    desiredNumberScheduled: 4,
    currentNumberScheduled: 3,
    numberMisscheduled: 1,
    numberReady: 3,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberUnavailable: 2,
  });
  t.ok(needsStoring(set, status));
  t.notOk(needsStoring({ ...set, status }, status));
  const before = { ...setOf(), status: { ...status, observedGeneration: 1, collisionCount: 3 } };
  t.strictSame(
    daemonSetStatus(daemonsOf(before, [], []), false),
    {
      observedGeneration: 1,
      collisionCount: 3,
      desiredNumberScheduled: 0,
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    },
    'without having looked at the generation',
  );
});

t.test('a node that refuses pods gets them less and less often', async (t) => {
  let time = 1_000_000;
  const failed = new FailedPods({ now: () => time, after: () => ({ cancel: () => undefined }) });
  t.equal(failed.delayOf('a'), undefined);
  t.equal(failed.delayOf('a'), 1000);
  t.equal(failed.delayOf('b'), undefined, 'each node for itself');
  time += 1000;
  t.equal(failed.delayOf('a'), undefined);
  t.equal(failed.delayOf('a'), 2000);
  for (let i = 0; i < 20; i++) {
    time += failed.delayOf('a') ?? 0;
    failed.delayOf('a');
  }
  t.equal(failed.delayOf('a'), 15 * 60_000, 'at most');
  time += 31 * 60_000;
  t.equal(failed.delayOf('a'), undefined);
  t.equal(failed.delayOf('a'), 1000, 'begins anew after half an hour');
});

t.test('history is kept as far as the limit, and as far as pods need it', async (t) => {
  const revisions = [3, 1, 2].map((revision) => ({
    metadata: {
      name: `d-${revision}`,
      labels: { 'controller-revision-hash': revision === 1 ? 'before' : `${revision}` },
    },
    revision,
    data: {},
  }));
  const surplus = (revisionHistoryLimit: number): (string | undefined)[] =>
    surplusRevisions(setOf({ revisionHistoryLimit }), [podOf('p a old')], revisions).map(
      ({ metadata }) => metadata?.name,
    );
  t.strictSame(surplus(1), ['d-2', 'd-3']);
  t.strictSame(surplus(2), ['d-2']);
  t.strictSame(surplus(3), []);
});

/** A seeded generator: a run repeats itself. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Nodes, pods, and what becomes of them; in trouble for the first rounds. */
function worldOf(set: DaemonSet, random: () => number) {
  const names = Array.from({ length: 6 }, (_, i) => `n${i}`);
  const tainted = new Set<string>();
  let pods: Pod[] = names.map((name) => podOf(`old-${name} ${name} old ready`));
  let serial = 0;
  const replace = (pod: Pod, by: readonly Pod[]): void => {
    pods = pods.flatMap((present) => (present === pod ? by : [present]));
  };
  const happen = (pod: Pod, isTrouble: boolean): void => {
    if (pod.metadata?.deletionTimestamp !== undefined) replace(pod, []);
    else if (pod.status?.phase !== 'Failed') {
      const isFailing = isTrouble && random() < 0.2;
      const conditions = isFailing ? [] : [{ type: 'Ready', status: 'True' }];
      replace(pod, [{ ...pod, status: { phase: isFailing && random() < 0.5 ? 'Failed' : 'Running', conditions } }]);
    }
  };
  const look = (): Daemons => ({
    daemonSet: set,
    nodes: names.map((name) => nodeOf(`${name}${tainted.has(name) ? ' !x:NoExecute' : ''}`)),
    byNode: podsByNode(pods),
    hash: 'hash',
    now,
  });
  const serves = (pod: Pod): boolean =>
    (pod.status?.conditions?.length ?? 0) > 0 && pod.metadata?.deletionTimestamp === undefined;
  return {
    names,
    pods: () => pods,
    look,
    /** Nodes with a pod that is ready. */
    serving: () => names.filter((name) => (look().byNode.get(name) ?? []).some(serves)).length,
    mostOnNode: () => Math.max(...[...look().byNode.values()].map(({ length }) => length)),
    apply: ({ creations, deletions }: PodChanges): boolean => {
      for (const node of creations) pods.push({ ...podOf(`new-${serial++} ${node}`), status: { phase: 'Pending' } });
      for (const pod of deletions) {
        replace(pod, [{ ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }]);
      }
      return creations.length + deletions.length > 0;
    },
    pass: (isTrouble: boolean): void => {
      for (const pod of [...pods]) if (random() < 0.4) happen(pod, isTrouble);
      if (!isTrouble) tainted.clear();
      const name = names[Math.floor(random() * names.length)] ?? '';
      if (isTrouble && random() < 0.3 && !tainted.delete(name)) tainted.add(name);
    },
  };
}

t.test('whatever happens, each node ends with one new pod, and rollouts keep what they promise', async (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const isSurge = seed % 2 === 0;
    const hasTrouble = seed > 20;
    const limits = isSurge ? { maxSurge: 2, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable: 2 };
    const set = setOf({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: limits } });
    const world = worldOf(set, seeded(seed));
    for (let round = 0; round < 120; round++) {
      if (!world.apply(manage(world.look(), () => undefined))) world.apply(rollingUpdate(world.look()));
      const least = hasTrouble ? 0 : world.names.length - limits.maxUnavailable;
      if (world.serving() < least) t.fail(`seed ${seed}: ${world.serving()} nodes serve`);
      if (world.mostOnNode() > (isSurge ? 3 : 2)) t.fail(`seed ${seed}: ${world.mostOnNode()} pods on a node`);
      world.pass(hasTrouble && round < 60);
    }
    t.ok(world.pods().every(updatedTest(set, 'hash')), `seed ${seed}: all are new`);
    t.strictSame(world.pods().map(targetNode).sort(), world.names, `seed ${seed}: one on each node`);
  }
});
