import type { Case } from '../../runner/case.ts';
import type { CaseContext, WatchEvent } from '../../runner/context.ts';

const label = 'labelSelector=on%3Dyes';

function map(name: string): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { on: 'yes' } }, data: { state: 'new' } };
}

async function mapsOf(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/configmaps`;
}

async function states(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const written: unknown[] = [];
  const note = (answer: { at(path: string): unknown }): void =>
    void written.push(answer.at('metadata.resourceVersion'));
  const events = await c.watch(`${maps}?watch=true&${label}`, {
    until: ['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED'],
    during: async () => {
      note(await c.post(maps, map('a'), { has: { 'data.state': 'new' } }));
      for (const state of ['second', 'third'])
        note(await c.patch(`${maps}/a`, { data: { state } }, { has: { 'data.state': state } }));
      await c.delete(`${maps}/a`, { has: { status: 'Success' } });
    },
  });
  c.equal(
    events.map((event) => event.at('data.state')),
    ['new', 'second', 'third', 'third'],
    'states in the events',
  );
  const revisions = events.map((event) => event.at('metadata.resourceVersion'));
  c.equal(revisions.slice(0, 3), written, 'revisions of the events are those of the writes');
  c.ok(Number(revisions[3]) > Number(revisions[2]), 'a deletion has a revision of its own');
}

async function listThenWatch(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const before = await c.post(maps, map('a'), { has: { 'metadata.name': 'a' } });
  const list = await c.get(`${maps}?${label}`, { has: { 'items.length': 1 } });
  const revision = list.textAt('metadata.resourceVersion');
  c.ok(Number(revision) >= Number(before.at('metadata.resourceVersion')), 'a list is not older than its items');
  await c.post(maps, map('b'), { has: { 'metadata.name': 'b' } });
  const events = await c.watch(`${maps}?watch=true&${label}&resourceVersion=${revision}`, { until: ['ADDED'] });
  c.equal(events[0]?.at('metadata.name'), 'b', 'the first event after the list');
}

async function bookmarks(c: CaseContext): Promise<void> {
  const maps = await mapsOf(c);
  const before = await c.post(maps, map('a'), { has: { 'metadata.name': 'a' } });
  const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const isBookmark = ({ type }: WatchEvent): boolean => type === 'BOOKMARK';
  const events = await c.watch(`${maps}?watch=true&${label}&${query}`, { until: (all) => all.some(isBookmark) });
  const bookmark = events.find(isBookmark);
  c.equal(bookmark?.at('kind'), 'ConfigMap', 'kind of a bookmark');
  c.equal(bookmark?.at('metadata.name'), undefined, 'name of a bookmark');
  const revision = String(bookmark?.at('metadata.resourceVersion') ?? '');
  c.ok(
    Number(revision) >= Number(before.at('metadata.resourceVersion')),
    'a bookmark is not older than what came before it',
  );
  await c.post(maps, map('b'), { has: { 'metadata.name': 'b' } });
  const after = await c.watch(`${maps}?watch=true&${label}&resourceVersion=${revision}`, { until: ['ADDED'] });
  c.equal(after[0]?.at('metadata.name'), 'b', 'the first event after the bookmark');
}

const concepts = 'Kubernetes API concepts: efficient detection of changes';

/** What a client builds on when it keeps a copy of a collection. */
export const eventCases: readonly Case[] = [
  { id: 'watch/configmaps/events hold the state after each write', proves: concepts, run: states },
  { id: 'watch/configmaps/goes on where a list ended', proves: concepts, run: listThenWatch },
  {
    id: 'watch/configmaps/goes on where a bookmark stands',
    proves: 'Kubernetes API concepts: watch bookmarks',
    run: bookmarks,
  },
];
