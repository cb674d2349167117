import t from 'tap';
import type { Clock } from '../../api/clock.ts';
import { SchedulerCache } from './cache.ts';
import { bestNode } from './choose-node.ts';
import { pluginsAt } from './configuration.ts';
import { emptyDiagnosis, failureMessage } from './diagnosis.ts';
import { addExtenderScores, createExtender, filterByExtenders } from './extenders.ts';
import { feasibleNodesToFind } from './find-nodes.ts';
import { type Hint, unresolvable, unschedulable } from './framework.ts';
import { Heap } from './heap.ts';
import { type Node, NodeInfo } from './node-info.ts';
import { Nominator } from './nominator.ts';
import { resourcesFit } from './plugins/resources-fit.ts';
import { type Pod, type PodInfo, podInfoOf } from './pod-info.ts';
import { statusPatch } from './pod-writes.ts';
import { SchedulingQueue } from './queue.ts';
import { ConfigurationError, readConfiguration } from './read-configuration.ts';
import { tolerates } from './taints.ts';
import { bestCandidate, type Candidate, findVictims, type PodDisruptionBudget } from './victims.ts';

interface TestClock extends Clock {
  advance(ms: number): void;
}

function testClock(): TestClock {
  let now = 1_000_000;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    advance: (ms) => {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { callback } of due) callback();
    },
  };
}

function pod(name: string, spec: object = {}, more: object = {}): Pod {
  return {
    metadata: { namespace: 'a', name, uid: name, ...more },
    spec: { schedulerName: 'default-scheduler', containers: [{ name: 'c' }], ...spec },
  } as Pod;
}

function wanting(name: string, cpu: string, priority: number, more: object = {}): PodInfo {
  const containers = [{ name: 'c', resources: { requests: { cpu } } }];
  return podInfoOf(pod(name, { containers, priority }, more));
}

function node(name: string, cpu = '4'): NodeInfo {
  return new NodeInfo({ metadata: { name }, status: { allocatable: { cpu, pods: '10' } } } as Node);
}

t.test('the cache counts pods on their nodes, whichever is seen first', async (t) => {
  const cache = new SchedulerCache();
  const inZone = (name: string, zone: string, image = ''): Node =>
    ({
      metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
      status: { allocatable: { cpu: '4', pods: '10' }, images: image === '' ? [] : [{ names: [image], sizeBytes: 1 }] },
    }) as Node;
  const placed = (name: string, nodeName: string): Pod =>
    pod(name, { nodeName, containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] });
  cache.putPod(placed('early', 'a1'));
  for (const [name, zone] of [
    ['a1', 'a'],
    ['a2', 'a'],
    ['a3', 'a'],
    ['b1', 'b'],
  ] as const)
    cache.putNode(inZone(name, zone, 'app:1'));
  t.same(
    cache.nodes.map(({ name }) => name),
    ['a1', 'b1', 'a2', 'a3'],
    'zones take turns',
  );
  t.equal(cache.node('a1')?.requestedMilliCPU, 1000);
  t.equal(cache.nodesWithImage('app:1'), 4);
  const assumed = wanting('new', '2', 0);
  cache.assume(assumed, 'a1');
  t.equal(cache.node('a1')?.requestedMilliCPU, 3000);
  cache.forget('new');
  t.equal(cache.node('a1')?.requestedMilliCPU, 1000);
  cache.assume(assumed, 'a1');
  cache.putPod(placed('new', 'a2'));
  cache.forget('new');
  t.same(
    [cache.node('a1')?.requestedMilliCPU, cache.node('a2')?.requestedMilliCPU],
    [1000, 1000],
    'what is seen counts',
  );
  cache.removeNode('a1');
  t.same([...cache.podsIn('a')].map(({ info }) => info.name).sort(), ['early', 'new']);
  cache.putNode(inZone('a1', 'b'));
  t.equal(cache.node('a1')?.requestedMilliCPU, 1000, 'the node has come back');
  t.equal(cache.nodesWithImage('app:1'), 3);
  cache.removePod('early');
  t.equal(cache.node('a1')?.requestedMilliCPU, 0);
});

