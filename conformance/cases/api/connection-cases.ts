import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { podSpec } from './fixture.ts';

const verbs = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];
const askingVerbs = ['OPTIONS', 'HEAD'];

async function proxied(c: CaseContext, collection: string, methods = verbs): Promise<void> {
  const resource = collection.slice(collection.lastIndexOf('/') + 1);
  const missing = { reason: 'NotFound', message: `${resource} "none" not found`, 'details.kind': resource };
  for (const rest of ['', '/a/b'])
    for (const verb of methods) {
      const body = verb === 'PUT' || verb === 'POST' || verb === 'PATCH' ? { rawBody: '{}' } : {};
      const has = verb === 'HEAD' ? { '': null } : missing;
      await c.call(verb, `${collection}/none/proxy${rest}`, { ...body, status: 404, has });
    }
}

async function streams(c: CaseContext): Promise<void> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  const missing = { reason: 'NotFound', message: 'pods "none" not found', 'details.name': 'none' };
  for (const query of ['exec?command=true&stdout=true', 'attach?stdout=true', 'portforward?ports=80']) {
    await c.get(`${pods}/none/${query}`, { status: 404, has: missing });
    await c.post(`${pods}/none/${query}`, undefined, { status: 404, has: missing });
  }
  await c.get(`${pods}/none/log`, { status: 404, has: missing });
}

/** A pod that no node fits; its path. */
async function waitingPod(c: CaseContext): Promise<string> {
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  await c.post(
    pods,
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: podSpec },
    { has: { 'metadata.name': 'p', 'status.phase': 'Pending' } },
  );
  return `${pods}/p`;
}

async function logOfAWaitingPod(c: CaseContext): Promise<void> {
  const path = await waitingPod(c);
  await c.get(`${path}/log`, { status: 204, has: { '': null } });
  await c.get(`${path}/log?container=other`, {
    status: 400,
    has: { reason: 'BadRequest', message: 'container other is not valid for pod p' },
  });
}

async function namespaceIsWatchedTheOldWay(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  const path = '/api/v1/watch/namespaces';
  for (const each of [`${path}/${ns}`, `${path}?fieldSelector=metadata.name%3D${ns}`]) {
    const events = await c.watch(each, { until: (all) => all.some(({ type }) => type === 'ADDED') });
    c.equal(events[0]?.at('metadata.name'), ns, 'name in the event');
  }
}

async function namespaceStatus(c: CaseContext): Promise<void> {
  const path = `/api/v1/namespaces/${await c.namespace()}`;
  await c.get(`${path}/status`, { has: { kind: 'Namespace', 'status.phase': 'Active' } });
  const conditions = [{ type: 'Conformance', status: 'True', reason: 'R', message: 'm' }];
  await c.patch(`${path}/status`, { status: { conditions } }, { has: { 'status.conditions[0].reason': 'R' } });
  const { body } = await c.get(path, { has: { 'status.conditions[0].type': 'Conformance' } });
  await c.put(
    `${path}/status`,
    { ...(body as object), status: { phase: 'Active' } },
    { has: { 'status.conditions': undefined } },
  );
}

async function ephemeralContainers(c: CaseContext): Promise<void> {
  const path = await waitingPod(c);
  const { body } = await c.get(`${path}/ephemeralcontainers`, { has: { 'spec.ephemeralContainers': undefined } });
  const pod = structuredClone(body) as { metadata: object; spec: Record<string, unknown> };
  // Without a revision: a scheduler may write between.
  pod.metadata = { name: 'p', namespace: await c.namespace() };
  pod.spec['ephemeralContainers'] = [{ name: 'debug', image: 'registry.example.com/debug:1' }];
  await c.put(`${path}/ephemeralcontainers`, pod, { has: { 'spec.ephemeralContainers[0].name': 'debug' } });
  const { body: resizable } = await c.get(`${path}/resize`, { has: { kind: 'Pod' } });
  await c.put(`${path}/resize`, { ...(resizable as object), metadata: pod.metadata }, { has: { kind: 'Pod' } });
}

/** Paths that lead to nodes and pods, and what namespaces and pods have beyond the standard verbs. */
export const connectionCases: readonly Case[] = [
  { id: 'api/nodes/a missing one has no proxy', run: (c) => proxied(c, '/api/v1/nodes') },
  {
    id: 'api/pods/a missing one has no proxy',
    run: async (c) => proxied(c, `/api/v1/namespaces/${await c.namespace()}/pods`),
  },
  {
    id: 'api/services/a missing one has no proxy',
    run: async (c) => proxied(c, `/api/v1/namespaces/${await c.namespace()}/services`),
  },
  {
    id: 'api/nodes/the proxy of a missing one answers OPTIONS and HEAD',
    run: (c) => proxied(c, '/api/v1/nodes', askingVerbs),
  },
  {
    id: 'api/pods/the proxy of a missing one answers OPTIONS and HEAD',
    run: async (c) => proxied(c, `/api/v1/namespaces/${await c.namespace()}/pods`, askingVerbs),
  },
  {
    id: 'api/services/the proxy of a missing one answers OPTIONS and HEAD',
    run: async (c) => proxied(c, `/api/v1/namespaces/${await c.namespace()}/services`, askingVerbs),
  },
  { id: 'api/pods/a missing one has no streams', run: streams },
  { id: 'api/pods/one that waits has an empty log', run: logOfAWaitingPod },
  {
    id: 'api/pods/takes ephemeral containers and resizes',
    proves: '[sig-node] Ephemeral Containers should update the ephemeral containers in an existing pod [Conformance]',
    run: ephemeralContainers,
  },
  { id: 'api/namespaces/is watched the old way', run: namespaceIsWatchedTheOldWay },
  {
    id: 'api/namespaces/has a status of its own',
    proves: '[sig-api-machinery] Namespaces [Serial] should apply changes to a namespace status [Conformance]',
    run: namespaceStatus,
  },
];
