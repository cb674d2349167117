import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { ensureStages } from '../conformance/reference/programs.ts';
import { type Access, ApiClient } from './api-client.ts';
import { machineFacts } from './machine.ts';
import { createUnlessThere } from './preload.ts';
import { treeUsage } from './processes.ts';
import { referenceProgram } from './programs.ts';
import { endWithUs, openServer, type Server } from './servers.ts';
import { sideBySide } from './side-by-side.ts';

const usage = `node perf/nodes.ts [options]: how fast many nodes become ready, run pods and let them go
  --nodes N       (5000)
  --pods N        (10000)
  --scheduled     pods get their nodes from the scheduler, not by name
  --against reference   then the same on kube-apiserver and etcd with kwok's nodes
Programs of the reference are found by KUBEFACADE_REFERENCE_BIN or in PATH.`;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '10000' },
    scheduled: { type: 'boolean', default: false },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const nodeCount = Number(values.nodes);
const podCount = Number(values.pods);
const connections = 16;
const podsPath = '/api/v1/namespaces/default/pods';

interface Watched {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Result {
  readonly name: string;
  readonly nodesReady: number;
  readonly podsRunning: number;
  readonly podsGone: number;
  readonly peakMiB: number;
  readonly cpuSeconds: number;
}

function isReady({ status }: Watched): boolean {
  return status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
}

/** Follows a resource from its present state, over as many watches as it takes; `until` resolves once so many objects are as asked. */
function follow({ url, token = '' }: Access, path: string) {
  const objects = new Map<string, Watched>();
  let check = (): void => undefined;
  let isClosed = false;
  let revision = '';
  let outgoing: ClientRequest;
  const open = (): void => {
    if (isClosed) return;
    let rest = '';
    const from = revision === '' ? '' : `&resourceVersion=${revision}`;
    const options = { rejectUnauthorized: false, headers: { Authorization: `Bearer ${token}` } };
    outgoing = request(`${url}${path}?watch=true${from}`, options, (incoming) => {
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const { type, object } = JSON.parse(line) as { type: string; object: Watched };
          revision = object.metadata.resourceVersion;
          if (type === 'DELETED') objects.delete(object.metadata.name);
          else objects.set(object.metadata.name, object);
        }
        check();
      });
      incoming.on('error', () => undefined);
      incoming.once('close', open);
    });
    outgoing.on('error', () => undefined);
    outgoing.end();
  };
  open();
  return {
    until: (count: number, isRight: (object: Watched) => boolean): Promise<void> =>
      new Promise((resolve) => {
        check = () => {
          let right = 0;
          for (const object of objects.values()) if (isRight(object)) right++;
          if (right === count && (count > 0 || objects.size === 0)) resolve();
        };
        check();
      }),
    close: () => {
      isClosed = true;
      outgoing.destroy();
    },
  };
}

function podOf(i: number): object {
  return {
    metadata: { name: `pod-${i}` },
    spec: {
      ...(values.scheduled ? {} : { nodeName: `node-${i % nodeCount}` }),
      tolerations: [{ operator: 'Exists' }],
      // Nobody publishes the certificates that come with a token here.
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }],
    },
  };
}

async function measure(server: Server, pids: () => readonly number[], makeNodes: () => Promise<void>): Promise<Result> {
  using client = new ApiClient(server.access, connections);
  const begin = performance.now();
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, treeUsage(pids()).rssBytes);
  }, 250);
  const since = (from: number): number => (performance.now() - from) / 1000;
  try {
    const nodes = follow(server.access, '/api/v1/nodes');
    await makeNodes();
    await nodes.until(nodeCount, isReady);
    const nodesReady = since(begin);
    nodes.close();
    await createUnlessThere(client, '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const pods = follow(server.access, podsPath);
    const podsBegin = performance.now();
    await sideBySide(podCount, connections, (i) => createUnlessThere(client, podsPath, podOf(i)));
    await pods.until(podCount, ({ status }) => status?.phase === 'Running');
    const podsRunning = since(podsBegin);
    const goneBegin = performance.now();
    await sideBySide(podCount, connections, async (i) => {
      await client.must('DELETE', `${podsPath}/pod-${i}`);
    });
    await pods.until(0, () => false);
    const podsGone = since(goneBegin);
    pods.close();
    const { cpuSeconds } = treeUsage(pids());
    return { name: server.name, nodesReady, podsRunning, podsGone, peakMiB: peak / 2 ** 20, cpuSeconds };
  } finally {
    clearInterval(sampler);
  }
}

