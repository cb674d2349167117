import t from 'tap';
import type { KubeObject } from '../../../api/object.ts';
import type { Informers } from '../../client/informers.ts';
import { keyOf } from '../../client/object-key.ts';
import { SchedulerCache } from '../cache.ts';
import { scoreNodes } from '../choose-node.ts';
import { filterNode, prepareSteps } from '../find-nodes.ts';
import type { Plugin } from '../framework.ts';
import type { Node } from '../node-info.ts';
import { Nominator } from '../nominator.ts';
import { type Pod, podInfoOf } from '../pod-info.ts';
import { createPlugin } from './registry.ts';
import { createVolumeLookups } from './volume-lookups.ts';

/** Informers that never change: what is there by resource. */
function fixed(objects: Readonly<Record<string, readonly object[]>>): Informers {
  return {
    of: ({ resource }: { readonly resource: string }) => {
      const all = (objects[resource] ?? []) as readonly KubeObject[];
      return {
        get: (key: string) => all.find((object) => keyOf(object) === key),
        list: (namespace?: string) =>
          all.filter(({ metadata }) => namespace === undefined || metadata?.namespace === namespace),
        index: () => undefined,
        by: (_index: string, value: string) =>
          all.filter((object) => (object as { spec?: { nodeName?: string } }).spec?.nodeName === value),
        subscribe: () => ({ [Symbol.dispose]: () => undefined }),
      };
    },
  } as unknown as Informers;
}

const roomy = { cpu: '4', memory: '8Gi', pods: '10' };

function node(name: string, more: { labels?: Record<string, string>; spec?: object; status?: object } = {}): Node {
  const { labels = {}, spec = {}, status = {} } = more;
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { allocatable: roomy, ...status },
  } as Node;
}

let uids = 0;
function pod(spec: object = {}, metadata: object = {}, status: object = {}): Pod {
  const uid = `uid-${uids++}`;
  return {
    metadata: { namespace: 'a', name: uid, uid, ...metadata },
    spec: { containers: [{ name: 'c' }], ...spec },
    status,
  } as Pod;
}

function wanting(requests: Record<string, string>, more: object = {}): Pod {
  return pod({ containers: [{ name: 'c', resources: { requests } }], ...more });
}

interface World {
  readonly nodes: readonly Node[];
  readonly pods?: readonly Pod[];
  readonly objects?: Readonly<Record<string, readonly object[]>>;
  readonly args?: unknown;
}

function build(name: string, { nodes, pods = [], objects = {}, args }: World) {
  const cache = new SchedulerCache();
  for (const one of nodes) cache.putNode(one);
  for (const one of pods) cache.putPod(one);
  const informers = fixed(objects);
  const deps = { cache, informers, lookups: createVolumeLookups(informers), ignoredResources: [] };
  const plugin = createPlugin(name, args, deps as unknown as Parameters<typeof createPlugin>[2]);
  if (plugin === undefined) throw new Error(name);
  return { cache, plugin };
}

/** What the plugin says of each node: its reasons, or 'ok'; one text where it turns the pod away at once. */
function verdicts(name: string, given: Pod, world: World): string | Record<string, string> {
  const { cache, plugin } = build(name, world);
  const info = podInfoOf(given);
  const { steps, rejection } = prepareSteps([plugin], info, cache.nodes);
  if (rejection !== undefined) return rejection.reasons.join(', ');
  const found: Record<string, string> = {};
  for (const one of cache.nodes) {
    const why = filterNode(steps, info, one, new Nominator());
    found[one.name] = why === undefined ? 'ok' : `${why.reasons.join(', ')}${why.isUnresolvable ? ' (final)' : ''}`;
  }
  return found;
}

