import type { Test } from 'tap';
import { compareWithLog } from './log-comparison.contract.ts';
import type { Change, ObjectStore, Revision } from './store.ts';
import { body, collect, failsWith, textOf } from './store-probes.contract.ts';

export interface ObjectStoreContractOptions {
  /** An empty store. */
  open(t: Test): Promise<ObjectStore>;
}

function brief(change: Change): string {
  return `${change.revision} ${change.type} ${change.key} ${textOf(change)}`;
}

async function keysOf(store: ObjectStore, prefix: string, at?: Revision): Promise<string[]> {
  const page = await store.list(at === undefined ? { prefix } : { prefix, at });
  return page.items.map((item) => `${item.key}=${textOf(item)}`);
}

/** What every ObjectStore does, whatever keeps its rows. */
export async function objectStoreContract(t: Test, { open }: ObjectStoreContractOptions): Promise<void> {
  await t.test('a new store is empty and at revision 1', async (t) => {
    const store = await open(t);
    t.equal(store.revision, 1);
    t.same(await store.list({ prefix: '/' }), { revision: 1, items: [], remaining: 0 });
    t.equal(await store.get('/core/pods/a/b'), undefined);
    t.same(await collect(store.replay()), []);
  });
  await writesContract(t, open);
  await listContract(t, open);
  await historyContract(t, open);
  await compactionContract(t, open);
  await t.test('lists, changes and replay agree with a plain log of the writes, whatever was compacted', async (t) => {
    await compareWithLog(t, await open(t));
  });
}

async function writesContract(t: Test, open: ObjectStoreContractOptions['open']): Promise<void> {
  await t.test('a write gets the next revision, which its bytes carry', async (t) => {
    const store = await open(t);
    const created = await store.create('/a', body('one'));
    t.equal(created.revision, 2);
    t.same(JSON.parse(Buffer.from(created.value).toString()), { revision: 2, text: 'one' });
    const updated = await store.update('/a', 2, body('two'));
    t.equal(updated.revision, 3);
    t.equal(store.revision, 3);
    const read = await store.get('/a');
    t.same([read?.key, read?.revision, textOf(read)], ['/a', 3, 'two']);
    const deleted = await store.delete('/a', 3, body('last'));
    t.equal(deleted.revision, 4);
    t.equal(await store.get('/a'), undefined);
    t.equal((await store.create('/a', body('again'))).revision, 5);
  });

  await t.test('create of a key that exists fails with KeyExists', async (t) => {
    const store = await open(t);
    await store.create('/a', body('one'));
    await failsWith(t, 'KeyExists', () => store.create('/a', body('two')));
    t.equal(store.revision, 2, 'a refused write takes no revision');
  });

  await t.test('update and delete fail with KeyNotFound or RevisionConflict', async (t) => {
    const store = await open(t);
    await failsWith(t, 'KeyNotFound', () => store.update('/a', 2, body('x')));
    await failsWith(t, 'KeyNotFound', () => store.delete('/a', 2, body('x')));
    await store.create('/a', body('one'));
    await failsWith(t, 'RevisionConflict', () => store.update('/a', 1, body('x')));
    await failsWith(t, 'RevisionConflict', () => store.delete('/a', 3, body('x')));
    t.equal(textOf(await store.get('/a')), 'one');
  });

  await t.test('preconditions are checked against the newest queued version, before it is synced', async (t) => {
    const store = await open(t);
    const outcomes = await Promise.allSettled([
      store.create('/a', body('1')),
      store.create('/a', body('refused')),
      store.update('/a', 2, body('2')),
      store.update('/a', 2, body('refused')),
      store.delete('/a', 3, body('3')),
      store.update('/a', 3, body('refused')),
      store.create('/a', body('4')),
    ]);
    t.same(
      outcomes.map((o) => (o.status === 'fulfilled' ? o.value.revision : o.reason.code)),
      [2, 'KeyExists', 3, 'RevisionConflict', 4, 'KeyNotFound', 5],
    );
    t.equal(textOf(await store.get('/a')), '4');
  });

  await t.test('encode runs synchronously and once, and its failure takes no revision', async (t) => {
    const store = await open(t);
    let calls = 0;
    const writing = store.create('/a', (revision) => {
      calls++;
      return body('one')(revision);
    });
    t.equal(calls, 1);
    await t.rejects(
      store.create('/b', () => {
        throw new Error('cannot encode');
      }),
      { message: 'cannot encode' },
    );
    await writing;
    t.equal(calls, 1);
    t.equal((await store.create('/b', body('two'))).revision, 3);
  });

  await t.test('reads see synced writes only', async (t) => {
    const store = await open(t);
    const writing = store.create('/a', body('one'));
    t.equal(store.revision, 1);
    t.equal(await store.get('/a', 1), undefined);
    await writing;
    t.equal(store.revision, 2);
  });

  await t.test('subscribers see each batch in order and before its writes are acknowledged', async (t) => {
    const store = await open(t);
    const events: string[] = [];
    const end = store.subscribe((changes) => events.push(...changes.map(brief)));
    await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const stored = await store.create(`/${name}`, body(name));
        events.push(`acknowledged ${stored.revision}`);
        await store.delete(`/${name}`, stored.revision, body('last'));
      }),
    );
    t.same(
      events.filter((e) => !e.startsWith('ack')),
      ['2 put /a a', '3 put /b b', '4 put /c c', '5 delete /a last', '6 delete /b last', '7 delete /c last'],
    );
    for (const revision of [2, 3, 4]) {
      const seen = events.findIndex((e) => e.startsWith(`${revision} `));
      t.ok(seen < events.indexOf(`acknowledged ${revision}`), `${revision} is seen first`);
    }
    end();
    await store.create('/d', body('d'));
    t.equal(events.filter((e) => e.includes('/d')).length, 0, 'not after the subscription ended');
  });

  await t.test('calls after closing fail with Closed, and what was queued before is written', async (t) => {
    const store = await open(t);
    const writing = store.create('/a', body('one'));
    await store[Symbol.asyncDispose]();
    t.equal((await writing).revision, 2);
    await failsWith(t, 'Closed', () => store.get('/a'));
    await failsWith(t, 'Closed', () => store.create('/b', body('x')));
    await failsWith(t, 'Closed', () => store.list({ prefix: '/' }));
    await failsWith(t, 'Closed', () => collect(store.replay()));
    await failsWith(t, 'Closed', () => store.compact(1));
  });
}

