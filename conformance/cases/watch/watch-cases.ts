import type { Case } from '../../runner/case.ts';
import type { CaseContext, WatchEvent } from '../../runner/context.ts';

async function mapsOf(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/configmaps`;
}

function map(name: string, labels: Readonly<Record<string, string>> = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: {} };
}

const label = 'labelSelector=on%3Dyes';

async function fromRevision(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const first = await c.post(maps, map('a', { on: 'yes' }), { has: { 'metadata.name': 'a' } });
  await c.post(maps, map('b', { on: 'yes' }), { has: { 'metadata.name': 'b' } });
  await c.patch(`${maps}/a`, { data: { a: '1' } }, { has: { 'data.a': '1' } });
  await c.delete(`${maps}/b`, { has: { status: 'Success' } });
  const from = `resourceVersion=${first.textAt('metadata.resourceVersion')}`;
  const events = await c.watch(`${maps}?watch=true&${label}&${from}`, { until: ['ADDED', 'MODIFIED', 'DELETED'] });
  c.equal(
    events.map((event) => event.at('metadata.name')),
    ['b', 'a', 'b'],
    'objects of the events',
  );
}

async function restarted(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const first = await c.watch(`${maps}?watch=true&${label}`, {
    until: ['ADDED'],
    during: async () => void (await c.post(maps, map('a', { on: 'yes' }), { has: { 'metadata.name': 'a' } })),
  });
  await c.patch(`${maps}/a`, { data: { a: '1' } }, { has: { 'data.a': '1' } });
  const from = `resourceVersion=${first[0]?.at('metadata.resourceVersion')}`;
  const events = await c.watch(`${maps}?watch=true&${label}&${from}`, {
    until: ['MODIFIED', 'DELETED'],
    during: async () => void (await c.delete(`${maps}/a`, { has: { status: 'Success' } })),
  });
  c.equal(events[1]?.at('data.a'), '1', 'the last state of the deleted object');
}

async function selection(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const events = await c.watch(`${maps}?watch=true&${label}`, {
    until: ['ADDED', 'DELETED', 'ADDED', 'DELETED'],
    during: async () => {
      await c.post(maps, map('a', { on: 'yes' }), { has: { 'metadata.name': 'a' } });
      await c.patch(`${maps}/a`, { metadata: { labels: { on: 'no' } } }, { has: { 'metadata.labels.on': 'no' } });
      await c.patch(`${maps}/a`, { data: { unseen: 'yes' } }, { has: { 'data.unseen': 'yes' } });
      await c.patch(`${maps}/a`, { metadata: { labels: { on: 'yes' } } }, { has: { 'metadata.labels.on': 'yes' } });
      await c.delete(`${maps}/a`, { has: { status: 'Success' } });
    },
  });
  c.equal(events[1]?.at('metadata.labels.on'), 'yes', 'an object that leaves is shown as it was');
}

async function sameOrder(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const count = 20;
  const orders: unknown[][] = [];
  const start = await c.get(maps, { has: { kind: 'ConfigMapList' }, unstable: true });
  const from = `resourceVersion=${start.textAt('metadata.resourceVersion')}`;
  const watchAll = async (): Promise<void> => {
    const enough = (events: readonly WatchEvent[]): boolean => events.length === count;
    const events = await c.watch(`${maps}?watch=true&${label}&${from}`, { until: enough, unstable: true });
    orders.push(events.map((event) => event.at('metadata.resourceVersion')));
  };
  const create = async (_: unknown, i: number): Promise<void> =>
    void (await c.post(maps, map(`m${i}`, { on: 'yes' }), { has: { kind: 'ConfigMap' }, unstable: true }));
  await Promise.all([watchAll(), watchAll(), watchAll(), ...Array.from({ length: count }, create)]);
  c.equal(orders[1], orders[0], 'order seen by the second watch');
  c.equal(orders[2], orders[0], 'order seen by the third watch');
}

async function initialEvents(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.post(maps, map('a', { on: 'yes' }), { has: { 'metadata.name': 'a' } });
  await c.post(maps, map('b', { on: 'yes' }), { has: { 'metadata.name': 'b' } });
  const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const ends = ({ type, at }: WatchEvent): boolean =>
    type === 'BOOKMARK' && at('metadata.annotations["k8s.io/initial-events-end"]') === 'true';
  const events = await c.watch(`${maps}?watch=true&${label}&${query}`, { until: (all) => all.some(ends) });
  c.equal(
    events.map(({ type }) => type),
    ['ADDED', 'ADDED', 'BOOKMARK'],
    'events until the end of the list',
  );
  await c.get(`${maps}?watch=true&sendInitialEvents=true`, {
    status: 422,
    has: { reason: 'Invalid', message: /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/ },
  });
}

async function timeout(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.post(maps, map('a', { on: 'yes' }), { has: { 'metadata.name': 'a' } });
  const events = await c.watch(`${maps}?watch=true&${label}&timeoutSeconds=1`, {});
  c.equal(
    events.map(({ type }) => type),
    ['ADDED'],
    'events before the end',
  );
}

async function oneByName(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const events = await c.watch(`${maps}?watch=true&fieldSelector=metadata.name%3Db`, {
    until: ['ADDED', 'DELETED'],
    during: async () => {
      await c.post(maps, map('a'), { has: { 'metadata.name': 'a' } });
      await c.post(maps, map('b'), { has: { 'metadata.name': 'b' } });
      await c.delete(`${maps}/a`, { has: { status: 'Success' } });
      await c.delete(`${maps}/b`, { has: { status: 'Success' } });
    },
  });
  c.equal(events[0]?.at('metadata.name'), 'b', 'name');
}

async function tables(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.post(maps, map('a', { on: 'yes' }), { has: { 'metadata.name': 'a' } });
  const Accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
  const [event] = await c.watch(`${maps}?watch=true&${label}`, { until: ['ADDED'], headers: { Accept } });
  c.equal(event?.at('kind'), 'Table', 'kind');
  c.equal(event?.at('rows[0].cells[0]'), 'a', 'first cell');
}

async function badRevisions(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  await c.get(`${maps}?watch=true&resourceVersion=abc`, {
    status: 500,
    has: { message: /strconv.ParseUint: parsing "abc": invalid syntax/ },
  });
  await c.get(`${maps}?watch=true&labelSelector=a%3D%3D%3D`, {
    status: 400,
    has: { message: "unable to parse requirement: found '=', expected: identifier" },
  });
}

const named = (what: string): string => `[sig-api-machinery] Watchers should ${what} [Conformance]`;
const concepts = 'Kubernetes API concepts: efficient detection of changes';

export const watchCases: readonly Case[] = [
  {
    id: 'watch/configmaps/starts at a revision',
    proves: named('be able to start watching from a specific resource version'),
    run: fromRevision,
  },
  {
    id: 'watch/configmaps/restarts where another ended',
    proves: named('be able to restart watching from the last resource version observed by the previous watch'),
    run: restarted,
  },
  {
    id: 'watch/configmaps/objects enter and leave a selection',
    proves: named('observe an object deletion if it stops meeting the requirements of the selector'),
    run: selection,
  },
  {
    id: 'watch/configmaps/all watches see one order',
    proves: named('receive events on concurrent watches in same order'),
    run: sameOrder,
  },
  { id: 'watch/configmaps/begins with a list', proves: 'Kubernetes API concepts: streaming lists', run: initialEvents },
  { id: 'watch/configmaps/ends when its time is over', proves: concepts, run: timeout },
  { id: 'watch/configmaps/follows one object by name', proves: concepts, run: oneByName },
  {
    id: 'watch/configmaps/comes as tables',
    proves: 'Kubernetes API concepts: receiving resources as Tables',
    run: tables,
  },
  { id: 'watch/configmaps/refuses what it cannot read', proves: concepts, run: badRevisions },
];