function scores(name: string, given: Pod, world: World): Record<string, number> {
  const { cache, plugin } = build(name, world);
  const nodes = [...cache.nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const totals = scoreNodes([{ plugin: plugin as Plugin, weight: 1 }], podInfoOf(given), nodes);
  return Object.fromEntries(nodes.map((one, i) => [one.name, totals[i] ?? 0]));
}

function on(nodeName: string, given: Pod): Pod {
  return { ...given, spec: { ...given.spec, nodeName } } as Pod;
}

t.test('resources: what a node lacks is named, and final when the node is too small', async (t) => {
  const full = on('n', wanting({ cpu: '3', memory: '1Gi' }));
  const table: [string, Pod, string][] = [
    ['fits', wanting({ cpu: '1' }), 'ok'],
    ['cpu is taken', wanting({ cpu: '2' }), 'Insufficient cpu'],
    ['cpu is too little', wanting({ cpu: '5' }), 'Insufficient cpu (final)'],
    ['several', wanting({ cpu: '2', memory: '7500Mi' }), 'Insufficient cpu, Insufficient memory'],
    ['extended', wanting({ 'example.com/gpu': '1' }), 'Insufficient example.com/gpu (final)'],
    ['overhead counts', wanting({ cpu: '500m' }, { overhead: { cpu: '600m' } }), 'Insufficient cpu'],
    ['nothing asked for', pod(), 'ok'],
    [
      'an init container asks for more',
      pod({
        initContainers: [{ name: 'i', resources: { requests: { cpu: '2' } } }],
        containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
      }),
      'Insufficient cpu',
    ],
    [
      'a sidecar adds to the containers',
      pod({
        initContainers: [{ name: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '600m' } } }],
        containers: [{ name: 'c', resources: { requests: { cpu: '500m' } } }],
      }),
      'Insufficient cpu',
    ],
    [
      'requests of the pod as a whole replace those of containers',
      pod({
        resources: { requests: { cpu: '1' } },
        containers: [{ name: 'c', resources: { requests: { cpu: '2' } } }],
      }),
      'ok',
    ],
  ];
  for (const [name, given, n] of table)
    t.same(verdicts('NodeResourcesFit', given, { nodes: [node('n')], pods: [full] }), { n }, name);
  const tiny = node('n', { status: { allocatable: { pods: '1', cpu: '9', memory: '9Gi' } } });
  t.same(verdicts('NodeResourcesFit', pod(), { nodes: [tiny], pods: [full] }), { n: 'Too many pods' });
});

t.test('resources: scoring strategies', async (t) => {
  const nodes = [node('empty'), node('half')];
  const pods = [on('half', wanting({ cpu: '2', memory: '4Gi' }))];
  const given = wanting({ cpu: '1', memory: '2Gi' });
  t.same(scores('NodeResourcesFit', given, { nodes, pods }), { empty: 75, half: 25 });
  const most = { scoringStrategy: { type: 'MostAllocated' } };
  t.same(scores('NodeResourcesFit', given, { nodes, pods, args: most }), { empty: 25, half: 75 });
  const shape = [
    { utilization: 0, score: 0 },
    { utilization: 100, score: 10 },
  ];
  const ratio = { scoringStrategy: { type: 'RequestedToCapacityRatio', requestedToCapacityRatio: { shape } } };
  t.same(scores('NodeResourcesFit', given, { nodes, pods, args: ratio }), { empty: 25, half: 75 });
  const uneven = [on('half', wanting({ cpu: '2' }))];
  t.same(scores('NodeResourcesBalancedAllocation', wanting({ memory: '4Gi' }), { nodes, pods: uneven }), {
    empty: 62,
    half: 87,
  });
});

t.test('rules of single nodes', async (t) => {
  const cordoned = node('n', { spec: { unschedulable: true } });
  t.same(verdicts('NodeUnschedulable', pod(), { nodes: [cordoned] }), { n: 'node(s) were unschedulable (final)' });
  const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }];
  t.same(verdicts('NodeUnschedulable', pod({ tolerations }), { nodes: [cordoned] }), { n: 'ok' });
  const nodes = [node('n'), node('m')];
  t.same(verdicts('NodeName', pod({ nodeName: 'm' }), { nodes }), {
    n: "node(s) didn't match the requested node name (final)",
    m: 'ok',
  });
  const tainted = (effect: string): Node => node('n', { spec: { taints: [{ key: 'k', value: 'v', effect }] } });
  const bad = { n: 'node(s) had untolerated taint(s) (final)' };
  t.same(verdicts('TaintToleration', pod(), { nodes: [tainted('NoSchedule')] }), bad);
  t.same(verdicts('TaintToleration', pod(), { nodes: [tainted('PreferNoSchedule')] }), { n: 'ok' });
  const other = pod({ tolerations: [{ key: 'k', operator: 'Equal', value: 'w' }] });
  t.same(verdicts('TaintToleration', other, { nodes: [tainted('NoExecute')] }), bad);
  const right = pod({ tolerations: [{ key: 'k', operator: 'Equal', value: 'v' }] });
  t.same(verdicts('TaintToleration', right, { nodes: [tainted('NoExecute')] }), { n: 'ok' });
  const pair = [tainted('PreferNoSchedule'), node('m')];
  t.same(scores('TaintToleration', pod(), { nodes: pair }), { m: 100, n: 0 });
});