t.test('a heap gives the first, whatever was taken from its middle', async (t) => {
  const heap = new Heap<number>((a, b) => a < b);
  for (const item of [5, 3, 9, 1, 7, 8, 2]) heap.push(item);
  heap.delete(3);
  heap.delete(9);
  t.same([heap.pop(), heap.pop(), heap.pop(), heap.pop(), heap.pop(), heap.pop()], [1, 2, 5, 7, 8, undefined]);
});

function queueOf(
  clock: Clock,
  hints: readonly Hint[] = [],
  gateOf: (pod: PodInfo) => string | undefined = () => undefined,
) {
  const ready = { count: 0 };
  const queue = new SchedulingQueue({
    clock,
    initialBackoffMs: 1000,
    maxBackoffMs: 10_000,
    gateOf,
    hintsOf: () => hints,
    onReady: () => {
      ready.count++;
    },
  });
  return { queue, ready };
}

const nodeAdded = { resource: 'nodes', actions: ['add'], object: undefined, old: undefined } as const;
const fit = new Set(['NodeResourcesFit']);

t.test('the queue gives pods by priority, then by age', async (t) => {
  const clock = testClock();
  const { queue } = queueOf(clock);
  for (const [name, priority] of [
    ['old', 0],
    ['new', 0],
    ['high', 5],
  ] as const) {
    queue.add(pod(name, { priority }));
    clock.advance(1);
  }
  t.same(
    [queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((one) => one?.info.name),
    ['high', 'old', 'new', undefined],
  );
});

t.test('a pod that found no node waits for an event that can help it', async (t) => {
  const clock = testClock();
  const { queue } = queueOf(clock, [{ resource: 'nodes', actions: ['add'], helps: ({ name }) => name === 'helped' }]);
  for (const name of ['helped', 'other']) {
    queue.add(pod(name));
    const queued = queue.pop();
    if (queued !== undefined) queue.failed(queued, fit, queue.moves);
  }
  clock.advance(60_000);
  t.equal(queue.pop(), undefined, 'time alone does not help');
  queue.onEvent({ ...nodeAdded, actions: ['labels'] });
  t.equal(queue.pop(), undefined);
  queue.onEvent(nodeAdded);
  t.equal(queue.pop()?.info.name, 'helped');
  t.equal(queue.pop(), undefined);
  clock.advance(5 * 60_000);
  t.equal(queue.pop()?.info.name, 'other', 'after five minutes it is tried anyhow');
});

t.test('a pod backs off, longer each time, after errors its whole time', async (t) => {
  const clock = testClock();
  const { queue } = queueOf(clock, [{ resource: 'nodes', actions: ['add'] }]);
  queue.add(pod('p'));
  for (const wait of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const queued = queue.pop();
    if (queued === undefined) throw new Error('not there');
    queue.failed(queued, new Set(), queue.moves);
    clock.advance(wait - 1);
    t.equal(queue.pop(), undefined, `before ${wait} ms`);
    clock.advance(1);
  }
  const again = queue.pop();
  if (again === undefined) throw new Error('not there');
  queue.failed(again, fit, queue.moves);
  queue.onEvent(nodeAdded);
  t.equal(queue.counts.backoff, 1);
  t.equal(queue.pop()?.info.name, 'p', 'with nothing else to do it is tried early');
});

t.test('an event during an attempt is not missed', async (t) => {
  const { queue } = queueOf(testClock());
  queue.add(pod('p'));
  const before = queue.moves;
  const queued = queue.pop();
  queue.onEvent(nodeAdded);
  if (queued !== undefined) queue.failed(queued, fit, before);
  t.equal(queue.pop()?.info.name, 'p');
});

t.test('a pod that is held back is tried when its gate opens', async (t) => {
  const gates = { closed: true };
  const { queue } = queueOf(testClock(), [{ resource: 'pods', actions: ['gates'] }], () =>
    gates.closed ? 'SchedulingGates' : undefined,
  );
  queue.add(pod('p'));
  t.equal(queue.pop(), undefined);
  gates.closed = false;
  queue.update(pod('p'), [{ resource: 'pods', actions: ['gates'], object: undefined, old: undefined }]);
  t.equal(queue.pop()?.info.name, 'p');
});

t.test(
  'victims: as few as possible, the least important, and none that a budget protects if it can be helped',
  async (t) => {
    const plugin = resourcesFit({
      ignoredResources: [],
      ignoredResourceGroups: [],
      scoringStrategy: { type: 'LeastAllocated', resources: [], shape: [] },
    });
    const search = (cpu: string, pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[] = []): string => {
      const on = node('n');
      for (const one of pods) on.addPod(one);
      const preemptor = wanting('new', cpu, 100);
      const step = plugin.filter?.(preemptor, [])?.step;
      const found = findVictims({
        pod: preemptor,
        node: on,
        steps: step === undefined ? [] : [step],
        nominator: new Nominator(),
        budgets,
      });
      if (!('victims' in found)) return found.reasons.join();
      return `${found.victims.map(({ name }) => name).join(' ')}${found.violations === 0 ? '' : ` !${found.violations}`}`;
    };
    const labels = { app: 'x' };
    const pods = [wanting('low', '2', 1), wanting('mid', '1', 50, { labels }), wanting('high', '1', 200)];
    const budget = {
      metadata: { namespace: 'a' },
      spec: { selector: { matchLabels: labels } },
      status: { disruptionsAllowed: 0 },
    } as PodDisruptionBudget;
    t.equal(search('2', pods), 'low');
    t.equal(search('3', pods), 'mid low');
    t.equal(search('4', pods), 'Insufficient cpu');
    t.equal(search('1', pods.slice(2)), 'No preemption victims found for incoming pod');
    t.equal(search('3', pods, [budget]), 'mid low !1');
    const equal = [wanting('one', '2', 1, { labels }), wanting('two', '2', 1)];
    t.equal(search('2', equal, [budget]), 'two', 'the protected one is kept');
  },
);

t.test('candidates: fewest violations, lowest priorities, fewest pods, latest start', async (t) => {
  const candidate = (name: string, violations: number, ...victims: (readonly [number, string])[]): Candidate => ({
    node: node(name),
    violations,
    victims: victims.map(([priority, startTime]) =>
      podInfoOf({ ...pod('v', { priority }), status: { startTime } } as Pod),
    ),
  });
  const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
  const table: [Candidate[], string][] = [
    [[candidate('a', 1, [1, early]), candidate('b', 0, [9, early])], 'b'],
    [[candidate('a', 0, [2, early]), candidate('b', 0, [1, early])], 'b'],
    [[candidate('a', 0, [2, early], [2, early]), candidate('b', 0, [2, early], [1, early])], 'b'],
    [[candidate('a', 0, [2, early], [-9, early]), candidate('b', 0, [2, early])], 'b'],
    [[candidate('a', 0, [2, early]), candidate('b', 0, [2, late])], 'b'],
    [[candidate('a', 0, [2, early]), candidate('b', 0, [2, early])], 'a'],
  ];
  for (const [candidates, expected] of table) t.equal(bestCandidate(candidates)?.node.name, expected);
});

t.test('messages count reasons in the order of their text', async (t) => {
  const diagnosis = emptyDiagnosis(12);
  diagnosis.rejections.set('a', unschedulable('x', 'Insufficient memory', 'Insufficient cpu'));
  diagnosis.rejections.set('b', unschedulable('x', 'Insufficient cpu'));
  diagnosis.absent = unresolvable('y', 'node(s) were unschedulable');
  diagnosis.postFilterMessage = 'preemption: no.';
  t.equal(
    failureMessage(diagnosis),
    '0/12 nodes are available: 1 Insufficient memory, 10 node(s) were unschedulable, 2 Insufficient cpu. preemption: no.',
  );
  diagnosis.preFilterMessage = 'pod has unbound immediate PersistentVolumeClaims';
  t.equal(
    failureMessage(diagnosis),
    '0/12 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: no.',
  );
});

t.test('of equally good nodes one is chosen by chance, the same under the same seed', async (t) => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));
  const seeded = (seed: number) => {
    let state = seed;
    const next = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    return { next, uuid: () => '' };
  };
  const run = (seed: number): string => {
    const random = seeded(seed);
    return Array.from({ length: 20 }, () => bestNode(nodes, [7, 7, 3, 7], random)?.name).join('');
  };
  t.equal(run(1), run(1));
  t.not(run(1), run(2));
  t.same([...new Set(run(1))].sort(), ['a', 'b', 'd']);
});

