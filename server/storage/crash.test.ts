import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Clock } from '../../api/clock.ts';
import { seededRandom } from '../../api/seeded-random.ts';
import { openLevelStore } from './level-store.ts';
import type { ObjectStore } from './store.ts';
import { collect, textOf } from './store-probes.contract.ts';

const stopped: Clock = { now: () => 0, after: () => ({ cancel() {} }) };
const kills = 50;

// Sixteen writers create, update and delete keys of their own; each acknowledgement is a line: revision, type, key, previous revision.
function writer(directory: string, seed: number): string {
  return `
    import { writeSync } from 'node:fs';
    import { openLevelStore } from ${JSON.stringify(join(import.meta.dirname, 'level-store.ts'))};
    const clock = { now: () => 0, after: () => ({ cancel() {} }) };
    const store = await openLevelStore({ directory: ${JSON.stringify(directory)}, clock });
    const filler = 'x'.repeat(${200 + (seed % 5) * 700});
    const encode = (previous) => (revision) => Buffer.from(JSON.stringify({ revision, text: previous, filler }));
    writeSync(1, 'ready\\n');
    async function run(id) {
      const current = new Map();
      for (const item of (await store.list({ prefix: '/' + id + '/' })).items) current.set(item.key, item.revision);
      for (let i = 0; ; i++) {
        const key = '/' + id + '/' + ((i * 7 + ${seed}) % 40);
        const previous = current.get(key) ?? 0;
        const type = previous !== 0 && i % 3 === 0 ? 'delete' : 'put';
        const stored = previous === 0 ? await store.create(key, encode(0))
          : type === 'delete' ? await store.delete(key, previous, encode(previous))
          : await store.update(key, previous, encode(previous));
        if (type === 'delete') current.delete(key); else current.set(key, stored.revision);
        writeSync(1, stored.revision + ' ' + type + ' ' + key + ' ' + previous + '\\n');
        if (id === 0 && i % 50 === 49) void store.compact(Math.max(1, store.revision - 500));
      }
    }
    for (let id = 0; id < 16; id++) void run(id);
  `;
}

/** Runs a writer, kills it after a while and returns what it had acknowledged. */
function runAndKill(directory: string, seed: number, delayMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', writer(directory, seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
    });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delayMs));
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${errors}`));
      // What stands behind the last line end was cut off by the kill.
      else resolve(output.slice(0, output.lastIndexOf('\n')).split('\n').slice(1));
    });
  });
}

interface Version {
  readonly type: string;
  readonly revision: number;
}

/** The history has no gaps, each write fits the one before it, and every acknowledged write is in it. */
async function checkStore(t: Test, store: ObjectStore, acknowledged: ReadonlyMap<number, string>): Promise<number> {
  const faults: string[] = [];
  const newest = new Map<string, Version>();
  const found = new Map<number, string>();
  for (const change of await collect(store.replay())) {
    const previous = Number(textOf(change));
    const before = newest.get(change.key);
    const expected = before === undefined || before.type === 'delete' ? 0 : before.revision;
    // What came before may have been compacted.
    if (before !== undefined && previous !== expected)
      faults.push(`${change.revision} follows ${expected}, not ${previous}`);
    newest.set(change.key, change);
    if (found.has(change.revision)) faults.push(`${change.revision} is there twice`);
    found.set(change.revision, `${change.revision} ${change.type} ${change.key} ${previous}`);
  }
  for (let revision = store.compactedRevision + 1; revision <= store.revision; revision++) {
    if (revision > 1 && !found.has(revision)) faults.push(`${revision} is missing`);
  }
  for (const [revision, line] of acknowledged) {
    if (revision > store.revision) faults.push(`${line} is lost`);
    if (revision > store.compactedRevision && found.get(revision) !== line)
      faults.push(`${line} is ${found.get(revision)}`);
  }
  const live = [...newest].filter(([, version]) => version.type === 'put');
  const listed = (await store.list({ prefix: '/' })).items.map((item) => `${item.key} ${item.revision}`);
  t.same(listed.toSorted(), live.map(([key, version]) => `${key} ${version.revision}`).toSorted());
  t.same(faults, []);
  return found.size;
}

await t.test(
  `after ${kills} kills no acknowledged write is lost, no revision is used twice, and the history is whole`,
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'kubefacade-crash-'));
    t.teardown(() => rm(directory, { recursive: true }));
    const random = seededRandom(20260501);
    const acknowledged = new Map<number, string>();
    for (let kill = 0; kill < kills; kill++) {
      // Some at once, while the database is being recovered; most while it is writing.
      const lines = await runAndKill(directory, kill, random() ** 2 * 300);
      for (const line of lines) {
        const revision = Number(line.split(' ', 1)[0]);
        if (acknowledged.has(revision)) t.fail(`${line} uses the revision of ${acknowledged.get(revision)}`);
        acknowledged.set(revision, line);
      }
      await using store = await openLevelStore({ directory, clock: stopped });
      await checkStore(t, store, acknowledged);
    }
    t.ok(acknowledged.size > 1000, `${acknowledged.size} acknowledged writes`);
  },
);

await t.test('each of a hundred writes in sequence costs one fdatasync, and a hundred at once far fewer', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'kubefacade-sync-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const program = (sequence: boolean) => `
    import { openLevelStore } from ${JSON.stringify(join(import.meta.dirname, 'level-store.ts'))};
    const clock = { now: () => 0, after: () => ({ cancel() {} }) };
    const store = await openLevelStore({ directory: ${JSON.stringify(directory)} + '/${sequence}', clock });
    const writes = [];
    for (let i = 0; i < 100; i++) {
      const write = store.create('/' + i, () => Buffer.from('{}'));
      ${sequence ? 'await write;' : 'writes.push(write);'}
    }
    await Promise.all(writes);
    process.kill(process.pid, 'SIGKILL');
  `;
  const log = join(directory, 'strace');
  for (const sequence of [true, false]) {
    const traced = spawnSync(
      'strace',
      [
        '-f',
        '-e',
        'trace=fdatasync',
        '-o',
        log,
        process.execPath,
        '--input-type=module-typescript',
        '-e',
        program(sequence),
      ],
      { env: { PATH: process.env['PATH'] ?? '' } },
    );
    const calls = traced.error === undefined ? ((await readFile(log, 'utf8')).match(/fdatasync\(/g)?.length ?? 0) : 0;
    // A machine without strace, or one that forbids tracing.
    if (calls === 0) t.pass('fdatasync', { skip: 'strace is not usable here: calls of fdatasync were NOT counted' });
    else if (sequence) t.ok(calls >= 100 && calls < 115, `${calls} for a hundred in sequence`);
    else t.ok(calls < 15, `${calls} for a hundred at once`);
  }
});
