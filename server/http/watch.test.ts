import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { WebSocket } from 'ws';
import { openMemoryStore } from '../storage/memory-store.ts';
import type { StreamSink } from './message.ts';
import { createManualClock, requestOf, startTestServer, type TestServer } from './test-server.ts';
import { createUpgradeListener } from './upgrade.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

interface Event {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion?: string;
      readonly annotations?: Record<string, string>;
      readonly labels?: Record<string, string>;
    };
    readonly code?: number;
    readonly message?: string;
    readonly reason?: string;
    readonly rows?: readonly { readonly cells: readonly unknown[] }[];
    readonly columnDefinitions?: readonly unknown[] | null;
  };
}

interface Watching {
  readonly events: Event[];
  ended: boolean;
  cut: boolean;
  /** `ADDED a`, `BOOKMARK`. */
  told(): string[];
}

interface WatchOptions {
  readonly accept?: string;
  /** Takes nothing: the sink says at once that it is full. */
  readonly blocked?: boolean;
  readonly path?: string;
}

async function watch(
  server: TestServer,
  query = '',
  { accept = 'application/json', blocked = false, path = configMaps }: WatchOptions = {},
): Promise<Watching> {
  const response = await server.handle(requestOf('GET', `${path}?watch=1&${query}`, undefined, { accept }));
  if (response.stream === undefined) throw new Error(`${response.status} ${String(response.body)}`);
  const watching: Watching = {
    events: [],
    ended: false,
    cut: false,
    told: () => watching.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim()),
  };
  const sink: StreamSink = {
    write(chunk) {
      for (const line of Buffer.from(chunk).toString().split('\n'))
        if (line !== '') watching.events.push(JSON.parse(line) as Event);
      return !blocked;
    },
    onDrain: () => undefined,
    end: () => {
      watching.ended = true;
    },
    cut: () => {
      watching.ended = true;
      watching.cut = true;
    },
  };
  response.stream(sink);
  return watching;
}

async function put(server: TestServer, name: string, labels: Record<string, string> = {}): Promise<number> {
  const { status } = await server.ask('GET', `${configMaps}/${name}`);
  const body = { metadata: { name, labels }, data: { at: String(server.store.revision) } };
  const answer =
    status === 404
      ? await server.ask('POST', configMaps, body)
      : await server.ask('PUT', `${configMaps}/${name}`, body);
  return Number((answer.body['metadata'] as { resourceVersion: string }).resourceVersion);
}

const remove = (server: TestServer, name: string) => server.ask('DELETE', `${configMaps}/${name}`);