async function listContract(t: Test, open: ObjectStoreContractOptions['open']): Promise<void> {
  await t.test('a list is ordered bytewise by UTF-8 and holds the keys of its prefix alone', async (t) => {
    const store = await open(t);
    // U+FF5E sorts after U+1F600 in UTF-16 and before it in UTF-8.
    const names = ['a', 'a-b', 'a.b', 'a/b', 'ab', 'é', '\uff5e', '😀', 'B'];
    await Promise.all(names.map((name) => store.create(`/x/${name}`, body(name))));
    await store.create('/y/a', body('other'));
    await store.create('/x', body('other'));
    const expected = names.toSorted((p, q) => Buffer.compare(Buffer.from(p), Buffer.from(q)));
    const page = await store.list({ prefix: '/x/' });
    t.same(page.items.map(textOf), expected);
    t.equal(page.revision, store.revision);
    t.same((await store.list({ prefix: '/x/é' })).items.map(textOf), ['é']);
  });

  await t.test(
    'pages follow each other without gaps and count what remains, also when the last key is gone',
    async (t) => {
      const store = await open(t);
      const keys = Array.from({ length: 1700 }, (_, i) => `/p/${String((i * 7919) % 1700).padStart(5, '0')}`);
      const written = await Promise.all(keys.map((key) => store.create(key, body(key))));
      await store.create('/q/other', body(''));
      await Promise.all(
        written.filter((_, i) => i % 10 === 0).map(({ key, revision }) => store.delete(key, revision, body('gone'))),
      );
      const live = written.filter((_, i) => i % 10 !== 0).map((s) => s.key);
      const seen: string[] = [];
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page = await store.list({ prefix: '/p/', after, limit: 100 });
        seen.push(...page.items.map((item) => item.key));
        t.equal(page.remaining, live.length - seen.length);
        after = page.remaining > 0 ? page.items.at(-1)?.key : undefined;
      }
      t.same(seen, live.toSorted());
      const between = await store.list({ prefix: '/p/', after: '/p/00000x', limit: 1 });
      t.equal(
        between.items[0]?.key,
        live.toSorted().find((key) => key > '/p/00000x'),
      );
      t.same((await store.list({ prefix: '/p/', after: '/p/zzz' })).items, []);
      t.equal((await store.list({ prefix: '/p/', after: '/a' })).items.length, live.length, 'after below the range');
    },
  );

  await t.test('a list at a revision shows that moment, with its own remaining count', async (t) => {
    const store = await open(t);
    await store.create('/a', body('a2')); // 2
    await store.create('/b', body('b3')); // 3
    await store.update('/a', 2, body('a4')); // 4
    await store.delete('/b', 3, body('b5')); // 5
    await store.create('/c', body('c6')); // 6
    await store.create('/b', body('b7')); // 7
    t.same(await keysOf(store, '/', 1), []);
    t.same(await keysOf(store, '/', 3), ['/a=a2', '/b=b3']);
    t.same(await keysOf(store, '/', 4), ['/a=a4', '/b=b3']);
    t.same(await keysOf(store, '/', 6), ['/a=a4', '/c=c6']);
    t.same(await keysOf(store, '/'), ['/a=a4', '/b=b7', '/c=c6']);
    const page = await store.list({ prefix: '/', at: 6, limit: 1 });
    t.same([page.revision, page.remaining, page.items.length], [6, 1, 1]);
    await failsWith(t, 'FutureRevision', () => store.list({ prefix: '/', at: 8 }));
  });
}

