import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import t from 'tap';
import { createWebSocketStream, WebSocket } from 'ws';
import { spdyClient } from './spdy/test-client.ts';
import { type NodeFixture, startNodeFixture } from './test-node.ts';

const pods = '/api/v1/namespaces/default/pods';
const authorization = 'Bearer admin';

async function upgraded({ port }: NodeFixture, path: string, headers: Record<string, string>): Promise<Duplex> {
  const outgoing = request({
    port,
    method: 'POST',
    path: `${pods}/${path}`,
    headers: { authorization, connection: 'Upgrade', ...headers },
  });
  outgoing.end();
  const [response, socket] = (await once(outgoing, 'upgrade')) as [IncomingMessage, Duplex];
  if (headers['x-stream-protocol-version'] !== undefined)
    t.equal(response.headers['x-stream-protocol-version'], headers['x-stream-protocol-version'].split(', ').at(-1));
  return socket;
}

async function answer(
  { port }: NodeFixture,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
): Promise<IncomingMessage> {
  const outgoing = request({ port, method, path, headers: { authorization, ...headers } });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

async function messageOf(response: IncomingMessage): Promise<string> {
  return `${response.statusCode} ${(JSON.parse(await text(response)) as { message: string }).message}`;
}

t.test('a command over SPDY has its streams and its status', async (t) => {
  await using fixture = await startNodeFixture();
  const socket = await upgraded(fixture, 'p/exec?command=cat&stdin=1&stdout=1', {
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v5.channel.k8s.io, v4.channel.k8s.io',
  });
  const client = spdyClient(socket);
  const [error, stdin, stdout] = ['error', 'stdin', 'stdout'].map((streamtype) => client.open({ streamtype }));
  const bytes = randomBytes(3 * 1024 * 1024);
  for (let at = 0; at < bytes.length; at += 100_000) await stdin?.write(bytes.subarray(at, at + 100_000));
  stdin?.end();
  const out = await stdout?.ended;
  t.ok(out?.bytes.equals(bytes));
  t.equal((await error?.ended)?.bytes.toString(), '{"metadata":{},"status":"Success"}');
  await client.closed;
});

t.test('clients and servers that share no stream protocol are told which there are', async (t) => {
  await using fixture = await startNodeFixture();
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v9.channel.k8s.io' };
  const refused = await answer(fixture, `${pods}/p/exec?command=cat&stdout=1`, { method: 'POST', headers });
  t.equal(refused.statusCode, 403);
  t.equal(
    await text(refused),
    'unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]\n',
  );
});

/** The client's library refuses a protocol with a slash in its name. */
async function tunnelTo({ port }: NodeFixture): Promise<WebSocket> {
  const protocol = 'SPDY/3.1+portforward.k8s.io';
  const socket = new WebSocket(`ws://127.0.0.1:${port}${pods}/p/portforward`, {
    headers: { authorization },
    finishRequest: (outgoing) => {
      outgoing.setHeader('Sec-WebSocket-Protocol', protocol);
      outgoing.prependOnceListener('upgrade', (response: IncomingMessage) => {
        t.equal(response.headers['sec-websocket-protocol'], protocol);
        delete response.headers['sec-websocket-protocol'];
      });
      outgoing.end();
    },
  });
  await once(socket, 'open');
  return socket;
}

t.test('ports are forwarded over SPDY, many connections at once, and over SPDY within a WebSocket', async (t) => {
  await using fixture = await startNodeFixture();
  const tunnel = await tunnelTo(fixture);
  const plain = await upgraded(fixture, 'p/portforward', {
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'portforward.k8s.io',
  });
  for (const wire of [plain, createWebSocketStream(tunnel)]) {
    const client = spdyClient(wire);
    const bytes = randomBytes(200_000);
    const one = async (requestid: string): Promise<void> => {
      const headers = { port: '80', requestid };
      const error = client.open({ ...headers, streamtype: 'error' });
      const data = client.open({ ...headers, streamtype: 'data' });
      for (let at = 0; at < bytes.length; at += 20_000) await data.write(bytes.subarray(at, at + 20_000));
      data.end();
      const { bytes: back } = await data.ended;
      t.ok(back.equals(bytes), `connection ${requestid}`);
      t.equal((await error.ended).bytes.length, 0);
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => one(String(i))));
    const closed = { port: '81', requestid: 'x' };
    const error = client.open({ ...closed, streamtype: 'error' });
    const data = client.open({ ...closed, streamtype: 'data' });
    t.match((await error.ended).bytes.toString(), /^error forwarding port 81 to pod .*, uid : connection refused$/);
    t.equal((await data.ended).isReset, true);
    t.equal((await client.open({ port: 'http', streamtype: 'data' }).ended).isReset, true, 'ports are numbers');
    const open = { port: '80', requestid: 'left' };
    client.open({ ...open, streamtype: 'error' });
    await client.open({ ...open, streamtype: 'data' }).write(Buffer.from('a'));
    while (fixture.seen.openForwards === 0) await new Promise(setImmediate);
    wire.destroy();
    while (fixture.seen.openForwards > 0) await new Promise(setImmediate);
  }
});