t.test('ports of the host', async (t) => {
  const using = (hostPort: number, hostIP?: string, protocol = 'TCP'): Pod =>
    pod({ containers: [{ name: 'c', ports: [{ hostPort, protocol, ...(hostIP === undefined ? {} : { hostIP }) }] }] });
  const taken = "node(s) didn't have free ports for the requested pod ports";
  const table: [Pod, Pod, string][] = [
    [using(80), using(80), taken],
    [using(80), using(81), 'ok'],
    [using(80), using(80, undefined, 'UDP'), 'ok'],
    [using(80, '127.0.0.1'), using(80, '127.0.0.2'), 'ok'],
    [using(80, '127.0.0.1'), using(80, '0.0.0.0'), taken],
    [using(80, '127.0.0.1'), using(80), taken],
  ];
  for (const [there, given, n] of table)
    t.same(verdicts('NodePorts', given, { nodes: [node('n')], pods: [on('n', there)] }), { n });
});

t.test('node affinity', async (t) => {
  const nodes = [node('n', { labels: { disk: 'ssd', size: '5' } }), node('m', { labels: { disk: 'hdd' } })];
  const no = "node(s) didn't match Pod's node affinity/selector (final)";
  const required = (...nodeSelectorTerms: object[]): Pod =>
    pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
  const expressions = (...matchExpressions: object[]): object => ({ matchExpressions });
  const table: [Pod, Record<string, string>][] = [
    [pod({ nodeSelector: { disk: 'ssd' } }), { n: 'ok', m: no }],
    [required(expressions({ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] })), { n: 'ok', m: no }],
    [required(expressions({ key: 'size', operator: 'Gt', values: ['4'] })), { n: 'ok', m: no }],
    [required(expressions({ key: 'size', operator: 'Lt', values: ['4'] })), { n: no, m: no }],
    [required(expressions({ key: 'size', operator: 'DoesNotExist' })), { n: no, m: 'ok' }],
    [required({}), { n: no, m: no }],
    [required({}, expressions({ key: 'disk', operator: 'Exists' })), { n: 'ok', m: 'ok' }],
    [required({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n'] }] }), { n: no, m: 'ok' }],
  ];
  for (const [given, expected] of table) t.same(verdicts('NodeAffinity', given, { nodes }), expected);
  const named = (...values: string[][]): Pod =>
    required({ matchFields: values.map((one) => ({ key: 'metadata.name', operator: 'In', values: one })) });
  t.equal(verdicts('NodeAffinity', named(['n'], ['m']), { nodes }), 'pod affinity terms conflict');
  const { cache, plugin } = build('NodeAffinity', { nodes });
  t.same([...(prepareSteps([plugin], podInfoOf(named(['n'])), cache.nodes).nodeNames ?? [])], ['n']);
  const preferred = (weight: number, value: string): object => ({
    weight,
    preference: expressions({ key: 'disk', operator: 'In', values: [value] }),
  });
  const wishing = pod({
    affinity: {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preferred(50, 'ssd'), preferred(10, 'hdd')] },
    },
  });
  t.same(scores('NodeAffinity', wishing, { nodes }), { m: 20, n: 100 });
  const enforced = {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [expressions({ key: 'disk', operator: 'In', values: ['hdd'] })],
    },
  };
  t.same(verdicts('NodeAffinity', pod(), { nodes, args: { addedAffinity: enforced } }), {
    n: "node(s) didn't match scheduler-enforced node affinity (final)",
    m: 'ok',
  });
});

const zone = 'topology.kubernetes.io/zone';
const inZone = (name: string, value: string): Node => node(name, { labels: { [zone]: value } });
const app = (name: string): object => ({ labels: { app: name } });
const selectsApp = (name: string): object => ({ matchLabels: { app: name } });

