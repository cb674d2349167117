import type { ApiClient } from './api-client.ts';
import { sideBySide } from './side-by-side.ts';

const clients = 16;

function podAt(index: number): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${String(index).padStart(5, '0')}`,
      labels: { app: 'perf', tenth: String(index % 10), shard: String(index % 97) },
      annotations: { 'example.com/purpose': 'performance' },
    },
    spec: {
      // Nodes that are not there, 30 pods on each: what the field selection takes.
      nodeName: `node-${Math.floor(index / 30)}`,
      containers: [
        {
          name: 'main',
          image: 'registry.k8s.io/pause:3.10',
          env: [{ name: 'MODE', value: 'perf' }],
          ports: [{ containerPort: 8080, name: 'http' }],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  };
}

export async function createUnlessThere(client: ApiClient, path: string, body: unknown): Promise<void> {
  const { status, text } = await client.send('POST', path, body);
  if (status !== 201 && status !== 409) throw new Error(`POST ${path} answered ${status}: ${text.slice(0, 300)}`);
}

/** Makes the namespaces `perf` (what is read) and `perf-create` (what is written), with the ServiceAccount that pods need. */
export async function makeNamespaces(client: ApiClient): Promise<void> {
  for (const name of ['perf', 'perf-create']) {
    await createUnlessThere(client, '/api/v1/namespaces', { metadata: { name } });
    await createUnlessThere(client, `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
}

/** Makes the pods from number `from` up to `to` in the namespace `perf`. */
export async function preload(client: ApiClient, from: number, to: number): Promise<void> {
  const path = '/api/v1/namespaces/perf/pods';
  await sideBySide(to - from, clients, (i) => createUnlessThere(client, path, podAt(from + i)));
}

/** Makes the pods that a turn of deletions uses up. */
export async function makeStock(client: ApiClient, run: string, size: number): Promise<void> {
  const spec = { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] };
  await sideBySide(size, clients, (i) => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `stock-${run}-${i}` }, spec };
    return createUnlessThere(client, '/api/v1/namespaces/perf-create/pods', pod);
  });
}

async function count(client: ApiClient, query: string): Promise<number> {
  const { status, text } = await client.send('GET', `/api/v1/namespaces/perf/pods${query}`);
  const { items, metadata } = JSON.parse(text) as { items?: unknown[]; metadata?: { remainingItemCount?: number } };
  if (status !== 200 || items === undefined) throw new Error(`list of pods answered ${status}`);
  return items.length + (metadata?.remainingItemCount ?? 0);
}

/** The scenarios look at statuses alone: here the answers are counted once. */
export async function verify(client: ApiClient, pods: number): Promise<void> {
  const tenth = Math.ceil((pods - 3) / 10);
  const counts = { '': pods, '?limit=500': pods, '?labelSelector=tenth%3D3': tenth };
  for (const [query, wanted] of Object.entries(counts)) {
    const found = await count(client, query);
    if (found !== wanted) throw new Error(`pods${query}: ${found} items instead of ${wanted}`);
  }
}

/** Removes what the create scenario made, so that turns meet the same number of objects. */
export async function clearCreated(client: ApiClient): Promise<void> {
  const path = '/api/v1/namespaces/perf-create/pods';
  const { status } = await client.send('DELETE', `${path}?gracePeriodSeconds=0`);
  if (status < 300) return;
  const { text } = await client.send('GET', path);
  const { items = [] } = JSON.parse(text) as { items?: { metadata: { name: string } }[] };
  for (const item of items) await client.send('DELETE', `${path}/${item.metadata.name}?gracePeriodSeconds=0`);
}
