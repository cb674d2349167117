import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { playNode, playPod } from '../nodes/played-nodes.ts';

type Json = Readonly<Record<string, unknown>>;

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly hostname?: string;
  readonly zone?: string;
  readonly hints?: unknown;
  readonly targetRef?: { readonly name: string };
}

interface Slice {
  readonly metadata: {
    readonly name: string;
    readonly labels: Json;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly addressType: string;
  readonly endpoints: readonly Endpoint[] | null;
  readonly ports: readonly { readonly name: string; readonly port: number }[] | null;
}

const manager = 'endpointslice-controller.k8s.io';
const ports = [{ name: 'http', port: 80, targetPort: 'web' }];

async function serve(c: CaseContext, spec: Json = {}, labels: Json = {}): Promise<string> {
  const services = `/api/v1/namespaces/${await c.namespace()}/services`;
  await c.post(services, { metadata: { name: 's', labels }, spec: { selector: { app: 'played' }, ports, ...spec } });
  return `${services}/s`;
}

async function slicesOf(c: CaseContext): Promise<Slice[]> {
  const selector = encodeURIComponent('kubernetes.io/service-name=s');
  const path = `/apis/discovery.k8s.io/v1/namespaces/${await c.namespace()}/endpointslices?labelSelector=${selector}`;
  const { body } = await c.get(path, { unstable: true });
  return (body as { items: Slice[] }).items;
}

/** `address ready serving terminating` of all slices. */
function words(slices: readonly Slice[]): string[] {
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .map(({ addresses, conditions: { ready, serving, terminating } }) =>
      [addresses.join(), ready, serving, terminating].join(' '),
    )
    .sort();
}

async function awaitSlices(c: CaseContext, expected: readonly string[]): Promise<Slice[]> {
  let slices: Slice[] = [];
  await c.eventually(`endpoints ${expected.join(', ')}`, async () => {
    slices = await slicesOf(c);
    return slices.length > 0 && words(slices).join('|') === expected.join('|');
  });
  return slices;
}

async function awaitEndpoints(c: CaseContext, subsets: unknown): Promise<void> {
  const path = `/api/v1/namespaces/${await c.namespace()}/endpoints/s`;
  const plain = (body: unknown): string =>
    JSON.stringify(body, (key, value: unknown) => (key === 'targetRef' || key === 'nodeName' ? undefined : value));
  await c.eventually(`subsets ${JSON.stringify(subsets)}`, async () => {
    const answer = await c.get(path, { unstable: true, status: [200, 404] });
    return plain(answer.at('subsets')) === plain(subsets);
  });
}

async function followPods(c: CaseContext): Promise<void> {
  const node = await playNode(c, { 'topology.kubernetes.io/zone': 'z1' });
  const service = await serve(c, {}, { l: 'v' });
  await awaitSlices(c, []);
  const first = await playPod(c, 'a', node, { ip: '10.1.0.1' });
  const second = await playPod(c, 'b', node, { ip: '10.1.0.2', isReady: false });
  const [slice] = await awaitSlices(c, ['10.1.0.1 true true false', '10.1.0.2 false false false']);
  c.equal(
    slice?.metadata.labels,
    { l: 'v', 'endpointslice.kubernetes.io/managed-by': manager, 'kubernetes.io/service-name': 's' },
    'labels of a slice',
  );
  c.equal(
    slice?.metadata.ownerReferences?.map(({ kind, name }) => [kind, name]),
    [['Service', 's']],
    'the owner of a slice',
  );
  c.equal(slice?.endpoints?.[0]?.zone, 'z1', 'zone');
  c.equal(slice?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }], 'ports of a slice');
  const port = [{ name: 'http', port: 8080, protocol: 'TCP' }];
  await awaitEndpoints(c, [{ addresses: [{ ip: '10.1.0.1' }], notReadyAddresses: [{ ip: '10.1.0.2' }], ports: port }]);
  const conditions = [{ type: 'Ready', status: 'True' }];
  await c.patch(`${second}/status`, { status: { conditions } }, { unstable: true });
  await awaitSlices(c, ['10.1.0.1 true true false', '10.1.0.2 true true false']);
  await c.delete(first, { unstable: true });
  await awaitSlices(c, ['10.1.0.1 false true true', '10.1.0.2 true true false']);
  await awaitEndpoints(c, [{ addresses: [{ ip: '10.1.0.2' }], ports: port }]);
  await c.delete(`${first}?gracePeriodSeconds=0`, { unstable: true });
  await awaitSlices(c, ['10.1.0.2 true true false']);
  await c.patch(service, { metadata: { labels: { l: 'w' } } }, { unstable: true });
  await c.eventually('the label of the slice', async () => (await slicesOf(c))[0]?.metadata.labels['l'] === 'w');
  await c.delete(service);
  const endpoints = `/api/v1/namespaces/${await c.namespace()}/endpoints/s`;
  await c.eventually(
    'no Endpoints',
    async () => (await c.get(endpoints, { unstable: true, status: [200, 404] })).status === 404,
  );
}

