/**
 * Watch fan-out over chunked answers, as a process of its own that reads the environment of a k6 script and prints the same line:
 * one writer at a steady pace, WATCHERS connections, and the time from the write acknowledged to the event seen by each of them.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, ApiClient } from './api-client.ts';
import { fanOutTurn, type WriteRecord } from './fan-out.ts';

const env = process.env;
const watchers = Number(env['WATCHERS'] ?? 100);
const writesPerSecond = Number(env['WRITES'] ?? 10);
const pods = Number(env['PODS'] ?? 7500);
const seconds = Number.parseFloat(env['DURATION'] ?? '10s');
const run = env['RUN'] ?? '0';
// Events still on their way when the last write is acknowledged.
const lingerMs = 2000;
const pathOfPods = '/api/v1/namespaces/perf/pods';

const access: Access = {
  url: env['TARGET'] ?? '',
  ...(env['TOKEN'] === undefined ? {} : { token: env['TOKEN'] }),
  ...(env['CERT'] === undefined ? {} : { cert: readFileSync(env['CERT'], 'utf8') }),
  ...(env['KEY'] === undefined ? {} : { key: readFileSync(env['KEY'], 'utf8') }),
};

/** Opens one watch; settles when its answer begins. `see` gets the marks of the events as their lines arrive. */
function openWatch(agent: Agent, path: string, see: (mark: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = access.token === undefined ? {} : { Authorization: `Bearer ${access.token}` };
    const outgoing = request(`${access.url}${path}`, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`watch answered ${answer.statusCode}`));
      answer.setEncoding('utf8');
      let rest = '';
      answer.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const mark = /"example\.com\/mark":"([^"]+)"/.exec(line)?.[1];
          if (mark !== undefined) see(mark);
        }
      });
      // Ends with the agent, or early: then its events are missing, and that is what is told.
      answer.on('error', () => {});
      resolve();
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function main(): Promise<void> {
  using client = new ApiClient(access, 4);
  const first = await client.send('GET', `${pathOfPods}?limit=1`);
  const { metadata } = JSON.parse(first.text) as { metadata: { resourceVersion: string } };
  const { cert, key } = access;
  const agent = new Agent({
    maxSockets: Number.POSITIVE_INFINITY,
    rejectUnauthorized: false,
    ...(cert === undefined ? {} : { cert, key }),
  });
  const writes = new Map<string, WriteRecord>();
  const path = `${pathOfPods}?watch=true&resourceVersion=${metadata.resourceVersion}`;
  const see = (mark: string): void => {
    writes.get(mark)?.seen.push(performance.now());
  };
  await Promise.all(Array.from({ length: watchers }, () => openWatch(agent, path, see)));
  const begin = performance.now();
  const pending: Promise<void>[] = [];
  for (let count = 1; performance.now() - begin < seconds * 1000; count += 1) {
    const mark = `${run}-${count}`;
    const record: WriteRecord = { acknowledged: undefined, seen: [] };
    writes.set(mark, record);
    const name = `pod-${String(count % pods).padStart(5, '0')}`;
    const body = { metadata: { annotations: { 'example.com/mark': mark } } };
    const write = client.send('PATCH', `${pathOfPods}/${name}`, body, 'application/merge-patch+json');
    pending.push(
      write.then(({ status }) => {
        if (status === 200) record.acknowledged = performance.now();
      }),
    );
    await sleep(Math.max(0, begin + (count * 1000) / writesPerSecond - performance.now()));
  }
  const elapsed = (performance.now() - begin) / 1000;
  await Promise.all(pending);
  await sleep(lingerMs);
  process.stdout.write(`${JSON.stringify(fanOutTurn([...writes.values()], watchers, elapsed))}\n`);
  agent.destroy();
}

await main();
// Sockets that the destroyed agent leaves to time out would keep the process.
process.exit(0);
