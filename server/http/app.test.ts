import { once } from 'node:events';
import { Agent, get, request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import supertest from 'supertest';
import t from 'tap';
import { startTestServer, type TestServer } from './test-server.ts';

const admin = { authorization: 'Bearer admin' };
const configMaps = '/api/v1/namespaces/default/configmaps';

const server = await startTestServer();
t.teardown(() => server[Symbol.asyncDispose]());
const api = () => supertest(server.http);

/** The status line, head and body that the server answers to exactly these bytes; it closes or falls silent. */
async function exchange({ port }: TestServer, text: string | Buffer, { end = false } = {}): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    const sofar = Buffer.concat(chunks).toString();
    const length = /content-length: (\d+)/i.exec(sofar)?.[1];
    const head = sofar.indexOf('\r\n\r\n');
    if (head >= 0 && length !== undefined && sofar.length >= head + 4 + Number(length)) socket.end();
  });
  socket.on('error', () => undefined);
  socket.write(text);
  if (end) socket.end();
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}

t.test('every answer carries an audit id and forbids caching', async (t) => {
  const { headers } = await api().get(configMaps).set(admin).expect(200);
  t.match(headers, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'audit-id': /^[0-9a-f-]{36}$/,
  });
  t.notOk('x-powered-by' in headers || 'etag' in headers, 'nothing of the library shows');
  const other = await api().get('/nosuch').set(admin).expect(404);
  t.not(other.headers['audit-id'], headers['audit-id']);
  t.match(other.headers, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  t.equal(other.text, '404 page not found\n');
});

