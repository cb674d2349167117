import { test } from 'tap';
import type { UsageReader } from '../../api/streams/usage.ts';
import { createNegotiator } from '../http/accept.ts';
import type { ApiRequest } from '../http/message.ts';
import type { ClusterReader } from '../registry/strategy.ts';
import { createMetricsApi } from './gateway.ts';

const node = { metadata: { name: 'n', labels: { zone: 'a' } } };
const pod = (name: string, phase = 'Running') => ({
  metadata: { name, namespace: 'ns', labels: { app: name } },
  spec: { nodeName: 'n' },
  status: { phase },
});
const objects: Readonly<Record<string, readonly object[]>> = {
  nodes: [node, { metadata: { name: 'elsewhere' } }],
  pods: [pod('a'), pod('b'), pod('c', 'Pending')],
};

const reader = {
  get: (resource: string, _: string, name: string) =>
    objects[resource]?.find((one) => (one as typeof node).metadata.name === name),
  list: (resource: string) => objects[resource] ?? [],
} as unknown as ClusterReader;

const usage: UsageReader = {
  ofNode: (name) => (name === 'n' ? { cpuNanoCores: 1_500_000_000, memoryBytes: 3 * 1024 ** 3 } : undefined),
  ofPod: (_node, _namespace, name) =>
    name === 'b'
      ? undefined
      : [
          { name: 'x', cpuNanoCores: 1_234_567, memoryBytes: 10 * 1024 },
          { name: 'y', cpuNanoCores: 1_000_000, memoryBytes: 1024 ** 2 },
        ],
};

function apiOf(given: () => UsageReader | undefined = () => usage) {
  const now = (): number => Date.parse('2026-01-02T03:04:05Z');
  const api = createMetricsApi({ reader, usage: given, negotiate: createNegotiator(), now });
  return async (path: string, accept = '', method = 'GET') => {
    const [at = '', query = ''] = path.split('?');
    const request = { method, path: `/apis/metrics.k8s.io/v1beta1/${at}`, query, headers: { accept } };
    const answer = await api.route(request as unknown as ApiRequest);
    return JSON.parse(String(answer?.body));
  };
}

test('usage is told as quantities, by container, of what is measured', async (t) => {
  const get = apiOf();
  t.match(await get('nodes/n'), {
    kind: 'NodeMetrics',
    metadata: { name: 'n', labels: { zone: 'a' } },
    timestamp: '2026-01-02T03:04:05Z',
    window: '10s',
    usage: { cpu: '1500m', memory: '3Gi' },
  });
  const nodes = await get('nodes');
  t.same([nodes.kind, nodes.items.length], ['NodeMetricsList', 1], 'what is not measured is left out');
  const pods = await get('namespaces/ns/pods');
  t.same(
    pods.items.map((item: typeof node) => item.metadata.name),
    ['a'],
    'so are pods that do not run',
  );
  t.same(pods.items[0].containers, [
    { name: 'x', usage: { cpu: '1234567n', memory: '10Ki' } },
    { name: 'y', usage: { cpu: '1m', memory: '1Mi' } },
  ]);
  t.equal((await get('pods?labelSelector=app%3Db')).items.length, 0);
  t.equal((await get('pods?fieldSelector=metadata.name%3Da')).items.length, 1);
  const table = await get('pods', 'application/json;as=Table;v=v1;g=meta.k8s.io');
  t.match(table, { kind: 'Table', rows: [{ cells: ['a', '2234567n', '1034Ki', '10s'] }] });
});

test('what cannot be answered is refused as metrics-server does', async (t) => {
  const get = apiOf();
  await t.rejects(get('namespaces/ns/pods/b'), { code: 404, message: 'podmetrics.metrics.k8s.io "ns/b" not found' });
  await t.rejects(get('nodes/elsewhere'), { message: 'nodemetrics.metrics.k8s.io "elsewhere" not found' });
  await t.rejects(get('pods?watch=true'), { code: 405 });
  await t.rejects(get('nodes', '', 'DELETE'), { code: 405 });
  await t.rejects(get('things'), { code: 404 });
  await t.rejects(apiOf(() => undefined)('nodes'), { code: 503 });
});