t.test(
  'objects that enter a selection are ADDED, those that leave it DELETED, with the revision of the change',
  async (t) => {
    await using server = await startTestServer();
    const byLabel = await watch(server, `resourceVersion=${server.store.revision}&labelSelector=color%3Dred`);
    await put(server, 'a', { color: 'blue' });
    await put(server, 'a', { color: 'red' });
    await put(server, 'a', { color: 'red', more: '1' });
    const left = await put(server, 'a', { color: 'blue' });
    await remove(server, 'a');
    await put(server, 'b', { color: 'red' });
    await remove(server, 'b');
    t.same(byLabel.told(), ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b', 'DELETED b']);
    t.match(
      byLabel.events[2]?.object.metadata,
      { resourceVersion: String(left), labels: { color: 'red' } },
      'the last state that matched, as of the change',
    );
    const revisions = byLabel.events.map(({ object }) => Number(object.metadata.resourceVersion));
    t.same(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
  },
);

t.test('field selectors, names and namespaces narrow a watch in the same way', async (t) => {
  await using server = await startTestServer();
  const from = `resourceVersion=${server.store.revision}`;
  const byField = await watch(server, `${from}&fieldSelector=metadata.name%3Da`);
  const byOther = await watch(server, `${from}&fieldSelector=metadata.name!%3Da`);
  const byBoth = await watch(server, `${from}&fieldSelector=metadata.name%3Da,metadata.name%3Db`);
  const byPath = await watch(server, from, { path: '/api/v1/watch/namespaces/default/configmaps/a' });
  const everywhere = await watch(server, from, { path: '/api/v1/watch/configmaps' });
  const elsewhere = await watch(server, from, { path: '/api/v1/namespaces/kube-system/configmaps' });
  await put(server, 'a');
  await put(server, 'b');
  t.same(
    [byField, byOther, byBoth, byPath, everywhere, elsewhere].map((w) => w.told()),
    [['ADDED a'], ['ADDED b'], [], ['ADDED a'], ['ADDED a', 'ADDED b'], []],
  );
  const phases = await watch(server, `${from}&fieldSelector=status.phase%3DRunning`, { path: '/api/v1/pods' });
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  t.equal((await server.ask('POST', '/api/v1/namespaces/default/pods', pod)).status, 201);
  for (const phase of ['Running', 'Succeeded']) {
    const patch = await server.ask(
      'PATCH',
      '/api/v1/namespaces/default/pods/p/status',
      { status: { phase } },
      { 'content-type': 'application/merge-patch+json' },
    );
    t.equal(patch.status, 200);
  }
  t.same(phases.told(), ['ADDED p', 'DELETED p']);
});

t.test('a watch begins where its revision says', async (t) => {
  await using server = await startTestServer();
  const first = await put(server, 'a');
  const second = await put(server, 'b');
  t.same((await watch(server)).told().toSorted(), ['ADDED a', 'ADDED b'], 'unset: with what there is');
  t.same((await watch(server, 'resourceVersion=0')).told().toSorted(), ['ADDED a', 'ADDED b'], '0: the same');
  t.same((await watch(server, `resourceVersion=${first}`)).told(), ['ADDED b'], 'exact: behind it');
  const future = await watch(server, `resourceVersion=${second + 2}`);
  await put(server, 'c');
  await put(server, 'd');
  await put(server, 'e');
  t.same(future.told(), ['ADDED e'], 'from the future: behind it');
  await server.store.compact(second);
  const old = await watch(server, `resourceVersion=${first}`);
  t.ok(old.ended, 'from before the history: it ends');
  t.match(old.events, [
    {
      type: 'ERROR',
      object: {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: `too old resource version: ${first} (${second})`,
      },
    },
  ]);
  t.same((await watch(server, `resourceVersion=${second}`)).told(), ['ADDED c', 'ADDED d', 'ADDED e']);
});

t.test('initial events end with a bookmark for those who take bookmarks', async (t) => {
  await using server = await startTestServer();
  await put(server, 'a');
  const asked = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const list = await watch(server, `${asked}&allowWatchBookmarks=true`);
  t.same(list.told(), ['ADDED a', 'BOOKMARK']);
  t.match(list.events[1]?.object, {
    kind: 'ConfigMap',
    metadata: { resourceVersion: String(server.store.revision), annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
  t.same(
    (await watch(server, 'allowWatchBookmarks=true')).told(),
    ['ADDED a', 'BOOKMARK'],
    'also for those who only named no revision',
  );
  t.same((await watch(server, asked)).told(), ['ADDED a']);
  t.same(
    (
      await watch(
        server,
        'sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0&allowWatchBookmarks=true',
      )
    ).told(),
    [],
  );
  await put(server, 'b');
  t.same(list.told(), ['ADDED a', 'BOOKMARK', 'ADDED b']);
});

t.test(
  'a snapshot not older than a revision that never comes is refused in the stream after three seconds',
  async (t) => {
    await using server = await startTestServer();
    const late = watch(server, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999');
    await new Promise(setImmediate);
    server.clock.advance(3000);
    t.match((await late).events, [
      {
        type: 'ERROR',
        object: {
          code: 504,
          reason: 'Timeout',
          message: /^Timeout: Too large resource version: 99999999, current: \d+$/,
        },
      },
    ]);
  },
);

t.test('bookmarks come every minute, and one before the end; the end comes when it was asked for', async (t) => {
  await using server = await startTestServer();
  const from = `resourceVersion=${server.store.revision}&labelSelector=none`;
  const marked = await watch(server, `${from}&allowWatchBookmarks=true&timeoutSeconds=150`);
  const plain = await watch(server, `${from}&timeoutSeconds=30`);
  const endless = await watch(server, from);
  await put(server, 'a');
  server.clock.advance(60_000);
  t.same(marked.told(), ['BOOKMARK']);
  t.equal(
    marked.events[0]?.object.metadata.resourceVersion,
    String(server.store.revision),
    'of what was written meanwhile, selected or not',
  );
  t.match(plain, { events: [], ended: true });
  server.clock.advance(89_000);
  t.same(marked.told(), ['BOOKMARK', 'BOOKMARK', 'BOOKMARK']);
  t.notOk(marked.ended);
  server.clock.advance(1000);
  t.ok(marked.ended);
  server.clock.advance(1800_000 - 150_000 - 1);
  t.notOk(endless.ended, 'without a wish a watch lasts at least half an hour');
  server.clock.advance(1800_000);
  t.ok(endless.ended, 'and at most an hour');
  t.equal(server.parts.resources.stored('configmaps')?.cache.watcherCount, 0, 'ended watches are taken down');
});

t.test('Tables and partial objects are watched as such', async (t) => {
  await using server = await startTestServer();
  await put(server, 'a');
  const table = await watch(server, 'allowWatchBookmarks=true&resourceVersion=0', {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  const partial = await watch(server, '', { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' });
  await put(server, 'b');
  t.same(
    table.events.map(({ type, object }) => [
      type,
      object.kind,
      object.rows?.[0]?.cells[0],
      object.columnDefinitions == null,
    ]),
    [
      ['ADDED', 'Table', 'a', false],
      ['BOOKMARK', 'Table', '', true],
      ['ADDED', 'Table', 'b', true],
    ],
    'columns are described once',
  );
  t.same(
    partial.events.map(({ type, object }) => `${type} ${object.kind} ${object.metadata.name} ${'data' in object}`),
    ['ADDED PartialObjectMetadata a false', 'ADDED PartialObjectMetadata b false'],
  );
});

t.test(
  'a watch from further back than the ring reads the store’s history, without gap or repetition, while writes go on',
  async (t) => {
    await using server = await startTestServer();
    const start = server.store.revision;
    const total = 9000;
    const stored = server.parts.resources.stored('configmaps');
    const value = (name: string, revision: number) =>
      Buffer.from(
        `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"${name}","namespace":"default","labels":{"odd":"${revision % 2}"},"resourceVersion":"${revision}"}}`,
      );
    const current = new Map<string, number>();
    const store = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const name = `n${i % 100}`;
        const key = `${stored?.prefix}default/${name}`;
        const old = current.get(name);
        const encode = (revision: number) => value(name, revision);
        const written = old === undefined ? server.store.create(key, encode) : server.store.update(key, old, encode);
        if (i % 50 === 49) await written;
        current.set(name, (await written).revision);
      }
    };
    await store(0, total);
    t.equal(stored?.cache.eventsAfter(start), undefined, 'the ring does not reach back that far');
    const writing = store(total, total + 500);
    const [all, odd] = await Promise.all([
      watch(server, `resourceVersion=${start}`),
      watch(server, `resourceVersion=${start}&labelSelector=odd%3D1`),
    ]);
    await writing;
    const revisions = all.events.map(({ object }) => Number(object.metadata.resourceVersion));
    t.same(
      revisions,
      Array.from({ length: total + 500 }, (_, i) => start + 1 + i),
    );
    const seen = new Set<string>();
    const wrong = odd.events.filter(({ type, object: { metadata } }) => {
      const { name = '' } = metadata;
      const isIn = Number(metadata.resourceVersion) % 2 === 1;
      const expected = isIn ? (seen.has(name) ? 'MODIFIED' : 'ADDED') : 'DELETED';
      if (isIn) seen.add(name);
      else seen.delete(name);
      return type !== expected;
    });
    t.same(wrong, []);
  },
);

t.test('a watcher that takes nothing is cut, its queue bounded, and the others are not kept waiting', async (t) => {
  await using server = await startTestServer();
  const tooMany = 8300;
  const from = `resourceVersion=${server.store.revision}`;
  const slow = await watch(server, from, { blocked: true });
  const fast = await watch(server, from);
  for (let i = 0; i < tooMany; i++) await put(server, 'a', { i: String(i) });
  t.ok(slow.cut, 'at once: what it did not take is dropped');
  t.equal(slow.events.length, 1, 'it got what its socket took');
  t.notOk(fast.ended);
  t.equal(fast.events.length, tooMany);
  for (let i = 0; i < tooMany; i++) await put(server, `b${i}`);
  const starting = await watch(server, '', { blocked: true });
  await put(server, 'a');
  t.notOk(starting.ended, 'initial events may be more than may wait later');
  for (let i = 0; i < tooMany; i++) await put(server, 'a', { i: String(i) });
  t.ok(starting.cut);
});

t.test('over WebSocket each event is one message', async (t) => {
  await using server = await startTestServer();
  server.http.on('upgrade', createUpgradeListener(server.handle));
  const { port } = server.http.address() as AddressInfo;
  const open = (query: string, token = 'admin') =>
    new WebSocket(`ws://127.0.0.1:${port}${configMaps}?watch=1&${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  const socket = open('timeoutSeconds=60');
  const messages: Event[] = [];
  socket.on('message', (data) => void messages.push(JSON.parse(String(data)) as Event));
  await once(socket, 'open');
  await put(server, 'a');
  await put(server, 'b');
  while (messages.length < 2) await once(socket, 'message');
  t.same(
    messages.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['ADDED a', 'ADDED b'],
  );
  server.clock.advance(60_000);
  const [code] = (await once(socket, 'close')) as [number];
  t.equal(code, 1000);
  const refused = open('resourceVersion=x');
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }];
  t.equal(response.statusCode, 500);
  refused.on('error', () => undefined).terminate();
  const stranger = open('', 'nosuch');
  const [, unauthorized] = (await once(stranger, 'unexpected-response')) as [unknown, { statusCode: number }];
  t.equal(unauthorized.statusCode, 401);
  stranger.on('error', () => undefined).terminate();
});

t.test(
  'pages stay at their revision while a writer goes on, count what is left, survive a restart and expire with compaction',
  async (t) => {
    const clock = createManualClock();
    const store = await openMemoryStore({ clock });
    const total = 2500;
    const names: string[] = [];
    let token = '';
    let pinned = '';
    const page = async (server: TestServer, query = '') => {
      const { status, body } = await server.ask(
        'GET',
        `${configMaps}?limit=500${token === '' ? '' : `&continue=${token}`}${query}`,
      );
      const {
        items = [],
        metadata,
        message,
      } = body as {
        items?: { metadata: { name: string } }[];
        metadata: { continue?: string; remainingItemCount?: number; resourceVersion?: string };
        message?: string;
      };
      return { status, items: items.map((item) => item.metadata.name), metadata, message };
    };
    {
      const server = await startTestServer({ store, clock });
      await Promise.all(
        Array.from({ length: total }, (_, i) =>
          server.ask('POST', configMaps, { metadata: { name: `p${String(i).padStart(5, '0')}` } }),
        ),
      );
      for (let i = 0; i < 2; i++) {
        const found = await page(server);
        names.push(...found.items);
        t.equal(found.metadata.remainingItemCount, total - names.length);
        pinned ||= found.metadata.resourceVersion ?? '';
        t.equal(found.metadata.resourceVersion, pinned);
        token = found.metadata.continue ?? '';
        await Promise.all([
          remove(server, `p0${String(2400 - i).padStart(4, '0')}`),
          put(server, `p0100${i}x`),
          put(server, 'p02000', { changed: 'yes' }),
        ]);
      }
      server.http.close();
      server.http.closeAllConnections();
    }
    await using server = await startTestServer({ store, clock });
    while (token !== '') {
      const found = await page(server);
      t.equal(found.metadata.resourceVersion, pinned, 'also after a restart');
      names.push(...found.items);
      t.equal(found.metadata.remainingItemCount, names.length === total ? undefined : total - names.length);
      if (names.length === 2000) await store.compact(store.revision);
      token = found.metadata.continue ?? '';
      if (token !== '' && Number(pinned) < store.compactedRevision) break;
    }
    const expired = await page(server);
    t.match(expired, {
      status: 410,
      message: /^The provided continue parameter is too old to display a consistent list result\./,
    });
    token = expired.metadata.continue ?? '';
    const rest = await page(server);
    t.equal(rest.status, 200, 'the token in the answer goes on, at the newest revision');
    t.notOk(rest.items.some((name) => names.includes(name)));
  },
);
