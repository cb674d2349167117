import { request } from 'node:https';
import { parseArgs } from 'node:util';
import { ApiClient } from './api-client.ts';
import { sideBySide } from './side-by-side.ts';

/**
 * How fast pods get nodes on any server: makes nodes and pods, then tells how many pods are bound each second until all are.
 * `node perf/scheduling.ts --server URL --token T [--nodes 5000] [--pods 10000] [--connections 16]`
 */
const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'https://127.0.0.1:6443' },
    token: { type: 'string', default: '' },
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '16' },
    namespace: { type: 'string', default: 'default' },
    /** Waits for pods that are there already. */
    'only-watch': { type: 'boolean', default: false },
    /** Ends when all pods are made. */
    'only-make': { type: 'boolean', default: false },
  },
});
const { server, token, namespace } = values;
const podCount = Number(values.pods);
const connections = Number(values.connections);
const podsPath = `/api/v1/namespaces/${namespace}/pods`;

function nodeOf(i: number): object {
  const amounts = { cpu: '32', memory: '256Gi', pods: '110', 'ephemeral-storage': '1Ti' };
  return {
    metadata: {
      name: `measured-${i}`,
      labels: { 'kubernetes.io/hostname': `measured-${i}`, 'topology.kubernetes.io/zone': `zone-${i % 3}` },
    },
    status: { allocatable: amounts, capacity: amounts, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function podOf(i: number): object {
  const requests = { cpu: '100m', memory: '128Mi' };
  return {
    metadata: { name: `pod-${i}`, labels: { app: 'measured' } },
    spec: { containers: [{ name: 'main', image: 'registry.example/app:1', resources: { requests } }] },
  };
}

async function make(client: ApiClient, path: string, count: number, of: (i: number) => object): Promise<void> {
  const begin = performance.now();
  await sideBySide(count, connections, async (i) => {
    await client.must('POST', path, of(i));
  });
  const seconds = (performance.now() - begin) / 1000;
  console.log(`made ${count} of ${path} in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s)`);
}

/** Resolves when all pods have a node. */
function allBound(begin: () => number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const bound = new Map<string, number>();
  const outgoing = request(
    `${server}${podsPath}?watch=true`,
    { rejectUnauthorized: false, headers: { Authorization: `Bearer ${token}` } },
    (incoming) => {
      let rest = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.includes('"nodeName":"')) continue;
          const name = /"name":"(pod-\d+)"/.exec(line)?.[1];
          if (name !== undefined && !bound.has(name)) bound.set(name, performance.now());
        }
        if (bound.size >= podCount) {
          outgoing.destroy();
          resolve();
        }
      });
      incoming.on('error', reject);
    },
  );
  outgoing.on('error', reject);
  outgoing.end();
  return promise.then(() => {
    const times = [...bound.values()].sort((a, b) => a - b);
    const first = times[0] ?? 0;
    const last = times.at(-1) ?? 0;
    const seconds = (last - first) / 1000;
    console.log(`bound ${podCount} pods in ${seconds.toFixed(1)} s (${Math.round(podCount / seconds)}/s)`);
    console.log(`from the first request to the last binding: ${((last - begin()) / 1000).toFixed(1)} s`);
  });
}

using client = new ApiClient({ url: server, token }, connections);
let begin = performance.now();
if (!values['only-watch']) {
  await make(client, '/api/v1/nodes', Number(values.nodes), nodeOf);
  // A new node is tainted until somebody has found it ready.
  await sideBySide(Number(values.nodes), connections, async (i) => {
    const patch = { spec: { taints: null } };
    await client.send('PATCH', `/api/v1/nodes/measured-${i}`, patch, 'application/merge-patch+json');
  });
}
const ended = values['only-make'] ? undefined : allBound(() => begin);
begin = performance.now();
if (!values['only-watch']) await make(client, podsPath, podCount, podOf);
await ended;
