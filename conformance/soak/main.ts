import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startServer } from '../clients/server.ts';
import { attach } from '../reference/attach.ts';
import { stopAll } from '../reference/processes.ts';
import { type Connection, connectByKubeconfig } from '../tables-runner/connection.ts';
import { churn, prepare } from './churn.ts';
import { type Counts, readCounts } from './metrics.ts';
import { unsettled } from './settled.ts';

const usage = `npm run soak -- [options]
  --minutes N   of churn (60)
  --own         our own controllers and scheduler instead of the reference's
  --every MS    one change each (700)`;

/** Clients have caught up by then, and watched everything that they watch. */
const settleMs = 60_000;
const finalDeadlineMs = 180_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function difference(now: Counts, before: Counts): string {
  const grown = (name: keyof Counts): number => now[name] - before[name];
  return `${grown('requests')} requests, ${grown('watches')} watches resumed, ${grown('relists')} relists, ${grown('gone')} answers 410, ${grown('failures')} of 500 and above`;
}

async function waitUntilSettled(connection: Connection): Promise<readonly string[]> {
  const deadline = performance.now() + finalDeadlineMs;
  for (;;) {
    const left = await unsettled(connection);
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(2000);
  }
}

async function soak(minutes: number, isOwn: boolean, everyMs: number): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-soak-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const flags = isOwn ? ['--controllers=*'] : ['--controllers=-*', '--scheduler=false'];
  const server = stack.use(await startServer({ storage: 'leveldb', dataDir: join(folder, 'data'), flags }));
  const parts = join(folder, 'parts');
  stack.defer(async () => void (await stopAll(parts)));
  const controllers = isOwn ? undefined : 'all';
  await attach(parts, server.kubeconfig, { scheduler: !isOwn, kwokNodes: 2, controllers }, []);
  using connection = connectByKubeconfig(server.kubeconfig);
  await prepare(connection);
  await sleep(settleMs);
  const before = await readCounts(connection);
  say(`settled after ${before.requests} requests; churning for ${minutes} minutes`);
  const end = performance.now() + minutes * 60_000;
  let nextReport = performance.now() + 300_000;
  for (let turn = 0; performance.now() < end; turn++) {
    await churn(connection, turn);
    if (performance.now() > nextReport) {
      nextReport += 300_000;
      say(`${turn} changes: ${difference(await readCounts(connection), before)}`);
    }
    await sleep(everyMs);
  }
  const after = await readCounts(connection);
  const left = await waitUntilSettled(connection);
  say(`in the end: ${difference(after, before)}`);
  for (const text of left) say(`not as its spec asks: ${text}`);
  const isQuiet = after.relists === before.relists && after.gone === before.gone && after.failures === before.failures;
  say(isQuiet && left.length === 0 ? 'passed' : 'failed');
  return isQuiet && left.length === 0;
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    every: { type: 'string', default: '700' },
    own: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) say(usage);
else process.exitCode = (await soak(Number(values.minutes), values.own, Number(values.every))) ? 0 : 1;