t.test('who has no credentials gets 401, health and version excepted', async (t) => {
  const { body } = await api().get(configMaps).expect(401);
  t.match(body, { kind: 'Status', status: 'Failure', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
  await api().get(configMaps).set('authorization', 'Bearer nosuch').expect(401);
  await api().get('/healthz').set('authorization', 'Bearer nosuch').expect(401);
  for (const path of ['/healthz', '/livez', '/readyz', '/version']) await api().get(path).expect(200);
});

t.test('health checks tell the whole and the parts', async (t) => {
  t.equal((await api().get('/readyz').expect(200)).text, 'ok');
  t.equal((await api().post('/readyz').expect(200)).text, 'ok');
  t.match((await api().get('/readyz?verbose').expect(200)).text, /^\[\+\]ping ok\n[\s\S]*readyz check passed\n$/);
  t.equal((await api().get('/readyz/ping').set(admin).expect(200)).text, 'ok');
  await api().get('/readyz/nosuch').set(admin).expect(404);
  await api().get('/readyz/').set(admin).expect(404);
});

t.test('JSON is indented for those who ask and for curl', async (t) => {
  const plain = await api().get(`${configMaps}/nosuch`).set(admin);
  t.notMatch(plain.text, /\n {2}/);
  for (const [query, agent, indented] of [
    ['?pretty=true', 'x', true],
    ['', 'curl/8.5.0', true],
    ['?pretty=false', 'curl/8.5.0', false],
    ['?pretty=0', 'x', false],
  ] as const) {
    const { text } = await api()
      .get(configMaps + query)
      .set(admin)
      .set('user-agent', agent);
    t.equal(/\n {2}"/.test(text), indented, `${query} ${agent}`);
    t.equal((JSON.parse(text) as { kind: string }).kind, 'ConfigMapList');
  }
});

t.test('YAML is written for those who accept it, errors included', async (t) => {
  const found = await api()
    .get(configMaps)
    .set(admin)
    .set('accept', 'application/yaml')
    .expect(200)
    .expect('content-type', 'application/yaml');
  t.match(found.text, /^apiVersion: v1\nitems:/);
  const missing = await api()
    .get(`${configMaps}/nosuch`)
    .set(admin)
    .set('accept', 'application/yaml')
    .expect(404)
    .expect('content-type', 'application/yaml');
  t.match(missing.text, /^apiVersion: v1\ncode: 404\n/);
});

t.test('what nobody can write is not acceptable, in the words of the layer that says so', async (t) => {
  for (const accept of ['text/html', 'application/*', 'APPLICATION/JSON', ',', 'json']) {
    const { body } = await api().get(`${configMaps}/nosuch`).set(admin).set('accept', accept).expect(406);
    t.equal(
      (body as { message: string }).message,
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      accept,
    );
  }
  const list = await api().get(configMaps).set(admin).set('accept', 'text/html').expect(406);
  t.match(list.body, { message: /application\/json;stream=watch/ });
  const odd = await api()
    .get(configMaps)
    .set(admin)
    .set('accept', 'application/json;as=Nope;v=v1;g=meta.k8s.io')
    .expect(406);
  t.match(odd.body, {
    message:
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  });
  for (const accept of [
    'text/html, */*;q=0.1',
    'application/json;q=0',
    'application/json; charset=utf-8',
    'application/vnd.kubernetes.protobuf, application/json',
  ]) {
    await api().get(configMaps).set(admin).set('accept', accept).expect(200);
  }
});

t.test('methods that a path does not have are refused as such', async (t) => {
  const refused = [
    ['PUT', configMaps],
    ['PATCH', configMaps],
    ['POST', `${configMaps}/a`],
    ['POST', '/api/v1/configmaps'],
    ['DELETE', '/api/v1/configmaps'],
    ['HEAD', configMaps],
    ['OPTIONS', configMaps],
    ['TRACE', `${configMaps}/a`],
    ['PROPFIND', configMaps],
    ['POST', '/api/v1/watch/configmaps'],
    ['POST', '/version'],
    ['POST', '/api'],
  ] as const;
  for (const [method, path] of refused) {
    const answer = await exchange(
      server,
      `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\nconnection: close\r\n\r\n`,
    );
    t.match(answer, /^HTTP\/1\.1 405 /, `${method} ${path}`);
  }
});

t.test('paths are read as upstream reads them: decoded first, empty segments counted', async (t) => {
  await api()
    .post(configMaps)
    .set(admin)
    .send({ metadata: { name: 'a' } })
    .expect(201);
  const cases = [
    [`${configMaps}/a/`, 200],
    [`${configMaps}/a//`, 200],
    [`${configMaps}/%61`, 200],
    ['/api/v1/namespaces/default%2fconfigmaps%2fa', 200],
    ['/api/v1/namespaces//configmaps', 200],
    [`/api/v1//namespaces/default/configmaps`, 404],
    [`/api/v1/namespaces/default//configmaps`, 404],
    [`/${configMaps}`, 404],
    ['/API/v1', 404],
    ['/api/v1/Configmaps', 404],
    [`${configMaps}/%2e%2e`, 400],
    [`${configMaps}/a%2fb`, 404],
    [`${configMaps}/%`, 400],
    [`${configMaps}/%zz`, 400],
    [`${configMaps}/%ff`, 404],
    [`${configMaps}/a%00`, 404],
    [`${configMaps}/${'x'.repeat(5000)}`, 404],
    ['/api/v1/namespaces/default/nodes', 404],
    ['/api/v1/configmaps/a', 404],
    ['/apis/apps/v9/deployments', 404],
    ['/apis/nosuch.io/v1/things', 404],
    [`http://elsewhere.example${configMaps}/a`, 200],
    [`${configMaps}/a?#`, 200],
  ] as const;
  for (const [path, status] of cases) {
    const answer = await exchange(
      server,
      `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\nconnection: close\r\n\r\n`,
    );
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), path.slice(0, 60));
  }
});

t.test('below the roots of the API a Status says that nothing is there, elsewhere a page', async (t) => {
  for (const [path, isStatus] of [
    ['/api/v2/pods', true],
    ['/apis/apps/v9/deployments', true],
    ['/version/x', true],
    ['/apis/nosuch.io/v1/things', false],
    ['/nosuch', false],
  ] as const) {
    const { headers } = await api().get(path).set(admin).expect(404);
    t.equal(headers['content-type'] === 'application/json', isStatus, path);
  }
});

t.test('what is no HTTP is answered with 400 and the server lives on', async (t) => {
  const broken = [
    '\0\x01\x02\r\n\r\n',
    'GET /api v1 HTTP/1.1\r\nhost: x\r\n\r\n',
    'FOO / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nx y: z\r\n\r\n',
    'POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ];
  for (const text of broken)
    t.match(await exchange(server, text), /^HTTP\/1\.1 400 /, JSON.stringify(text.slice(0, 20)));
  await api().get('/healthz').expect(200);
});

t.test('big answers are compressed for those who accept it', async (t) => {
  for (let i = 0; i < 3; i++)
    await api()
      .post(configMaps)
      .set(admin)
      .send({ metadata: { name: `big${i}` }, data: { a: 'x'.repeat(100_000) } })
      .expect(201);
  const read = async (headers: Record<string, string>) => {
    const req = get({ port: server.port, path: configMaps, headers: { ...admin, ...headers } });
    const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of res as AsyncIterable<Buffer>) chunks.push(chunk);
    return { res, body: Buffer.concat(chunks) };
  };
  const packed = await read({ 'accept-encoding': 'gzip, deflate' });
  t.match(packed.res.headers, {
    'content-encoding': 'gzip',
    vary: 'Accept-Encoding',
    'content-length': String(packed.body.length),
  });
  t.ok(packed.body.length < 10_000);
  const plain = await read({});
  t.equal(plain.res.headers['content-encoding'], undefined);
  t.equal(gunzipSync(packed.body).toString(), plain.body.toString());
  t.equal((await read({ 'accept-encoding': 'gzip;q=0' })).res.headers['content-encoding'], undefined);
});

t.test('a connection serves many requests, also after an error and after a body that nobody read', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<unknown>();
  const statuses: (number | undefined)[] = [];
  for (const [method, path, body] of [
    ['GET', '/healthz', ''],
    ['POST', '/nosuch', 'x'.repeat(5000)],
    ['POST', configMaps, '{'],
    ['GET', `${configMaps}/a`, ''],
  ] as const) {
    const req = request({
      port: server.port,
      method,
      path,
      agent,
      headers: {
        ...admin,
        ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
      },
    });
    req.end(body);
    const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage];
    sockets.add(res.socket);
    statuses.push(res.statusCode);
    await res.resume().toArray();
  }
  agent.destroy();
  t.same(statuses, [200, 404, 400, 200]);
  t.equal(sockets.size, 1);
});

