import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { WebSocket } from 'ws';
import { createKubeletAccess, subresourcesOf } from './kubelet-access.ts';
import { type SpawnedServer, spawnProgram, spawnServer } from './spawned-server.ts';
import { until } from './until.ts';

/** What a command writes, and the status at its end. */
async function exec(server: SpawnedServer, pod: string, ...command: readonly string[]) {
  const query = command.map((word) => `command=${encodeURIComponent(word)}`).join('&');
  const url = `${server.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/${pod}/exec?stdout=1&${query}`;
  const socket = new WebSocket(url, 'v5.channel.k8s.io', { agent: server.agent });
  const channels = new Map<number, string>();
  socket.on('message', (data: Buffer) => {
    const channel = data[0] ?? 0;
    channels.set(channel, (channels.get(channel) ?? '') + data.subarray(1).toString());
  });
  await once(socket, 'close');
  return { stdout: channels.get(1), status: JSON.parse(channels.get(3) ?? '{}') };
}

t.test('a kubelet of its own process serves logs, commands and pages to whom the API server lets', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'kubefacade-kubelet-'));
  const server = await spawnServer(data, '--storage', 'memory', '--nodes', '0');
  const kubelet = spawnProgram(
    'kubelet',
    '--kubeconfig',
    join(data, 'kubeconfig'),
    '--node-name',
    'far',
    '--port',
    '0',
  );
  t.teardown(async () => {
    kubelet.child.kill('SIGTERM');
    await kubelet.ended;
    await server.stop();
    await rm(data, { recursive: true, force: true });
  });
  const read = async (path: string) => JSON.parse((await server.ask('GET', path)).body);
  await until('the node is registered', async () => (await server.ask('GET', '/api/v1/nodes/far')).status === 200);
  const pods = '/api/v1/namespaces/default/pods';
  const command = ['sh', '-c', 'echo hello; sleep 1000'];
  const spec = { nodeName: 'far', containers: [{ name: 'c', image: 'busybox', command }] };
  await until('the pod may be made', async () => {
    return (await server.ask('POST', pods, { metadata: { name: 'a' }, spec })).status === 201;
  });
  await until('it runs', async () => (await read(`${pods}/a`)).status.phase === 'Running');
  await until('it has a log', async () => (await server.ask('GET', `${pods}/a/log`)).body === 'hello\n');
  t.match(await exec(server, 'a', 'echo', 'from', 'inside'), {
    stdout: 'from inside\n',
    status: { status: 'Success' },
  });
  t.match(await exec(server, 'a', 'sh', '-c', 'exit 3'), {
    status: { details: { causes: [{ reason: 'ExitCode', message: '3' }] } },
  });
  t.equal((await server.ask('GET', '/api/v1/nodes/far/proxy/healthz')).body, 'ok');
  const { addresses, daemonEndpoints } = (await read('/api/v1/nodes/far')).status;
  t.match(addresses[0], { type: 'InternalIP', address: '127.0.0.1' });
  const { Port: port } = daemonEndpoints.kubeletEndpoint;
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const request = get({ port, path: '/pods', headers, rejectUnauthorized: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  };
  t.equal(await ask({}), 401, 'who says nothing is nobody');
  t.equal(await ask({ authorization: 'Bearer wrong' }), 401);
  const account = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const { status } = JSON.parse((await server.ask('POST', account, { spec: {} })).body);
  t.equal(await ask({ authorization: `Bearer ${status.token}` }), 403, 'who is known may still not');
});

t.test('flags that are wrong end it with 2', async (t) => {
  t.match(await spawnProgram('kubelet').ended, { code: 2, stderr: /--kubeconfig is missing/ });
  const wrong = spawnProgram('kubelet', '--kubeconfig', 'x', '--authorization-mode', 'RBAC');
  t.match(await wrong.ended, { code: 2, stderr: /--authorization-mode is Webhook or AlwaysAllow/ });
});

t.test('paths are permissions of the node', async (t) => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['/metrics/cadvisor', ['metrics']],
    ['/stats/summary', ['stats']],
    ['/logs/', ['log']],
    ['/pods', ['pods', 'proxy']],
    ['/healthz/ping', ['healthz', 'proxy']],
    ['/exec/ns/pod/c', ['proxy']],
  ];
  for (const [path, expected] of rows) t.same(subresourcesOf(path), expected, path);
  const asked: string[] = [];
  const client = {
    request: async (
      _method: string,
      path: string,
      body: { spec: { resourceAttributes?: { subresource: string } } },
    ) => {
      const isToken = path.endsWith('/tokenreviews');
      asked.push(isToken ? 'token' : (body.spec.resourceAttributes?.subresource ?? ''));
      if (isToken) return { status: { authenticated: true, user: { username: 'u', groups: ['g'] } } };
      return { status: { allowed: body.spec.resourceAttributes?.subresource === 'proxy' } };
    },
  };
  const clock = { now: () => 0, after: () => ({ cancel: () => undefined }) };
  const options = { client, clock, isAnonymousAllowed: false, mode: 'Webhook' } as unknown;
  const access = createKubeletAccess(options as Parameters<typeof createKubeletAccess>[0]);
  const request = { method: 'GET', path: '/pods', headers: { authorization: 'Bearer x' } } as unknown;
  for (let time = 0; time < 2; time++)
    t.equal(await access(request as Parameters<typeof access>[0], 'n'), undefined, 'any of them will do');
  t.same(asked, ['token', 'pods', 'proxy'], 'and what was answered is remembered');
});