t.test('in large clusters not all nodes are looked at', async (t) => {
  const table: [number | undefined, number, number][] = [
    [undefined, 99, 99],
    [undefined, 1000, 420],
    [0, 5000, 500],
    [undefined, 6000, 300],
    [30, 5000, 1500],
    [1, 5000, 100],
    [100, 5000, 5000],
  ];
  for (const [percentage, count, expected] of table) t.equal(feasibleNodesToFind(percentage, count), expected);
});

t.test('a status is written only when it says something new', async (t) => {
  const clock = testClock();
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'm' };
  const first = statusPatch(pod('p', {}, { generation: 3 }), { condition }, clock);
  t.same(first, {
    metadata: { uid: 'p' },
    status: { conditions: [{ ...condition, observedGeneration: 3, lastTransitionTime: '1970-01-01T00:16:40Z' }] },
  });
  const told = { ...pod('p'), status: { conditions: [condition], nominatedNodeName: 'n' } } as Pod;
  t.equal(statusPatch(told, { condition, nominatedNodeName: 'n' }, clock), undefined);
  t.same(statusPatch(told, { nominatedNodeName: '' }, clock), {
    metadata: { uid: 'p' },
    status: { nominatedNodeName: null },
  });
});

t.test('configuration: plugins of an extension point', async (t) => {
  const names = (plugins: object): string[] =>
    pluginsAt('score', { plugins }).map(({ name, weight }) => `${name} ${weight}`);
  const standard = names({});
  t.ok(standard.includes('TaintToleration 3'));
  t.notOk(names({ score: { disabled: [{ name: 'TaintToleration' }] } }).includes('TaintToleration 3'));
  t.same(names({ score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeAffinity', weight: 7 }] } }), [
    'NodeAffinity 7',
  ]);
  t.same(names({ multiPoint: { disabled: [{ name: '*' }], enabled: [{ name: 'ImageLocality', weight: 4 }] } }), [
    'ImageLocality 4',
  ]);
  const config = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' };
  t.same(readConfiguration(config), config);
  const bad: object[] = [
    {},
    { ...config, percentageOfNodesToScore: 101 },
    { ...config, podInitialBackoffSeconds: 20 },
    { ...config, profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
    { ...config, profiles: [{}, { schedulerName: 'a' }] },
    { ...config, profiles: [{ plugins: { score: { enabled: [{ name: 'Nobody' }] } } }] },
    { ...config, profiles: [{ plugins: { later: {} } }] },
  ];
  for (const one of bad) t.throws(() => readConfiguration(one), ConfigurationError);
});

t.test('extenders filter, score and bind', async (t) => {
  const asked: string[] = [];
  const post = async (url: string, body: unknown): Promise<unknown> => {
    asked.push(url);
    if (url.endsWith('filter')) return { nodenames: ['a', 'b'], failedNodes: { c: 'too far' } };
    if (url.endsWith('score')) return [{ host: 'b', Score: 3 }];
    return { Error: (body as { Node: string }).Node === 'b' ? '' : 'no' };
  };
  const extender = createExtender(
    {
      urlPrefix: 'http://x/',
      filterVerb: 'filter',
      prioritizeVerb: 'score',
      bindVerb: 'bind',
      weight: 2,
      nodeCacheCapable: true,
    },
    post,
  );
  const nodes = ['a', 'b', 'c'].map((name) => node(name));
  const given = wanting('p', '1', 0);
  const diagnosis = emptyDiagnosis(3);
  const left = await filterByExtenders([extender], given, nodes, diagnosis);
  t.same(
    left.map(({ name }) => name),
    ['a', 'b'],
  );
  t.equal(failureMessage(diagnosis), '0/3 nodes are available: 1 too far.');
  t.same(await addExtenderScores([extender], given, left, [50, 1]), [50, 61]);
  await extender.bind?.(given, 'b');
  await t.rejects(async () => extender.bind?.(given, 'a'), { message: 'no' });
  t.same(asked.slice(0, 3), ['http://x/filter', 'http://x/score', 'http://x/bind']);
  const managing = createExtender({ urlPrefix: 'http://x', managedResources: [{ name: 'example.com/gpu' }] }, post);
  t.equal(managing.isInterested(given), false);
});

t.test('tolerations', async (t) => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  const table: [object, boolean][] = [
    [{ key: 'k', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'k', value: 'v', effect: 'NoExecute' }, false],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ key: 'k', operator: 'Gt', value: '1' }, false],
  ];
  for (const [toleration, expected] of table) t.equal(tolerates(toleration, taint), expected);
});