t.test('topology spread', async (t) => {
  const nodes = [inZone('a1', 'a'), inZone('a2', 'a'), inZone('b1', 'b'), node('bare')];
  const pods = [on('a1', pod({}, app('x'))), on('a2', pod({}, app('x'))), on('b1', pod({}, app('x')))];
  const constrained = (constraint: object, more: object = {}): Pod =>
    pod(
      {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: zone,
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: selectsApp('x'),
            ...constraint,
          },
        ],
        ...more,
      },
      app('x'),
    );
  const no = "node(s) didn't match pod topology spread constraints";
  const bare = `${no} (missing required label) (final)`;
  const name = 'PodTopologySpread';
  t.same(verdicts(name, constrained({}), { nodes, pods }), { a1: no, a2: no, b1: 'ok', bare });
  t.same(verdicts(name, constrained({ maxSkew: 2 }), { nodes, pods }), { a1: 'ok', a2: 'ok', b1: 'ok', bare });
  t.same(verdicts(name, constrained({ minDomains: 3 }), { nodes, pods }), { a1: no, a2: no, b1: no, bare });
  const toA = { nodeSelector: { [zone]: 'a' } };
  t.same(verdicts(name, constrained({}, toA), { nodes, pods }), { a1: 'ok', a2: 'ok', b1: 'ok', bare });
  const ignoring = constrained({ nodeAffinityPolicy: 'Ignore' }, toA);
  t.same(verdicts(name, ignoring, { nodes, pods }), { a1: no, a2: no, b1: 'ok', bare });
  const byVersion = pod(
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: zone,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: selectsApp('x'),
          matchLabelKeys: ['v'],
        },
      ],
    },
    { labels: { app: 'x', v: '2' } },
  );
  t.same(verdicts(name, byVersion, { nodes, pods }), { a1: 'ok', a2: 'ok', b1: 'ok', bare });
  const tainted = { ...inZone('b1', 'b'), spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } } as Node;
  const honoring = constrained({ nodeTaintsPolicy: 'Honor' });
  const some = [inZone('a1', 'a'), tainted];
  t.same(verdicts(name, honoring, { nodes: some, pods: pods.slice(0, 1) }), { a1: 'ok', b1: 'ok' });
  t.same(verdicts(name, constrained({}), { nodes: some, pods: pods.slice(0, 1) }), { a1: no, b1: 'ok' });
  const soft = constrained({ whenUnsatisfiable: 'ScheduleAnyway' });
  t.same(scores(name, soft, { nodes, pods }), { a1: 33, a2: 33, b1: 100, bare: 0 });
  const services = [{ metadata: { namespace: 'a', name: 's' }, spec: { selector: { app: 'x' } } }];
  const zones = [inZone('a1', 'a'), inZone('b1', 'b')];
  const byDefault = scores(name, pod({}, app('x')), { nodes: zones, pods: pods.slice(0, 2), objects: { services } });
  t.ok((byDefault['b1'] ?? 0) > (byDefault['a1'] ?? 0), 'pods of a Service are spread without being told to');
});

t.test('affinity between pods', async (t) => {
  const nodes = [inZone('a1', 'a'), inZone('b1', 'b')];
  const name = 'InterPodAffinity';
  const term = (value: string, more: object = {}): object => ({
    topologyKey: zone,
    labelSelector: selectsApp(value),
    ...more,
  });
  const near = (...terms: object[]): object => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
  });
  const far = (...terms: object[]): object => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
  });
  const pods = [on('a1', pod({}, app('x')))];
  const notNear = "node(s) didn't match pod affinity rules (final)";
  const tooNear = "node(s) didn't match pod anti-affinity rules";
  t.same(verdicts(name, pod(near(term('x'))), { nodes, pods }), { a1: 'ok', b1: notNear });
  t.same(verdicts(name, pod(near(term('y'))), { nodes, pods }), { a1: notNear, b1: notNear });
  t.same(
    verdicts(name, pod(near(term('y')), app('y')), { nodes, pods }),
    { a1: 'ok', b1: 'ok' },
    'the first of its group',
  );
  t.same(verdicts(name, pod(far(term('x'))), { nodes, pods }), { a1: tooNear, b1: 'ok' });
  const hostile = [on('a1', pod(far(term('z'))))];
  t.same(verdicts(name, pod({}, app('z')), { nodes, pods: hostile }), {
    a1: "node(s) didn't satisfy existing pods anti-affinity rules",
    b1: 'ok',
  });
  const namespaces = [
    { metadata: { name: 'a', labels: { team: 'one' } } },
    { metadata: { name: 'b', labels: { team: 'two' } } },
  ];
  const elsewhere = pod(near(term('x', { namespaceSelector: { matchLabels: { team: 'one' } } })), { namespace: 'b' });
  t.same(verdicts(name, elsewhere, { nodes, pods, objects: { namespaces } }), { a1: 'ok', b1: notNear });
  const own = pod(near(term('x')), { namespace: 'b' });
  t.same(verdicts(name, own, { nodes, pods, objects: { namespaces } }), { a1: notNear, b1: notNear });
  const wish = (kind: string): object => ({
    affinity: {
      [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: term('x') }] },
    },
  });
  t.same(scores(name, pod(wish('podAffinity')), { nodes, pods }), { a1: 100, b1: 0 });
  t.same(scores(name, pod(wish('podAntiAffinity')), { nodes, pods }), { a1: 0, b1: 100 });
  const drawn = [on('b1', pod(near(term('q'))))];
  t.same(
    scores(name, pod({}, app('q')), { nodes, pods: drawn }),
    { a1: 0, b1: 100 },
    'required affinity of others draws',
  );
});

