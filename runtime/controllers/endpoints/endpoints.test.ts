import { test } from 'tap';
import { addNearHints, removeHints, type SliceSet, sliceSet } from './hints.ts';
import type { DesiredSlice, EndpointSlice, EndpointSubset, Endpoints, Node, Pod, Service } from './kinds.ts';
import { planMirror } from './mirrored-slices.ts';
import { endpointPortsOf } from './pod-endpoint.ts';
import { planEndpoints, subsetsOf } from './service-endpoints.ts';
import { addressTypesOf, planSlices } from './service-slices.ts';
import { recycle } from './slice-packing.ts';
import { SliceTracker } from './slice-tracker.ts';
import { repackSubsets, truncated } from './subsets.ts';
import { TriggerTimes } from './trigger-times.ts';
import { zoneRatios } from './zone-allocation.ts';
import { ZoneHints } from './zone-hints.ts';

function service(spec: object = {}, metadata: object = {}): Service {
  return {
    metadata: { name: 's', namespace: 'n', uid: 'su', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: {
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      selector: { app: 'a' },
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...spec,
    },
  } as Service;
}

interface PodState {
  readonly ready?: boolean;
  readonly ips?: readonly string[];
  readonly deleting?: boolean;
  readonly phase?: string;
  readonly spec?: object;
}

function pod(name: string, { ready = true, ips = [`10.1.0.${name}`], deleting, phase, spec }: PodState = {}): Pod {
  return {
    metadata: {
      name: `p${name}`,
      namespace: 'n',
      uid: `u${name}`,
      labels: { app: 'a' },
      ...(deleting === true ? { deletionTimestamp: '2026-01-01T00:00:09Z' } : {}),
    },
    spec: { nodeName: 'node', containers: [], ...spec },
    status: {
      phase: phase ?? 'Running',
      podIP: ips[0] ?? '',
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:05Z' }],
    },
  } as Pod;
}

const node: Node = { metadata: { name: 'node', labels: { 'topology.kubernetes.io/zone': 'z' } } };

function plan(svc: Service, pods: readonly Pod[], existing: readonly EndpointSlice[] = []) {
  return planSlices({
    service: svc,
    pods,
    existing,
    type: 'IPv4',
    nodeOf: (name) => (name === 'node' ? node : undefined),
  });
}

function stored(slice: DesiredSlice, name: string): EndpointSlice {
  return { ...slice, metadata: { ...slice.metadata, name, uid: name, generation: 1 } };
}

test('an endpoint says whether its pod is ready, serving or terminating, and where it is', async (t) => {
  const cases: [PodState, object, Partial<NonNullable<Service['spec']>>][] = [
    [{}, { ready: true, serving: true, terminating: false }, {}],
    [{ ready: false }, { ready: false, serving: false, terminating: false }, {}],
    [{ deleting: true }, { ready: false, serving: true, terminating: true }, {}],
    [{ ready: false }, { ready: true, serving: false, terminating: false }, { publishNotReadyAddresses: true }],
    [{ deleting: true }, { ready: true, serving: true, terminating: true }, { publishNotReadyAddresses: true }],
  ];
  for (const [state, conditions, spec] of cases) {
    const [slice] = plan(service(spec), [pod('1', state)]).create;
    t.match(slice?.endpoints, [{ conditions, nodeName: 'node', zone: 'z', targetRef: { kind: 'Pod', uid: 'u1' } }]);
  }
  t.strictSame(plan(service(), [pod('1', { phase: 'Succeeded' }), pod('2', { ips: [] })]).create[0]?.endpoints, []);
});

test('a slice bears the labels of its Service and belongs to it', async (t) => {
  const [slice] = plan(service({ clusterIP: 'None' }, { labels: { l: 'v', 'kubernetes.io/service-name': 'x' } }), [
    pod('1'),
  ]).create;
  t.strictSame(slice?.metadata?.labels, {
    l: 'v',
    'service.kubernetes.io/headless': '',
    'kubernetes.io/service-name': 's',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  });
  t.match(slice, { metadata: { generateName: 's-', ownerReferences: [{ kind: 'Service', uid: 'su' }] } });
});

test('ports are found by name, in sidecars too, and pods with other numbers come into other slices', async (t) => {
  const named = service({ ports: [{ name: 'a', port: 1, targetPort: 'web', protocol: 'TCP', appProtocol: 'h2c' }] });
  const container = (port: number): object => ({ ports: [{ name: 'web', protocol: 'TCP', containerPort: port }] });
  const pods = [
    pod('1', { spec: { containers: [container(81)] } }),
    pod('2', { spec: { containers: [], initContainers: [{ restartPolicy: 'Always', ...container(82) }] } }),
    pod('3', { spec: { containers: [], initContainers: [container(83)] } }),
  ];
  t.strictSame(
    pods.map((each) => endpointPortsOf(named, each).map(({ port }) => port)),
    [[81], [82], []],
  );
  t.strictSame(
    plan(named, pods).create.map(({ ports, endpoints }) => [ports?.map(({ port }) => port), endpoints.length]),
    [
      [[81], 1],
      [[82], 1],
      [[], 1],
    ],
  );
  t.match(plan(named, pods).create[0]?.ports, [{ appProtocol: 'h2c', name: 'a' }]);
});

test('a Service has a slice for each family and of the families it has', async (t) => {
  t.strictSame(addressTypesOf(service({ ipFamilies: ['IPv6', 'IPv4'] })), ['IPv6', 'IPv4']);
  t.strictSame(addressTypesOf(service({ ipFamilies: undefined, clusterIP: 'fd00::1' })), ['IPv6']);
  t.strictSame(addressTypesOf(service({ ipFamilies: undefined, clusterIP: 'None' })), ['IPv4', 'IPv6']);
  const dual = pod('1', { ips: ['10.1.0.1', 'fd00::0:9'] });
  const nodeOf = (): Node => node;
  const [six] = planSlices({ service: service(), pods: [dual], existing: [], type: 'IPv6', nodeOf }).create;
  t.match(six, { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::9'] }] });
});

test('slices hold 100 endpoints; what is there stays, and what is changed anyway is filled first', async (t) => {
  const many = (from: number, to: number): Pod[] =>
    Array.from({ length: to - from }, (_, i) =>
      pod(String(from + i), { ips: [`10.1.${(from + i) >> 8}.${(from + i) & 255}`] }),
    );
  const svc = service();
  const first = plan(svc, many(0, 250));
  t.strictSame(
    first.create.map(({ endpoints }) => endpoints.length),
    [100, 100, 50],
  );
  const present = first.create.map((slice, i) => stored(slice, `x${i}`));
  t.strictSame(plan(svc, many(0, 250), present), { create: [], update: [], delete: [], problems: [] });
  const grown = plan(svc, many(0, 260), present);
  t.strictSame(
    [grown.create.length, grown.update.map(({ metadata, endpoints }) => [metadata?.name, endpoints.length])],
    [0, [['x2', 60]]],
  );
  const replaced = plan(svc, [...many(1, 250), ...many(300, 303)], present);
  t.strictSame(
    [replaced.create.length, replaced.update.map(({ metadata, endpoints }) => [metadata?.name, endpoints.length])],
    [
      0,
      [
        ['x0', 100],
        ['x2', 52],
      ],
    ],
  );
  const shrunk = plan(svc, many(0, 100), present);
  t.strictSame([shrunk.update.length, shrunk.delete.map(({ metadata }) => metadata?.name)], [0, ['x1', 'x2']]);
  const relabelled = plan(service({}, { labels: { a: 'b' } }), many(0, 250), present);
  t.equal(relabelled.update.length, 3);
});

test('a Service without endpoints keeps one empty slice', async (t) => {
  const [empty] = plan(service(), []).create;
  t.match(empty, { endpoints: [], ports: [] });
  const present = stored(empty as DesiredSlice, 'x');
  t.strictSame(plan(service(), [], [present]), { create: [], update: [], delete: [], problems: [] });
  const back = recycle(plan(service(), [pod('1')], [present]), () => true);
  t.match(back, { create: [], delete: [], update: [{ metadata: { name: 'x' }, endpoints: [{}] }] });
});

test('a pod whose node is unknown is left out for now, unless the Service publishes all', async (t) => {
  const lost = pod('1', { spec: { nodeName: 'gone' } });
  t.match(plan(service(), [lost]), {
    create: [{ endpoints: [] }],
    problems: ['skipping Pod p1 for Service n/s: Node gone Not Found'],
  });
  t.strictSame(plan(service({ publishNotReadyAddresses: true }), [lost]).problems, []);
});

test('the tracker knows foreign changes, and slices that are not up to date yet', async (t) => {
  const tracker = new SliceTracker();
  const slice = (uid: string, generation: number): EndpointSlice =>
    ({ metadata: { uid, generation, namespace: 'n', labels: { 'kubernetes.io/service-name': 's' } } }) as EndpointSlice;
  t.ok(tracker.isForeign(slice('a', 1)));
  tracker.wrote(slice('a', 2));
  t.strictSame([tracker.isForeign(slice('a', 2)), tracker.isForeign(slice('a', 3))], [false, true]);
  t.strictSame([tracker.isStale('n/s', []), tracker.isStale('n/s', [slice('a', 1)])], [true, true]);
  t.notOk(tracker.isStale('n/s', [slice('a', 2), slice('b', 1)]));
  tracker.expectDeletion(slice('a', 2));
  t.strictSame([tracker.isStale('n/s', [slice('a', 2)]), tracker.isStale('n/s', [])], [true, false]);
  t.ok(tracker.deleted(slice('a', 2)));
});

test('endpoints are packed by ports, and who is not ready on one port of a subset is not ready', async (t) => {
  const at = (ip: string): { ip: string } => ({ ip });
  const cases: [EndpointSubset[], EndpointSubset[]][] = [
    [
      [
        { addresses: [at('2')], ports: [{ port: 80 }] },
        { addresses: [at('1')], ports: [{ port: 80 }] },
        { addresses: [at('1'), at('2')], ports: [{ port: 90 }] },
      ],
      [{ addresses: [at('1'), at('2')], ports: [{ port: 80 }, { port: 90 }] }],
    ],
    [
      [
        { addresses: [at('1')], ports: [{ port: 80 }] },
        { notReadyAddresses: [at('1')], ports: [{ port: 80 }] },
      ],
      [{ notReadyAddresses: [at('1')], ports: [{ port: 80 }] }],
    ],
    [[{ addresses: [at('1')] }], [{ addresses: [at('1')] }]],
  ];
  for (const [given, packed] of cases) t.strictSame(repackSubsets(given), packed);
});

test('an Endpoints object holds 1000 addresses, ready ones first', async (t) => {
  const addresses = (count: number): { ip: string }[] => Array.from({ length: count }, (_, i) => ({ ip: String(i) }));
  const counts = (subsets: EndpointSubset[]): number[][] =>
    truncated(subsets).map((each) => [each.addresses?.length ?? 0, each.notReadyAddresses?.length ?? 0]);
  t.strictSame(counts([{ addresses: addresses(600), notReadyAddresses: addresses(600) }]), [[600, 400]]);
  t.strictSame(
    counts([{ addresses: addresses(1500), notReadyAddresses: addresses(5) }, { addresses: addresses(500) }]),
    [
      [750, 0],
      [250, 0],
    ],
  );
});

test('Endpoints say what the Service says of itself, and are written only when something differs', async (t) => {
  const svc = service({ clusterIP: 'None' }, { labels: { l: 'v' } });
  const planned = planEndpoints(
    svc,
    [pod('1'), pod('2', { ready: false }), pod('3', { deleting: true })],
    undefined,
    'T',
  );
  t.match(planned, {
    metadata: {
      name: 's',
      labels: {
        l: 'v',
        'service.kubernetes.io/headless': '',
        'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': 'T' },
    },
    subsets: [{ addresses: [{ ip: '10.1.0.1' }], notReadyAddresses: [{ ip: '10.1.0.2' }] }],
  });
  t.equal(planEndpoints(svc, [pod('2', { ready: false }), pod('1')], planned, 'U'), undefined);
  t.match(planEndpoints(service(), [pod('1')], planned, ''), { metadata: { annotations: {} } });
  const named = pod('1', { spec: { hostname: 'h', subdomain: 's', nodeName: 'node' } });
  t.match(subsetsOf(service({ ports: [], clusterIP: 'None' }), [named]), [{ addresses: [{ hostname: 'h' }] }]);
});

test('Endpoints of users are mirrored by ports and family, without what is no address', async (t) => {
  const object: Endpoints = {
    metadata: { name: 's', namespace: 'n', uid: 'e', labels: { l: 'v' }, annotations: { a: 'b' } },
    subsets: [
      {
        addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }, { ip: 'x' }],
        ports: [{ name: 'p', port: 80, protocol: 'TCP' }],
      },
    ],
  };
  const first = planMirror(object, []);
  t.strictSame(
    [first.invalid, first.skipped, first.create.map(({ addressType }) => addressType).sort()],
    [1, 1, ['IPv4', 'IPv6']],
  );
  t.match(first.create[0]?.metadata, {
    annotations: { a: 'b' },
    labels: { l: 'v', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
  });
  const present = first.create.map((slice, i) => stored(slice, `m${i}`));
  t.match(planMirror(object, present), { create: [], update: [], delete: [] });
  t.match(planMirror({ ...object, subsets: [] }, present), { create: [], update: [], delete: [{}, {}] });
  const other = planMirror({ ...object, metadata: { ...object.metadata, labels: { l: 'w' } } }, present);
  t.match(other.update.map(({ metadata }) => metadata?.name).sort(), ['m0', 'm1']);
});

function inZone(zone: string, i: number): DesiredSlice['endpoints'][number] {
  return { addresses: [`10.0.0.${i}`], conditions: { ready: true }, zone, nodeName: `n${i}` };
}

function set(endpoints: DesiredSlice['endpoints']): SliceSet {
  return sliceSet({ create: [{ addressType: 'IPv4', endpoints }], update: [], delete: [] }, []);
}

test('trafficDistribution hints at the own zone, or the own node too', async (t) => {
  const slices = set([inZone('a', 1), { addresses: ['10.0.0.2'], conditions: { ready: false }, zone: 'a' }]);
  addNearHints(slices, 'PreferClose');
  t.match(
    slices.create[0]?.endpoints.map(({ hints }) => hints),
    [{ forZones: [{ name: 'a' }] }, undefined],
  );
  const unchanged: SliceSet = { create: [], update: [], unchanged: [{ ...(slices.create[0] as DesiredSlice) }] };
  addNearHints(unchanged, 'PreferClose');
  t.equal(unchanged.update.length, 0);
  addNearHints(unchanged, 'PreferSameNode');
  t.match(unchanged.update[0]?.endpoints[0]?.hints, { forZones: [{ name: 'a' }], forNodes: [{ name: 'n1' }] });
  removeHints(unchanged);
  t.equal(unchanged.update[0]?.endpoints[0]?.hints, undefined);
});

test('hints by zone follow the CPUs of the zones', async (t) => {
  const cpus = (zone: string, cpu: string): Node => ({
    metadata: { labels: { 'topology.kubernetes.io/zone': zone } },
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const zones = new ZoneHints();
  const endpoints = (): DesiredSlice['endpoints'] => [1, 2, 3, 4].map((i) => inZone('a', i));
  const refused = set(endpoints());
  t.match(zones.add('n/s', 'IPv4', refused), {
    reason: 'TopologyAwareHintsDisabled',
    message: /^Insufficient Node information/,
  });
  zones.setRatios(zoneRatios([cpus('a', '2'), cpus('b', '2')]));
  const slices = set(endpoints());
  t.match(zones.add('n/s', 'IPv4', slices), { message: 'Topology Aware Hints has been enabled, addressType: IPv4' });
  const hinted = slices.create[0]?.endpoints.map(({ hints }) => hints?.forZones?.[0]?.name).sort();
  t.strictSame(hinted, ['a', 'a', 'b', 'b']);
  t.match(zones.add('n/s', 'IPv4', set([inZone('a', 1)])), {
    message: 'Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4',
  });
  t.equal(zoneRatios([cpus('a', '2'), cpus('', '2')]), undefined);
});

test('the trigger time is that of the oldest change since the last look', async (t) => {
  const times = new TriggerTimes();
  t.equal(times.next('n/s', service(), []), '2026-01-01T00:00:00Z');
  t.equal(times.next('n/s', service(), [pod('1')]), '2026-01-01T00:00:05Z');
  t.equal(times.next('n/s', service(), [pod('1')]), '');
});