t.test('bodies over 3 MiB are refused, whether their length is told or not, and the sender reads why', async (t) => {
  const body = JSON.stringify({ metadata: { name: 'x' }, data: { a: 'x'.repeat(10_000_000) } });
  const head = `POST ${configMaps} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\ncontent-type: application/json\r\n`;
  const told = await exchange(server, `${head}content-length: ${body.length}\r\n\r\n${body}`);
  const chunked = await exchange(
    server,
    `${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  for (const answer of [told, chunked]) {
    t.match(answer, /^HTTP\/1\.1 413 /);
    t.match(
      answer,
      /"message":"Request entity too large: limit is 3145728","reason":"RequestEntityTooLarge","code":413/,
    );
  }
});

t.test('clients that go in the middle of a body, of a head or of a big answer harm nobody', async (t) => {
  const cut = async (text: string, after: (socket: import('node:net').Socket) => Promise<unknown>) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(text);
    await after(socket);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resetAndDestroy();
    await closed;
  };
  const soon = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (let i = 0; i < 20; i++) {
    await cut(
      `POST ${configMaps} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\ncontent-length: 1000\r\n\r\n{"meta`,
      soon,
    );
    await cut('GET /healthz HTTP/1.1\r\nhost:', soon);
    await cut(`GET ${configMaps} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n\r\n`, (socket) =>
      once(socket, 'data'),
    );
    await cut(`GET ${configMaps}?watch=1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n\r\n`, (socket) =>
      once(socket, 'data'),
    );
  }
  await soon();
  t.same(server.errors, [], 'none of that counts as a failure of the server');
  const cache = server.parts.resources.stored('configmaps')?.cache;
  t.equal(cache?.watcherCount, 0, 'watches of the dead are taken down');
  await api().get('/healthz').expect(200);
});

t.test('floods of headers and of idle connections leave the server serving', async (t) => {
  const many = Array.from({ length: 900 }, (_, i) => `x-${i}: ${'y'.repeat(50)}\r\n`).join('');
  t.match(
    await exchange(server, `GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${many}\r\n`),
    /^HTTP\/1\.1 200 /,
    'many headers are fine',
  );
  t.match(
    await exchange(server, `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(2_000_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 |^$/,
    '2 MB of them are not',
  );
  const idle = Array.from({ length: 300 }, () => connect(server.port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  for (const socket of idle) socket.write('GET /api');
  await api().get('/healthz').expect(200);
  for (const socket of idle) socket.destroy();
});
