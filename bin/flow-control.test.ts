import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { spawnServer } from './spawned-server.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function answerOf(req: ClientRequest): Promise<Answer> {
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of res as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: res.statusCode ?? 0, headers: res.headers, text: Buffer.concat(chunks).toString() };
}

async function flooded(t: Test, ...flags: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-flood-'));
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, 'many,joe,joe,"devs"\n');
  const allowed = ['--authorization-mode', 'AlwaysAllow'];
  const server = await spawnServer(folder, '--storage', 'memory', '--token-auth-file', tokens, ...allowed, ...flags);
  const agent = new Agent({ keepAlive: true, maxSockets: 100, rejectUnauthorized: false });
  t.teardown(async () => {
    agent.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const asJoe = (method: string, path: string, length = 0): ClientRequest =>
    request(`${server.url}${path}`, {
      method,
      agent,
      headers: { authorization: 'Bearer many', 'content-type': 'application/json', 'content-length': length },
    });
  const get = (path: string): Promise<Answer> => answerOf(asJoe('GET', path).end());
  /** Holds its seat until it is told its last byte. */
  const hold = async (): Promise<() => Promise<Answer>> => {
    const body = JSON.stringify({ metadata: { generateName: 'held-' } });
    const req = asJoe('POST', '/api/v1/namespaces/default/configmaps', body.length);
    const answer = answerOf(req);
    req.write(body.slice(0, -1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    return () => {
      req.end(body.slice(-1));
      return answer;
    };
  };
  return { server, get, hold };
}

t.test('two thousand requests at once find few seats: some wait, others come back later, nothing breaks', async (t) => {
  const { server, get, hold } = await flooded(t, '--max-requests-inflight=3', '--max-mutating-requests-inflight=2');
  // Joe has one seat, which his level neither lends nor borrows, and one short queue.
  const level = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/global-default';
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 20 };
  const spec = { limited: { limitResponse: { queuing }, borrowingLimitPercent: 0, lendablePercent: 0 } };
  const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'false' };
  t.equal((await server.ask('PATCH', level, { metadata: { annotations }, spec })).status, 200);
  const release = await hold();
  const answers = Array.from({ length: 2000 }, () => get('/api/v1/namespaces/default/configmaps'));
  const first = await Promise.any(answers.map(async (answer) => ((await answer).status === 429 ? answer : never())));
  t.match(first, {
    text: 'Too many requests, please try again later.\n',
    headers: { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' },
  });
  t.equal((await server.ask('GET', '/api/v1/namespaces/default/configmaps')).status, 200, 'the admin is exempt');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const metrics = await server.ask('GET', '/metrics');
  const labels = 'flow_schema="global-default",priority_level="global-default"';
  t.match(metrics.body, `apiserver_flowcontrol_current_executing_requests{${labels}} 1\n`);
  t.match(metrics.body, `apiserver_flowcontrol_current_inqueue_requests{${labels}} 20\n`);
  t.match(metrics.body, `apiserver_flowcontrol_rejected_requests_total{${labels},reason="queue-full"}`);
  t.equal((await release()).status, 201);
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  const count = (status: number): number => statuses.filter((found) => found === status).length;
  t.equal(count(200) + count(429), 2000);
  t.ok(count(200) >= 20, `${count(200)} were served, those that waited among them`);
  // How many come only after the seat was given back depends on the machine.
  t.ok(count(429) > 100, `${count(429)} were refused`);
  t.equal((await get('/api/v1/namespaces/default')).status, 200);
});

t.test('without priority and fairness two plain bounds hold, and the admin passes them', async (t) => {
  const { server, get, hold } = await flooded(
    t,
    '--enable-priority-and-fairness=false',
    '--max-requests-inflight=0',
    '--max-mutating-requests-inflight=1',
  );
  const release = await hold();
  const other = await (await hold())();
  t.match(other, { status: 429, headers: { 'retry-after': '1' }, text: /^Too many requests/ });
  t.equal(other.headers['x-kubernetes-pf-flowschema-uid'], undefined);
  const made = { metadata: { name: 'of-the-admin' } };
  t.equal((await server.ask('POST', '/api/v1/namespaces/default/configmaps', made)).status, 201);
  t.equal((await get('/api/v1/namespaces/default')).status, 200, 'reads have their own bound: none');
  t.equal((await release()).status, 201);
});

t.test('what every cluster has comes back after it was deleted, and as it was', async (t) => {
  const { server } = await flooded(t);
  const path = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
  const before = JSON.parse((await server.ask('GET', `${path}/catch-all`)).body);
  t.equal((await server.ask('DELETE', `${path}/catch-all`)).status, 200);
  await server.ask('PATCH', `${path}/service-accounts`, { spec: { matchingPrecedence: 8999 } });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const after = JSON.parse((await server.ask('GET', `${path}/catch-all`)).body);
  t.not(after.metadata.uid, before.metadata.uid);
  t.same(after.spec, before.spec);
  t.match(after.status.conditions, [{ type: 'Dangling', status: 'False' }]);
  const accounts = JSON.parse((await server.ask('GET', `${path}/service-accounts`)).body);
  t.equal(accounts.spec.matchingPrecedence, 9000);
});

async function never(): Promise<never> {
  throw new Error('not refused');
}