async function historyContract(t: Test, open: ObjectStoreContractOptions['open']): Promise<void> {
  await t.test('get at a revision shows the version of that moment', async (t) => {
    const store = await open(t);
    await store.create('/a', body('2'));
    await store.update('/a', 2, body('3'));
    await store.delete('/a', 3, body('4'));
    await store.create('/a', body('5'));
    const texts = await Promise.all([1, 2, 3, 4, 5].map(async (at) => textOf(await store.get('/a', at))));
    t.same(texts, [undefined, '2', '3', undefined, '5']);
    await failsWith(t, 'FutureRevision', () => store.get('/a', 6));
  });

  await t.test('changes after a revision are complete, in order, and end at the newest synced one', async (t) => {
    const store = await open(t);
    await store.create('/a', body('2'));
    await store.update('/a', 2, body('3'));
    await store.delete('/a', 3, body('last'));
    await store.create('/b', body('5'));
    const all = ['2 put /a 2', '3 put /a 3', '4 delete /a last', '5 put /b 5'];
    t.same((await collect(store.changes(1))).map(brief), all);
    t.same((await collect(store.changes(3))).map(brief), all.slice(2));
    t.same(await collect(store.changes(5)), []);
    t.same((await collect(store.replay())).map(brief), all);
    await failsWith(t, 'FutureRevision', () => collect(store.changes(6)));
  });

  await t.test('replay and what subscribers see after it was asked for are together everything, once', async (t) => {
    const store = await open(t);
    await Promise.all(Array.from({ length: 600 }, (_, i) => store.create(`/${i}`, body('x'))));
    const seen: number[] = [];
    store.subscribe((changes) => seen.push(...changes.map((c) => c.revision)));
    const replay = store.replay();
    const writing = Promise.all(Array.from({ length: 50 }, (_, i) => store.create(`/more/${i}`, body('y'))));
    const replayed = (await collect(replay)).map((c) => c.revision);
    await writing;
    t.same(
      [...replayed, ...seen],
      Array.from({ length: 650 }, (_, i) => i + 2),
    );
  });
}

async function compactionContract(t: Test, open: ObjectStoreContractOptions['open']): Promise<void> {
  await t.test('compaction keeps what is visible at its revision and later, and nothing else', async (t) => {
    const store = await open(t);
    await store.create('/a', body('2'));
    await store.create('/b', body('3'));
    await store.update('/a', 2, body('4'));
    await store.delete('/b', 3, body('5'));
    await store.update('/a', 4, body('6'));
    await store.create('/b', body('7'));
    await store.compact(5);
    t.equal(store.compactedRevision, 5);
    t.same((await collect(store.replay())).map(brief), ['4 put /a 4', '6 put /a 6', '7 put /b 7']);
    t.same((await collect(store.changes(5))).map(brief), ['6 put /a 6', '7 put /b 7']);
    t.same(await keysOf(store, '/', 5), ['/a=4']);
    t.same(await keysOf(store, '/'), ['/a=6', '/b=7']);
    for (const action of [
      () => store.get('/a', 4),
      () => store.list({ prefix: '/', at: 4 }),
      () => collect(store.changes(4)),
    ]) {
      await failsWith(t, 'Compacted', action);
    }
    await store.compact(3);
    t.equal(store.compactedRevision, 5, 'it never goes back');
    await failsWith(t, 'FutureRevision', () => store.compact(8));
    await store.delete('/a', 6, body('8'));
    await store.compact(8);
    t.same((await collect(store.replay())).map(brief), ['7 put /b 7']);
    t.equal((await store.create('/a', body('9'))).revision, 9);
  });

  await t.test(
    'compaction of many versions leaves reads and writes going and the newest state untouched',
    async (t) => {
      const store = await open(t);
      const revisions = new Map<string, number>();
      for (let round = 0; round < 5; round++) {
        await Promise.all(
          Array.from({ length: 700 }, async (_, i) => {
            const key = `/${String(i).padStart(4, '0')}`;
            const previous = revisions.get(key);
            const write =
              previous === undefined
                ? store.create(key, body(`${round}`))
                : store.update(key, previous, body(`${round}`));
            revisions.set(key, (await write).revision);
          }),
        );
      }
      await Promise.all([...revisions].slice(0, 100).map(([key, at]) => store.delete(key, at, body('gone'))));
      const compacting = store.compact(store.revision);
      const during = await store.create('/new', body('new'));
      t.equal((await store.list({ prefix: '/' })).items.length, 601);
      await compacting;
      t.same(
        (await store.list({ prefix: '/0' })).items.map(textOf),
        Array.from({ length: 600 }, () => '4'),
      );
      t.equal((await collect(store.replay())).length, 601);
      t.equal(textOf(await store.get('/new', during.revision)), 'new');
    },
  );
}