t.test('the older form forwards one connection for each port of the query', async (t) => {
  await using fixture = await startNodeFixture();
  const url = `ws://127.0.0.1:${fixture.port}${pods}/p/portforward?ports=80&ports=81`;
  const socket = new WebSocket(url, ['v4.channel.k8s.io'], { headers: { authorization } });
  const messages: string[] = [];
  const changed = (): Promise<unknown> => once(socket, 'message');
  socket.on('message', (data: Buffer) => messages.push(`${data[0]} ${data.toString('latin1', 1)}`));
  await once(socket, 'open');
  socket.send(Buffer.concat([Buffer.of(0), Buffer.from('hello')]));
  while (messages.length < 6) await changed();
  t.same(messages.slice(0, 4), ['0 P\0', '1 P\0', '2 Q\0', '3 Q\0']);
  t.match(messages.slice(4).toSorted(), ['0 hello', /^3 error forwarding port 81 to pod/]);
  socket.terminate();
  while (fixture.seen.openForwards > 0) await new Promise(setImmediate);
});

t.test('logs are streamed as text or as messages, and their source ends with the reader', async (t) => {
  await using fixture = await startNodeFixture();
  const all = await answer(fixture, `${pods}/p/log?tailLines=2`);
  t.equal(all.headers['content-type'], 'text/plain');
  t.equal(await text(all), 'two\nthree\n');
  const following = await answer(fixture, `${pods}/p/log?follow=true`);
  const [first] = (await once(following, 'data')) as [Buffer];
  t.equal(first.toString(), 'one\ntwo\nthree\n');
  following.destroy();
  while (fixture.seen.logsDestroyed === 0) await new Promise(setImmediate);
  for (const [protocol, decode] of [
    ['binary.k8s.io', (data: Buffer) => data.toString()],
    ['base64.binary.k8s.io', (data: Buffer) => Buffer.from(data.toString(), 'base64').toString()],
  ] as const) {
    const url = `ws://127.0.0.1:${fixture.port}${pods}/p/log?follow=true`;
    const socket = new WebSocket(url, [protocol], { headers: { authorization } });
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(decode(data)));
    await once(socket, 'open');
    while (messages.length < 2) await once(socket, 'message');
    t.same(messages, ['', 'one\ntwo\nthree\n'], protocol);
    const before = fixture.seen.logsDestroyed;
    socket.close();
    while (fixture.seen.logsDestroyed === before) await new Promise(setImmediate);
  }
  t.equal((await answer(fixture, `${pods}/unbound/log`)).statusCode, 204, 'nothing of a pod without a node');
  for (const [query, message] of [
    ['container=x', '400 container x is not valid for pod p'],
    ['tailLines=x', '400 strconv.ParseInt: parsing "x": invalid syntax'],
    ['sinceTime=x', '400 parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
    [
      'tailLines=-1&limitBytes=0&sinceSeconds=0',
      '422 PodLogOptions "p" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
    ],
    [
      'sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z',
      '422 PodLogOptions "p" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['stream=Stderr', '422 PodLogOptions "p" is invalid: stream: Forbidden: may not be specified'],
  ])
    t.equal(await messageOf(await answer(fixture, `${pods}/p/log?${query}`)), message);
});

t.test('a proxied request reaches the pod as it is, and its answer comes back', async (t) => {
  await using fixture = await startNodeFixture();
  fixture.onRequest = (incoming, response) => {
    response.writeHead(201, { 'x-seen': `${incoming.method} ${incoming.url}`, 'access-control-allow-origin': '*' });
    response.write(JSON.stringify(incoming.headers).concat('\n'));
    incoming.pipe(response);
  };
  const body = randomBytes(2 * 1024 * 1024);
  const response = await answer(fixture, `${pods}/p:80/proxy/a%20b/c/?q=1&q=2`, {
    method: 'PUT',
    body,
    headers: { 'x-mine': 'yes' },
  });
  t.equal(response.statusCode, 201);
  t.equal(response.headers['x-seen'], 'PUT /a%20b/c/?q=1&q=2');
  t.equal(response.headers['access-control-allow-origin'], undefined);
  const bytes = await buffer(response);
  const end = bytes.indexOf('\n');
  const seen = JSON.parse(bytes.toString('utf8', 0, end)) as Record<string, string>;
  t.match(seen, {
    'x-mine': 'yes',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-uri': `${pods}/p:80/proxy/a%20b/c/`,
    host: `localhost:${fixture.port}`,
    'content-length': String(body.length),
  });
  t.equal(seen['authorization'], undefined);
  t.ok(bytes.subarray(end + 1).equals(body));
  for (const method of ['HEAD', 'OPTIONS', 'DELETE']) {
    const other = await answer(fixture, `${pods}/p/proxy/x`, { method });
    t.equal(other.headers['x-seen'], `${method} /x`);
    other.resume();
  }
  const root = await answer(fixture, `${pods}/p/proxy?a=1`);
  t.same([root.statusCode, root.headers.location], [301, `${pods}/p/proxy/?a=1`]);
});

t.test('links of the backend lead back through the proxy', async (t) => {
  await using fixture = await startNodeFixture();
  const page =
    '<a href="/x?y#z">a</a><img src=/i.png alt="/keep"><a href="rel">b</a><a href="http://else.where/q">c</a>';
  fixture.onRequest = (incoming, response) => {
    if (incoming.url === '/moved') response.writeHead(302, { location: '/there?a=1' });
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length });
    response.end(incoming.url === '/moved' ? '' : page);
  };
  const prefix = `${pods}/p/proxy`;
  const moved = await answer(fixture, `${prefix}/moved`);
  t.same([moved.statusCode, moved.headers.location], [302, `${prefix}/there?a=1`]);
  moved.resume();
  t.equal(
    await text(await answer(fixture, `${prefix}/`)),
    `<a href="${prefix}/x?y#z">a</a><img src="${prefix}/i.png" alt="/keep"><a href="rel">b</a><a href="http://else.where/q">c</a>`,
  );
});