async function own(): Promise<Result> {
  const begin = performance.now();
  await using server = await openServer('kubefacade', [`--nodes=${nodeCount}`, `--scheduler=${values.scheduled}`]);
  const result = await measure(
    server,
    () => server.pids,
    async () => undefined,
  );
  // Nodes come with the server: its start counts.
  const startSeconds = (server.readyMs ?? performance.now() - begin) / 1000;
  return { ...result, nodesReady: result.nodesReady + startSeconds };
}

async function reference(): Promise<Result> {
  const stages = await ensureStages();
  const folder = mkdtempSync(join(tmpdir(), 'perf-nodes-'));
  const children: ChildProcess[] = [];
  await using server = await openServer('reference', []);
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = { server: server.access.url, 'insecure-skip-tls-verify': true };
  writeFileSync(
    kubeconfig,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: server.access.token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }),
  );
  const ended = Promise.withResolvers<never>();
  const run = (name: string, args: readonly string[]): void => {
    const path = join(folder, `${name}.log`);
    const log = openSync(path, 'a');
    const child = spawn(referenceProgram(name), args, { stdio: ['ignore', log, log] });
    children.push(child);
    endWithUs(child);
    child.once('exit', (code) => {
      if (code !== null)
        ended.reject(new Error(`${name} ended with ${code}: ${readFileSync(path, 'utf8').slice(-500)}`));
    });
  };
  try {
    run('kwok', [
      `--kubeconfig=${kubeconfig}`,
      '--manage-all-nodes=true',
      '--node-ip=127.0.0.1',
      '--cidr=10.0.0.0/8',
      '--node-lease-duration-seconds=40',
      `--config=${stages}`,
    ]);
    if (values.scheduled)
      run('kube-scheduler', [
        `--kubeconfig=${kubeconfig}`,
        '--leader-elect=false',
        '--secure-port=0',
        // By itself it would ask for no more than 50 bindings in a second.
        '--kube-api-qps=5000',
        '--kube-api-burst=10000',
      ]);
    using client = new ApiClient(server.access, connections);
    const amounts = { cpu: '16', memory: '64Gi', pods: '110' };
    const measured = measure(
      server,
      () => [...server.pids, ...children.map(({ pid = 0 }) => pid)],
      () =>
        sideBySide(nodeCount, connections, async (i) => {
          const labels = { 'kubernetes.io/hostname': `node-${i}` };
          const status = { allocatable: amounts, capacity: amounts };
          await createUnlessThere(client, '/api/v1/nodes', { metadata: { name: `node-${i}`, labels }, status });
        }),
    );
    return await Promise.race([measured, ended.promise]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function line(result: Result): string {
  const { name, nodesReady, podsRunning, podsGone, peakMiB, cpuSeconds } = result;
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  return `| ${name} | ${seconds(nodesReady)} | ${seconds(podsRunning)} | ${seconds(podsGone)} | ${peakMiB.toFixed(0)} MiB | ${seconds(cpuSeconds)} |`;
}

if (values.help) console.log(usage);
else {
  console.log(JSON.stringify(machineFacts()));
  console.log(`${nodeCount} nodes, ${podCount} pods, ${values.scheduled ? 'scheduled' : 'bound by name'}\n`);
  console.log('| | nodes ready | pods running | pods gone | peak memory | processor |\n|---|---|---|---|---|---|');
  console.log(line(await own()));
  if (values.against === 'reference') console.log(line(await reference()));
}
