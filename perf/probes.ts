/**
 * How punctual probes are: pods whose server logs each request are probed over HTTP, and the stamps of their logs are compared with the
 * period they were asked for. `node perf/probes.ts --help` lists the options.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from './api-client.ts';
import { machineFacts } from './machine.ts';
import { treeUsage } from './processes.ts';
import { openServer } from './servers.ts';
import { sideBySide } from './side-by-side.ts';

const usage = `node perf/probes.ts [options]
  --subject S     kubefacade (default), or a kubeconfig of a cluster whose nodes run containers
  --count N       containers with a probe (1000)
  --period S      seconds between looks (10)
  --seconds S     how long they are watched (60)
  --image I       registry.k8s.io/e2e-test-images/agnhost:2.63.0
  --flag F        passed to kubefacade start; may be repeated
  --check         fails when 99 of 100 looks are not within 50 ms of their time`;

const { values } = parseArgs({
  options: {
    subject: { type: 'string', default: 'kubefacade' },
    count: { type: 'string', default: '1000' },
    period: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
    image: { type: 'string', default: 'registry.k8s.io/e2e-test-images/agnhost:2.63.0' },
    flag: { type: 'string', multiple: true, default: [] },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const promisedMs = 50;
const settleMs = 5000;
const count = Number(values.count);
const periodSeconds = Number(values.period);
const pods = '/api/v1/namespaces/default/pods';
const path = '/echo?msg=probed';

function podOf(i: number): object {
  const readinessProbe = { httpGet: { path, port: 8080 }, periodSeconds };
  return {
    metadata: { name: `probed-${i}`, labels: { app: 'probed' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: values.image, args: ['netexec', '--http-port=8080'], readinessProbe }],
    },
  };
}

/** Each namespace has its account a moment after its making. */
async function waitForAccount(client: ApiClient): Promise<void> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  while ((await client.send('GET', path)).status !== 200) await sleep(100);
}

async function waitUntilReady(client: ApiClient): Promise<void> {
  for (;;) {
    const { text } = await client.send('GET', `${pods}?labelSelector=app%3Dprobed`);
    const { items } = JSON.parse(text) as {
      items: { status?: { conditions?: { type: string; status: string }[] } }[];
    };
    const ready = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    );
    if (ready.length === count) return;
    await sleep(1000);
  }
}

/** How late each look was, in ms. None comes early, so the most punctual of a container shows its beat. */
function lateness(log: string, from: number, until: number): number[] {
  const times = log
    .split('\n')
    .filter((line) => line.includes('/echo'))
    .map((line) => Date.parse(line.slice(0, line.indexOf(' '))))
    .filter((time) => time >= from && time < until);
  const [first = 0] = times;
  const period = periodSeconds * 1000;
  const shifts = times.map((time) => time - first - Math.round((time - first) / period) * period);
  const beat = Math.min(...shifts);
  return shifts.map((shift) => shift - beat);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(usage);
    return;
  }
  await using server = await openServer(values.subject, [
    '--controllers=*',
    '--scheduler=true',
    '--nodes=10',
    ...values.flag,
  ]);
  using client = new ApiClient(server.access);
  console.log(machineFacts());
  await waitForAccount(client);
  await sideBySide(count, 16, async (i) => {
    await client.must('POST', pods, podOf(i));
  });
  await waitUntilReady(client);
  // What was written about all of them has been told by then.
  await sleep(settleMs);
  const from = Date.now();
  const before = treeUsage(server.pids);
  await sleep(Number(values.seconds) * 1000);
  const until = Date.now();
  const after = treeUsage(server.pids);
  const late: number[] = [];
  await sideBySide(count, 16, async (i) => {
    const { text } = await client.send('GET', `${pods}/probed-${i}/log?timestamps=true`);
    late.push(...lateness(text, from, until));
  });
  late.sort((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? Number.NaN;
  const p99 = at(0.99);
  console.log({
    containers: count,
    looks: late.length,
    'median, ms': at(0.5),
    '99 of 100 within, ms': p99,
    'latest, ms': at(1),
    'processor, % of a core': ((after.cpuSeconds - before.cpuSeconds) / Number(values.seconds)) * 100,
    'memory, MiB': after.rssBytes / 2 ** 20,
  });
  if (values.check && !(p99 <= promisedMs)) {
    console.error(`99 of 100 looks are within ${p99} ms of their time, not within ${promisedMs} ms`);
    process.exitCode = 1;
  }
}

await main();