t.test('images that are there already', async (t) => {
  const image = { names: ['registry.example/app:1'], sizeBytes: 500 * 2 ** 20 };
  const nodes = [node('n', { status: { images: [image] } }), node('m')];
  const given = pod({ containers: [{ name: 'c', image: 'registry.example/app:1' }] });
  t.same(scores('ImageLocality', given, { nodes }), { m: 0, n: 23 });
});

t.test('volumes', async (t) => {
  const claiming = (claimName: string): Pod => pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] });
  const claim = (name: string, spec: object, annotations: Record<string, string> = {}): KubeObject =>
    ({ metadata: { namespace: 'a', name, annotations, uid: name }, spec }) as KubeObject;
  const done = { 'pv.kubernetes.io/bind-completed': 'yes' };
  const inA = {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: ['a'] }] }] },
  };
  const nodes = [inZone('a1', 'a'), inZone('b1', 'b')];
  const objects: Record<string, readonly object[]> = {
    persistentvolumeclaims: [
      claim('bound', { volumeName: 'pv-a' }, done),
      claim('lost', { volumeName: 'gone' }, done),
      claim('now', { storageClassName: 'fast' }),
      claim('later', { storageClassName: 'wait', resources: { requests: { storage: '1Gi' } } }),
      claim('made', { storageClassName: 'dynamic', resources: { requests: { storage: '1Gi' } } }),
      claim('chosen', { storageClassName: 'dynamic' }, { 'volume.kubernetes.io/selected-node': 'b1' }),
      claim('alone', { volumeName: 'pv-a', accessModes: ['ReadWriteOncePod'] }, done),
      claim('zoned', { volumeName: 'pv-zone' }, done),
    ],
    persistentvolumes: [
      { metadata: { name: 'pv-a' }, spec: { nodeAffinity: inA } },
      { metadata: { name: 'pv-zone', labels: { [zone]: 'b' } }, spec: {} },
      {
        metadata: { name: 'pv-free' },
        spec: { storageClassName: 'wait', capacity: { storage: '2Gi' }, nodeAffinity: inA },
        status: { phase: 'Available' },
      },
    ],
    storageclasses: [
      { metadata: { name: 'fast' }, provisioner: 'x.example.com', volumeBindingMode: 'Immediate' },
      {
        metadata: { name: 'wait' },
        provisioner: 'kubernetes.io/no-provisioner',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
      {
        metadata: { name: 'dynamic' },
        provisioner: 'x.example.com',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
    ],
  };
  const world = { nodes, objects };
  const noVolume = "node(s) didn't find available persistent volumes to bind (final)";
  const table: [string, string, string | Record<string, string>][] = [
    ['VolumeBinding', 'bound', { a1: 'ok', b1: "node(s) didn't match PersistentVolume's node affinity (final)" }],
    ['VolumeBinding', 'none', 'persistentvolumeclaim "none" not found'],
    ['VolumeBinding', 'now', 'pod has unbound immediate PersistentVolumeClaims'],
    ['VolumeBinding', 'later', { a1: 'ok', b1: noVolume }],
    ['VolumeBinding', 'made', { a1: 'ok', b1: 'ok' }],
    ['VolumeBinding', 'chosen', { a1: noVolume, b1: 'ok' }],
    ['VolumeZone', 'zoned', { a1: 'node(s) had no available volume zone (final)', b1: 'ok' }],
    ['VolumeRestrictions', 'none', 'persistentvolumeclaim "none" not found'],
  ];
  for (const [name, claimName, expected] of table)
    t.same(verdicts(name, claiming(claimName), world), expected, `${name} ${claimName}`);
  const lostText = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s) (final)';
  t.same(verdicts('VolumeBinding', claiming('lost'), world), { a1: lostText, b1: lostText });
  const inUse =
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
  t.same(verdicts('VolumeRestrictions', claiming('alone'), { ...world, pods: [on('a1', claiming('alone'))] }), {
    a1: inUse,
    b1: inUse,
  });
});
