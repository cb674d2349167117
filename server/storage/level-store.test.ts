import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Clock } from '../../api/clock.ts';
import { createCompactor } from './compactor.ts';
import { levelDriver, openLevelStore } from './level-store.ts';
import { memoryDriver, openMemoryStore } from './memory-store.ts';
import { objectStoreContract } from './object-store.contract.ts';
import { openRevisionedStore } from './revisioned-store.ts';
import type { RowDatabase, RowDriver } from './row-database.ts';
import type { ObjectStore } from './store.ts';
import { body, collect, failsWith, textOf } from './store-probes.contract.ts';

/** Time stands still until `advance`, which runs what is due. */
function manualClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    advance(ms) {
      now += ms;
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const timer of due) timer.run();
    },
  };
}

const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

function closing(t: Test, store: ObjectStore): ObjectStore {
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
}

/** A driver whose writes are watched and made to fail; the rows are in memory. */
function watchedDriver(driver: RowDriver = memoryDriver()) {
  const state = {
    writes: [] as { readonly keys: readonly string[]; readonly sync: boolean }[],
    events: [] as string[],
    opened: 0,
    room: true,
    /** Runs instead of the write; `really` performs it. */
    intercept: undefined as ((really: () => Promise<void>, keys: readonly string[]) => Promise<void>) | undefined,
  };
  const watched: RowDriver = {
    hasRoom: async () => state.room,
    async open() {
      state.opened++;
      const database: RowDatabase = await driver.open();
      return {
        ...database,
        close: async () => {},
        async write(operations, options) {
          const keys = operations.map((operation) => operation.key);
          const really = () => database.write(operations, options);
          await (state.intercept === undefined ? really() : state.intercept(really, keys));
          state.writes.push({ keys, sync: options.sync });
          state.events.push('synced');
        },
      };
    },
  };
  return { driver: watched, state };
}