t.test('what cannot be proxied says why', async (t) => {
  await using fixture = await startNodeFixture();
  const { server } = fixture;
  const services = '/api/v1/namespaces/default/services';
  await server.ask('POST', services, { metadata: { name: 's' }, spec: { ports: [{ port: 80, name: 'web' }] } });
  const ask = async (path: string): Promise<string> => messageOf(await answer(fixture, path));
  t.equal(
    await ask(`${pods}/p:81/proxy/`),
    '503 error trying to reach service: dial tcp 10.244.0.7:81: connect: connection refused',
  );
  t.equal(await ask(`${pods}/two/proxy/`), '400 address not allowed');
  t.equal(await ask(`${pods}/ftp:p:1/proxy/`), '400 invalid pod request "ftp:p:1"');
  t.equal(await ask(`${services}/s/proxy/`), '404 services "s" not found');
  t.equal(await ask(`${services}/s:81/proxy/`), '503 no service port 81 found for service "s"');
  await server.ask('POST', '/api/v1/namespaces/default/endpoints', { metadata: { name: 's' } });
  t.equal(await ask(`${services}/s:80/proxy/`), '503 no endpoints available for service "s"');
  const subsets = [
    {
      addresses: [{ ip: '10.244.0.7', targetRef: { kind: 'Pod', name: 'p', namespace: 'default' } }],
      ports: [{ name: 'web', port: 80 }],
    },
  ];
  await server.ask('PUT', '/api/v1/namespaces/default/endpoints/s', { metadata: { name: 's' }, subsets });
  t.equal(await text(await answer(fixture, `${services}/http:s:web/proxy/`)), 'hello');
  t.equal(await text(await answer(fixture, `${services}/s:80/proxy/`)), 'hello');
  t.equal(await ask(`${services}/s/proxy/`), '503 no endpoints available for service "s"');
  t.equal(await ask('/api/v1/nodes/none/proxy/healthz'), '404 nodes "none" not found');
});

t.test('a node answers for itself, and upgrades of a pod pass', async (t) => {
  await using fixture = await startNodeFixture();
  const body = Buffer.from('data');
  const page = await answer(fixture, '/api/v1/nodes/n/proxy/pods?x=1', { method: 'POST', body });
  t.equal(await text(page), 'POST /pods?x=1 data');
  const socket = await upgraded(fixture, 'p/proxy/socket', { upgrade: 'echo' });
  socket.write('to and fro');
  t.equal(((await once(socket, 'data')) as [Buffer])[0].toString(), 'to and fro');
  socket.destroy();
});
