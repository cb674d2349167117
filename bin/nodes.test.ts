import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type SpawnedServer, spawnServer } from './spawned-server.ts';
import { until } from './until.ts';

const pods = '/api/v1/namespaces/default/pods';
const nodes = '/api/v1/nodes';

async function open(t: Test, ...args: readonly string[]) {
  const data = await mkdtemp(join(tmpdir(), 'kubefacade-nodes-'));
  const server = await spawnServer(data, '--storage', 'memory', ...args);
  t.teardown(async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  });
  const read = async (path: string) => JSON.parse((await server.ask('GET', path)).body);
  const make = async (path: string, body: object): Promise<void> => {
    await until(`${path} is made`, async () => (await server.ask('POST', path, body)).status === 201);
  };
  return { server, read, make };
}

function shell(name: string, script: string, spec: object = {}): object {
  const containers = [{ name: 'c', image: 'busybox', command: ['sh', '-c', script] }];
  return { metadata: { name, labels: { run: name } }, spec: { ...spec, containers } };
}

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isReady({ status }: NodeObject): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

const annotations = { 'kubefacade.dev/simulated': 'true' };

t.test('a node that is created comes with its kubelet, which goes when it is deleted', async (t) => {
  const { server, read, make } = await open(t, '--nodes', '1', '--time-factor', '30');
  const labels = { pool: 'special' };
  const taints = [{ key: 'special', effect: 'NoSchedule' }];
  const capacity = { cpu: '64', 'example.com/card': '8' };
  await make(nodes, { metadata: { name: 'played' } });
  await make(nodes, { metadata: { name: 'special', annotations, labels }, spec: { taints }, status: { capacity } });
  await until('it is ready', async () => isReady(await read(`${nodes}/special`)));
  const { metadata, spec, status } = await read(`${nodes}/special`);
  t.match(metadata.labels, { ...labels, 'kubernetes.io/hostname': 'special', 'kubernetes.io/os': 'linux' });
  t.match(spec.taints, taints);
  t.match(status.allocatable, { ...capacity, pods: '110' });
  t.equal(
    (await server.ask('GET', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/special')).status,
    200,
  );
  t.notOk(isReady(await read(`${nodes}/played`)), 'one that does not ask for it has none');

  const tolerations = [{ key: 'special', operator: 'Exists' }];
  const serve = 'echo started; sleep 30; echo later; exec httpd -f -p 80';
  await make(pods, shell('a', serve, { nodeSelector: labels, tolerations, terminationGracePeriodSeconds: 0 }));
  const before = Date.now();
  await until('its pod writes', async () => (await server.ask('GET', `${pods}/a/log`)).body.includes('later'));
  t.ok(Date.now() - before < 15_000, 'half a minute has passed there, not here');
  t.equal((await read(`${pods}/a`)).spec.nodeName, 'special');
  const { podIP } = (await read(`${pods}/a`)).status;
  const get = async (): Promise<number> => (await server.ask('GET', `${pods}/a/proxy/`)).status;
  await until('it is reached', async () => (await get()) === 404);
  const address = status.addresses[0].address;
  await make(nodes, { metadata: { name: 'copy', annotations }, status: { addresses: status.addresses } });
  await until('the copy is ready', async () => isReady(await read(`${nodes}/copy`)));
  t.not((await read(`${nodes}/copy`)).status.addresses[0].address, address, 'no two nodes have an address');

  await server.ask('DELETE', `${nodes}/special`);
  await until('nothing answers at its pod', async () => (await get()) === 503);
  t.equal((await server.ask('GET', `${pods}/a/log`)).status, 404, 'and nobody has its log');
  await make(nodes, { metadata: { name: 'special', annotations, labels } });
  await until('it is there again', async () => isReady(await read(`${nodes}/special`)));
  await until('with its pod', async () => (await server.ask('GET', `${pods}/a/log`)).body.startsWith('started'));
  t.ok(podIP);
});

t.test('hundreds of nodes come and go', async (t) => {
  const { server, read } = await open(t, '--nodes', '1');
  const names = Array.from({ length: 300 }, (_, index) => `many-${index}`);
  await Promise.all(names.map((name) => server.ask('POST', nodes, { metadata: { name, annotations } })));
  const all = async (): Promise<readonly NodeObject[]> => (await read(nodes)).items;
  await until('all are ready', async () => (await all()).filter(isReady).length === 301);
  const addresses = (await all()).map((node) => JSON.stringify(node.status));
  t.equal(new Set(addresses.map((text) => /172\.18\.[\d.]+/.exec(text)?.[0])).size, 301);
  await Promise.all(names.map((name) => server.ask('DELETE', `${nodes}/${name}`)));
  await wait(1000);
  t.same(
    (await all()).map(({ metadata }) => metadata.name),
    ['node-0'],
    'no kubelet makes its node again',
  );
});

const lineCount = 60;

/** Follows a log; what has come is in `lines`. */
async function follow(server: SpawnedServer, pod: string) {
  const request = server.open('GET', `${pods}/${pod}/log?follow=true`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (piece: string) => {
    text += piece;
  });
  response.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => response.once('close', () => resolve()));
  return { lines: () => text.split('\n').slice(0, -1), cut: () => request.destroy(), ended };
}

t.test('the logs of a hundred pods are followed at once, whole and in order, whoever else is cut', async (t) => {
  const { server, read, make } = await open(t);
  const names = Array.from({ length: 100 }, (_, index) => `p${index}`);
  const script = `i=0; while [ $i -lt ${lineCount} ]; do echo "$HOSTNAME $i"; i=$((i+1)); sleep 0.1; done`;
  await Promise.all(names.map((name) => make(pods, shell(name, script, { restartPolicy: 'Never' }))));
  await until('all have begun', async () => {
    const { items } = await read(pods);
    return items.every(({ status }: { status: { phase: string } }) => status.phase !== 'Pending');
  });
  const followers = await Promise.all(names.map((name) => follow(server, name)));
  const others = await Promise.all(names.map((name) => follow(server, name)));
  await wait(1000);
  for (const { cut } of others) cut();
  const cutAt = Math.max(...followers.map(({ lines }) => lines().length));
  t.ok(cutAt < lineCount, `the others are cut on the way, at line ${cutAt}`);
  await Promise.all(followers.map(({ ended }) => ended));
  const expected = (name: string): string[] => Array.from({ length: lineCount }, (_, line) => `${name} ${line}`);
  const wrong = names.filter((name, index) => followers[index]?.lines().join() !== expected(name).join());
  t.same(wrong, [], 'each has every line, in order, and ends with the pod');
  t.ok(
    others.every(({ lines }, index) =>
      expected(names[index] ?? '')
        .join()
        .startsWith(lines().join()),
    ),
  );
});