async function settle(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

await t.test('the memory store is an ObjectStore', (t) =>
  objectStoreContract(t, { open: async (t) => closing(t, await openMemoryStore({ clock: systemClock })) }),
);

await t.test('the LevelDB store is an ObjectStore', (t) =>
  objectStoreContract(t, {
    open: async (t) => closing(t, await openLevelStore({ directory: t.testdir(), clock: systemClock })),
  }),
);

await t.test('a store opened again holds its objects, its history and its revisions', async (t) => {
  const directory = join(t.testdir(), 'data');
  {
    await using store = await openLevelStore({ directory, clock: systemClock });
    await store.create('/a', body('2'));
    await store.update('/a', 2, body('3'));
    await store.create('/b', body('4'));
    await store.delete('/b', 4, body('5'));
  }
  {
    await using store = await openLevelStore({ directory, clock: systemClock });
    t.equal(store.revision, 5);
    t.equal(textOf(await store.get('/a')), '3');
    t.equal(textOf(await store.get('/a', 2)), '2');
    t.equal(await store.get('/b'), undefined);
    await failsWith(t, 'KeyExists', () => store.create('/a', body('x')));
    await store.compact(5);
  }
  await using store = await openLevelStore({ directory, clock: systemClock });
  t.equal(store.revision, 5, 'the revision of a deletion that was compacted stays taken');
  t.equal(store.compactedRevision, 5);
  t.same(
    (await collect(store.replay())).map((change) => change.revision),
    [3],
  );
  t.equal((await store.create('/b', body('6'))).revision, 6);
});

await t.test('a directory is opened once at a time, and errors are one clear line', async (t) => {
  const directory = t.testdir({ file: 'not a directory', newer: {} });
  await using store = await openLevelStore({ directory: join(directory, 'data'), clock: systemClock });
  t.equal(store.revision, 1);
  await t.rejects(openLevelStore({ directory: join(directory, 'data'), clock: systemClock }), {
    name: 'StoreOpenError',
    message: `data directory ${join(directory, 'data')} is in use by another server`,
  });
  const other = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openLevelStore } from ${JSON.stringify(join(import.meta.dirname, 'level-store.ts'))};
       await openLevelStore({ directory: ${JSON.stringify(join(directory, 'data'))}, clock: {} }).catch((e) => console.log(e.message));`,
    ],
    { encoding: 'utf8' },
  );
  t.equal(other.stdout + other.stderr, `data directory ${join(directory, 'data')} is in use by another server\n`);
  await t.rejects(openLevelStore({ directory: join(directory, 'file'), clock: systemClock }), {
    name: 'StoreOpenError',
    message: /^cannot open data directory .*file: EEXIST: [^\n]*$/,
  });
  const database = await levelDriver(join(directory, 'newer')).open();
  await database.write([{ type: 'put', key: 'm/format', value: Buffer.from('9') }], { sync: true });
  await database.close();
  await t.rejects(openLevelStore({ directory: join(directory, 'newer'), clock: systemClock }), {
    message: 'the data directory has format 9, this version reads format 1',
  });
});

await t.test(
  'writes that arrive while a flush runs share the next one, which asks for a sync and is acknowledged after it',
  async (t) => {
    const { driver, state } = watchedDriver();
    await using store = await openRevisionedStore(driver, systemClock);
    state.writes.length = 0;
    state.events.length = 0;
    const first = store.create('/first', body('x'));
    await settle(() => state.events.length === 0);
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    state.intercept = async (really) => {
      await gate;
      await really();
    };
    const acknowledge = (write: Promise<unknown>) => write.then(() => state.events.push('acknowledged'));
    const writing = [acknowledge(first)];
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 20; i++) writing.push(acknowledge(store.create(`/${i}`, body('x'))));
    await new Promise((resolve) => setImmediate(resolve));
    t.same(state.events.filter((e) => e === 'acknowledged').length, 0, 'nothing is acknowledged before the sync');
    release();
    await Promise.all(writing);
    t.same(
      state.writes.map((w) => [w.keys.length, w.sync]),
      [
        [1, true],
        [20, true],
      ],
    );
    t.same(state.events, ['synced', 'acknowledged', 'synced', ...Array.from({ length: 20 }, () => 'acknowledged')]);
  },
);

await t.test(
  'a failed flush fails everything queued, and writes resume after the database was opened anew',
  async (t) => {
    const { driver, state } = watchedDriver();
    const clock = manualClock();
    await using store = await openRevisionedStore(driver, clock);
    await store.create('/kept', body('kept'));
    const seen: number[] = [];
    store.subscribe((changes) => seen.push(...changes.map((change) => change.revision)));
    state.intercept = async () => {
      throw new Error('no space left on device');
    };
    state.room = false;
    const failed = [
      store.create('/a', body('3')),
      store.update('/kept', 2, body('4')),
      store.delete('/kept', 4, body('5')),
    ];
    for (const write of failed) await failsWith(t, 'Unavailable', () => write);
    await failsWith(t, 'Unavailable', () => store.create('/b', body('x')));
    t.equal(store.revision, 2);
    t.equal(textOf(await store.get('/kept')), 'kept', 'reads go on');
    t.equal((await store.list({ prefix: '/' })).items.length, 1);
    clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
    await failsWith(t, 'Unavailable', () => store.create('/b', body('x')));
    t.equal(state.opened, 1, 'not opened anew while there is no room');

    state.intercept = undefined;
    state.room = true;
    clock.advance(500);
    await settle(() => state.opened === 2);
    await new Promise((resolve) => setImmediate(resolve));
    const written = await store.update('/kept', 2, body('new'));
    t.equal(written.revision, 6, 'revisions of failed writes are not used again');
    t.same(seen, [6]);
  },
);

await t.test(
  'a batch that reached the disk although its flush failed has happened, and subscribers see it',
  async (t) => {
    const { driver, state } = watchedDriver();
    const clock = manualClock();
    await using store = await openRevisionedStore(driver, clock);
    const seen: number[] = [];
    store.subscribe((changes) => seen.push(...changes.map((change) => change.revision)));
    state.intercept = async (really) => {
      await really();
      throw new Error('sync failed');
    };
    await failsWith(t, 'Unavailable', () => store.create('/a', body('survivor')));
    t.equal(await store.get('/a'), undefined);
    state.intercept = undefined;
    clock.advance(500);
    await settle(() => seen.length > 0);
    t.same(seen, [2]);
    t.equal(textOf(await store.get('/a')), 'survivor');
    await settle(() => store.revision === 2);
    await new Promise((resolve) => setImmediate(resolve));
    await failsWith(t, 'KeyExists', () => store.create('/a', body('x')));
  },
);

await t.test('a failed compaction loses nothing and is made up for by the next', async (t) => {
  const { driver, state } = watchedDriver();
  const clock = manualClock();
  await using store = await openRevisionedStore(driver, clock);
  await store.create('/a', body('2'));
  await store.update('/a', 2, body('3'));
  state.intercept = async (really, keys) => {
    if (keys.some((key) => key.startsWith('r/'))) throw new Error('no space left on device');
    await really();
  };
  await failsWith(t, 'Unavailable', () => store.compact(3));
  t.equal(textOf(await store.get('/a')), '3');
  state.intercept = undefined;
  clock.advance(500);
  await settle(() => state.opened === 2);
  await new Promise((resolve) => setImmediate(resolve));
  await store.create('/b', body('4'));
  await store.compact(4);
  t.same(
    (await collect(store.replay())).map((change) => change.revision),
    [3, 4],
  );
});

await t.test('the compactor keeps the history of the last interval', async (t) => {
  const clock = manualClock();
  await using store = await openMemoryStore({ clock });
  const failures: unknown[] = [];
  const compactor = createCompactor({ store, clock, intervalMs: 300_000, onError: (error) => failures.push(error) });
  await store.create('/a', body('2'));
  await store.update('/a', 2, body('3'));
  clock.advance(300_000);
  await settle(() => store.compactedRevision === 1);
  await store.update('/a', 3, body('4'));
  clock.advance(300_000);
  await settle(() => store.compactedRevision === 3);
  t.equal(textOf(await store.get('/a', 3)), '3');
  await compactor[Symbol.asyncDispose]();
  clock.advance(900_000);
  t.equal(store.compactedRevision, 3);
  t.same(failures, []);
});

await t.test(
  'a full disk turns writes into errors, keeps reads working, and writes resume when there is room',
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'kubefacade-full-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', directory]);
    try {
      if (mounted.status === 0) await fillAndFree(t, directory);
      else t.pass('a full disk', { skip: 'a small file system cannot be mounted here: the full disk was NOT tried' });
    } finally {
      if (mounted.status === 0) spawnSync('umount', [directory]);
      await rm(directory, { recursive: true });
    }
  },
);

async function fillAndFree(t: Test, directory: string): Promise<void> {
  // What is set free must hold what recovery writes anew: the log's 4 MiB as a table, and a new log.
  const ballast = join(directory, 'ballast');
  await writeFile(ballast, Buffer.alloc(16 * 1024 * 1024));
  const data = join(directory, 'data');
  await mkdir(data);
  const acknowledged = new Map<string, string>();
  // LevelDB compresses what repeats itself.
  const kilobytes = randomBytes(10_000).toString('hex');
  {
    await using store = await openLevelStore({ directory: data, clock: systemClock });
    const write = async (name: string) => {
      const stored = await store.create(`/${name}`, body(name + kilobytes));
      acknowledged.set(stored.key, name + kilobytes);
    };
    let failures = 0;
    for (let i = 0; i < 1000 && failures < 3; i++) {
      await Promise.all([0, 1, 2].map((j) => write(`${i}-${j}`))).catch(() => failures++);
    }
    t.equal(failures, 3, 'the disk is full');
    const names = (await store.list({ prefix: '/' })).items;
    t.ok(names.length >= acknowledged.size, 'reads go on');
    await rm(ballast);
    let written = false;
    for (let i = 0; i < 100 && !written; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      written = await write(`after-${i}`).then(
        () => true,
        () => false,
      );
    }
    t.ok(written, `writes resume (files: ${readdirSync(data).length})`);
    for (const [key, text] of acknowledged) if (textOf(await store.get(key)) !== text) t.fail(`${key} was lost`);
  }
  await using store = await openLevelStore({ directory: data, clock: systemClock });
  for (const [key, text] of acknowledged)
    if (textOf(await store.get(key)) !== text) t.fail(`${key} was lost on reopening`);
}
