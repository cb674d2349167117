import { text } from 'node:stream/consumers';
import { test } from 'tap';
import type { LogOptions } from '../../../api/streams/node-connection.ts';
import { newRecord } from '../container-record.ts';
import type { StartedContainer } from '../pod-runtime.ts';
import { logOf } from './container-log.ts';
import { LogBudget } from './log-budget.ts';
import { LogBuffer } from './log-buffer.ts';
import { logTime, readLog } from './log-reader.ts';
import { startLogged } from './start-logged.ts';

const start = Date.parse('2026-01-02T03:04:05.000Z');

function clockAt(ms: number) {
  const clock = { ms, now: () => clock.ms, after: () => ({ cancel: () => undefined }) };
  return clock;
}

const plain: LogOptions = { follow: false, previous: false, timestamps: false };
const never = new AbortController().signal;

test('lines are whole: pieces are joined, long ones are cut, the unfinished one comes at the end', async (t) => {
  const log = new LogBuffer(clockAt(start));
  const read = (options: Partial<LogOptions> = {}): Promise<string> =>
    text(readLog(log, { ...plain, ...options }, start, never));
  t.equal(await read(), '', 'nothing yet');
  log.write('stdout', 'one\ntw');
  log.write('stderr', 'err');
  t.equal(await read(), 'one\n');
  log.write('stdout', 'o\n');
  log.write('stderr', 'or\n');
  t.equal(await read(), 'one\ntwo\nerror\n');
  t.equal(await read({ stream: 'Stderr' }), 'error\n');
  t.equal(await read({ stream: 'Stdout' }), 'one\ntwo\n');
  const long = 'x'.repeat(40_000);
  log.write('stdout', `${long}\nrest`);
  t.equal(await read({ tailLines: 3 }), `${long}\n`, 'pieces of a long line count each');
  t.equal(
    await read({ tailLines: 3, timestamps: true }),
    `2026-01-02T03:04:05.000003000Z ${long}\n`,
    'and have one stamp',
  );
  log.end();
  t.equal(await read({ tailLines: 1 }), 'rest');
});

test('tail, limit, since and stamps select as a kubelet does', async (t) => {
  const clock = clockAt(start);
  const log = new LogBuffer(clock);
  for (const line of ['a', 'b', 'c']) {
    log.write('stdout', `${line}\n`);
    clock.ms += 10_000;
  }
  const read = (options: Partial<LogOptions>): Promise<string> =>
    text(readLog(log, { ...plain, ...options }, clock.now(), never));
  t.equal(await read({ tailLines: 2 }), 'b\nc\n');
  t.equal(await read({ tailLines: 0 }), '');
  t.equal(await read({ limitBytes: 3 }), 'a\nb');
  t.equal(await read({ sinceSeconds: 15 }), 'c\n');
  t.equal(await read({ sinceTime: '2026-01-02T03:04:10Z' }), 'b\nc\n');
  t.equal(await read({ sinceTime: '2026-01-02T03:04:15.000001Z' }), 'c\n');
  t.equal(await read({ timestamps: true, tailLines: 1 }), '2026-01-02T03:04:25.000000000Z c\n');
  t.equal(logTime(start + 1.5), '2026-01-02T03:04:05.001500000Z');
});