async function headless(c: CaseContext): Promise<void> {
  const node = await playNode(c);
  await serve(c, { clusterIP: 'None', publishNotReadyAddresses: true });
  await playPod(c, 'a', node, { ip: '10.1.0.1', isReady: false, spec: { hostname: 'h', subdomain: 's' } });
  const [slice] = await awaitSlices(c, ['10.1.0.1 true false false']);
  c.equal(slice?.metadata.labels['service.kubernetes.io/headless'], '', 'label of a headless Service');
  c.equal(slice?.endpoints?.[0]?.hostname, 'h', 'hostname');
  await awaitEndpoints(c, [
    { addresses: [{ ip: '10.1.0.1', hostname: 'h' }], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
  ]);
}

async function repair(c: CaseContext): Promise<void> {
  const node = await playNode(c);
  const namespace = await c.namespace();
  await serve(c);
  await playPod(c, 'a', node, { ip: '10.1.0.1' });
  const [slice] = await awaitSlices(c, ['10.1.0.1 true true false']);
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  await c.delete(`${slices}/${slice?.metadata.name}`, { unstable: true });
  const [again] = await awaitSlices(c, ['10.1.0.1 true true false']);
  c.ok(again?.metadata.name !== slice?.metadata.name, 'a deleted slice is made again under another name');
  await c.patch(`${slices}/${again?.metadata.name}`, { endpoints: [] }, { unstable: true });
  await awaitSlices(c, ['10.1.0.1 true true false']);
  await c.post(slices, {
    metadata: {
      name: 'own',
      labels: { 'kubernetes.io/service-name': 's', 'endpointslice.kubernetes.io/managed-by': 'me' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.9.9.9'], conditions: { ready: true } }],
    ports: [],
  });
  await playPod(c, 'b', node, { ip: '10.1.0.2' });
  await awaitSlices(c, ['10.1.0.1 true true false', '10.1.0.2 true true false', '10.9.9.9 true  ']);
}

async function hints(c: CaseContext): Promise<void> {
  const node = await playNode(c, { 'topology.kubernetes.io/zone': 'z1' });
  const service = await serve(c, { trafficDistribution: 'PreferSameNode' });
  await playPod(c, 'a', node, { ip: '10.1.0.1' });
  await playPod(c, 'b', node, { ip: '10.1.0.2', isReady: false });
  const hintsOf = async (): Promise<string> => {
    const endpoints = (await slicesOf(c)).flatMap((slice) => slice.endpoints ?? []);
    const [first, second] = endpoints.sort((a, b) => (a.addresses.join() < b.addresses.join() ? -1 : 1));
    return JSON.stringify([first?.hints ?? null, second?.hints ?? null]);
  };
  await awaitSlices(c, ['10.1.0.1 true true false', '10.1.0.2 false false false']);
  const expect = (value: unknown): Promise<void> =>
    c.eventually(`hints ${JSON.stringify(value)}`, async () => (await hintsOf()) === JSON.stringify(value));
  await expect([{ forZones: [{ name: 'z1' }], forNodes: [{ name: node }] }, null]);
  await c.patch(service, { spec: { trafficDistribution: 'PreferClose' } }, { unstable: true });
  await expect([{ forZones: [{ name: 'z1' }] }, null]);
  await c.patch(service, { spec: { trafficDistribution: null } }, { unstable: true });
  await expect([null, null]);
}

async function mirror(c: CaseContext): Promise<void> {
  const namespace = await c.namespace();
  await serve(c, { selector: null, ports: [{ name: 'http', port: 80 }] });
  const endpoints = `/api/v1/namespaces/${namespace}/endpoints`;
  const subset = {
    addresses: [{ ip: '10.1.0.1', hostname: 'h' }, { ip: 'fd00::1' }],
    notReadyAddresses: [{ ip: '10.1.0.2' }],
    ports: [{ name: 'http', port: 80 }],
  };
  const annotations = { a: 'b', 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' };
  await c.post(endpoints, { metadata: { name: 's', labels: { l: 'v' }, annotations }, subsets: [subset] });
  const slices = await awaitSlices(c, ['10.1.0.1 true  ', '10.1.0.2 false  ', 'fd00::1 true  ']);
  c.equal(slices.map(({ addressType }) => addressType).sort(), ['IPv4', 'IPv6'], 'families');
  c.equal(
    slices[0]?.metadata.labels,
    {
      l: 'v',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      'kubernetes.io/service-name': 's',
    },
    'labels of a mirrored slice',
  );
  c.equal(slices[0]?.metadata.ownerReferences?.[0]?.kind, 'Endpoints', 'the owner of a mirrored slice');
  await c.patch(`${endpoints}/s`, { subsets: [{ addresses: [{ ip: '10.1.0.3' }] }] });
  await awaitSlices(c, ['10.1.0.3 true  ']);
  await c.patch(`${endpoints}/s`, { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } });
  await c.eventually('no slices', async () => (await slicesOf(c)).length === 0);
}

const needs = ['controllers'] as const;
const free = ['spec.clusterIP', 'spec.clusterIPs'];

export const endpointsCases: readonly Case[] = [
  {
    id: 'network/endpoints/follow the pods of a Service',
    proves: '[sig-network] EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service',
    needs,
    free,
    run: followPods,
  },
  { id: 'network/endpoints/of a headless Service name pods that are not ready', needs, free, run: headless },
  { id: 'network/endpointslices/are repaired, those of others left alone', needs, free, run: repair },
  { id: 'network/endpointslices/hint at zones and nodes', needs, free, run: hints },
  {
    id: 'network/endpointslices/mirror Endpoints of users',
    proves:
      '[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete',
    needs,
    free,
    run: mirror,
  },
];