test('what is kept has a bound, and the oldest goes first', async (t) => {
  const log = new LogBuffer(clockAt(start), { maxBytes: 1024 * 1024 });
  for (let line = 0; line < 20_000; line++) log.write('stdout', `${String(line).padStart(100, '0')}\n`);
  const lines = (await text(readLog(log, plain, start, never))).split('\n').slice(0, -1).map(Number);
  t.equal(lines.at(-1), 19_999);
  t.ok(lines.length > 4000 && lines.length < 8000, `${lines.length} lines are left`);
  t.equal(lines[0], 20_000 - lines.length, 'without a gap');
  const budget = new LogBudget(1024 * 1024);
  const logs = Array.from({ length: 10 }, () => new LogBuffer(clockAt(start), { budget }));
  for (const each of logs) for (let line = 0; line < 5000; line++) each.write('stdout', `${'x'.repeat(99)}\n`);
  const kept = logs.reduce((sum, each) => sum + each.storedBytes, 0);
  t.ok(kept < 2 * 1024 * 1024, `all together keep ${kept} bytes`);
  t.ok(
    logs.every((each) => each.storedBytes > 60 * 1024),
    'and each its newest lines',
  );
  for (const each of logs) each.drop();
  t.notOk(budget.isShort, 'what is dropped is given back');
  t.equal(await text(readLog(log, plain, start, never)).then((all) => all.length > 0), true);
});

test('followers are woken, may be slow, and end with the container', async (t) => {
  const log = new LogBuffer(clockAt(start));
  const gone = new AbortController();
  const followers = Array.from({ length: 100 }, () => text(readLog(log, { ...plain, follow: true }, start, never)));
  const left = readLog(log, { ...plain, follow: true }, start, gone.signal);
  const slow = readLog(log, { ...plain, follow: true, tailLines: 0 }, start, never);
  log.write('stdout', 'first\n');
  await new Promise(setImmediate);
  t.equal(String(slow.read()), 'first\n', 'a tail of none shows what comes');
  gone.abort();
  t.ok(left.destroyed);
  const line = `${'y'.repeat(1000)}\n`;
  for (let count = 0; count < 1000; count++) log.write('stdout', line);
  await new Promise(setImmediate);
  t.ok(slow.readableLength <= 256 * 1024, `a slow reader holds ${slow.readableLength} bytes`);
  log.end();
  for (const follower of followers) t.equal((await follower).length, 6 + 1_001_000);
  t.equal((await text(slow)).length, 1_001_000);
  t.equal(
    await text(readLog(log, { ...plain, follow: true, tailLines: 1 }, start, never)),
    line,
    'to follow what has ended ends',
  );
});

test('the attempt is chosen by the state, in the words of a kubelet', async (t) => {
  const clock = clockAt(start);
  const record = newRecord({ name: 'main' }, 'ContainerCreating');
  const choose = (isPrevious = false) => logOf(record, 'web', isPrevious);
  t.throws(() => choose(), { message: 'container "main" in pod "web" is waiting to start: ContainerCreating' });
  t.throws(() => choose(true), { message: 'previous terminated container "main" in pod "web" not found' });
  record.state = { is: 'waiting', reason: 'ImagePullBackOff' };
  t.throws(() => choose(), {
    message: 'container "main" in pod "web" is waiting to start: trying and failing to pull image',
  });
  const run = async (words: string): Promise<LogBuffer | undefined> => {
    const exited = Promise.resolve({ exitCode: 1, reason: 'Error' } as const);
    await startLogged(record.logs, clock, async (log) => {
      log('stdout', words);
      return { exited } as unknown as StartedContainer;
    });
    return record.logs.newest;
  };
  const first = await run('first');
  record.state = { is: 'running', startedAt: start };
  t.equal(choose(), first);
  const ended = {
    is: 'terminated',
    exitCode: 1,
    reason: 'Error',
    startedAt: start,
    finishedAt: start,
    id: 'x',
  } as const;
  record.last = ended;
  record.state = { is: 'waiting', reason: 'CrashLoopBackOff' };
  t.equal(choose(), first, 'while it waits to start again');
  t.equal(choose(true), first);
  await t.rejects(startLogged(record.logs, clock, () => Promise.reject(new Error('no image'))));
  t.equal(choose(), first, 'after a start that failed');
  const second = await run('second');
  record.state = { is: 'running', startedAt: start };
  t.equal(choose(), second);
  t.equal(choose(true), first);
  t.ok(first?.isEnded);
  t.equal(await text(readLog(second ?? new LogBuffer(clock), plain, start, never)), 'second');
});
