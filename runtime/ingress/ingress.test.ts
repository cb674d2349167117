import { generateKeyPairSync } from 'node:crypto';
import { createServer, request } from 'node:http';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { test } from 'tap';
import { issueCertificate } from '../../server/tls/certificate.ts';
import { openTestCluster } from '../controllers/test-cluster.ts';
import { createNetwork } from '../network/create-network.ts';
import { createGateway } from './gateway.ts';
import { ingressDefinition } from './ingress-controller.ts';
import { type Backend, createRoutes, type Ingress } from './routing.ts';

type Path = [path: string, pathType: string, service: string, port?: number | string];

function ingress(
  name: string,
  host: string | undefined,
  paths: Path[],
  more: Partial<NonNullable<Ingress['spec']>> = {},
  age = 0,
): Ingress {
  const backendOf = (service: string, port: number | string = 80) => ({
    service: { name: service, port: typeof port === 'number' ? { number: port } : { name: port } },
  });
  const http = {
    paths: paths.map(([path, pathType, service, port]) => ({ path, pathType, backend: backendOf(service, port) })),
  };
  return {
    metadata: { name, namespace: 'shop', creationTimestamp: `2026-01-0${9 - age}T00:00:00Z` },
    spec: { rules: [{ ...(host === undefined ? {} : { host }), http }], ...more },
  };
}

test('the table of routes follows the rules of hosts and paths', (t) => {
  const routes = createRoutes([
    ingress('a', 'foo.example', [
      ['/', 'Prefix', 'root'],
      ['/api', 'Prefix', 'api', 'http'],
      ['/api/v2/', 'Prefix', 'v2'],
      ['/exact', 'Exact', 'exact'],
      ['/exact', 'Prefix', 'below'],
      ['/impl', 'ImplementationSpecific', 'impl'],
    ]),
    ingress('b', '*.wild.example', [['/', 'Prefix', 'wild']]),
    ingress('c', undefined, [['/any', 'Prefix', 'any']]),
    ingress('older', 'foo.example', [['/api', 'Prefix', 'first']], {}, 3),
    {
      metadata: { name: 'd', namespace: 'shop' },
      spec: { defaultBackend: { service: { name: 'fallback', port: { number: 1 } } } },
    },
  ]);
  const table: [string, string, string][] = [
    ['foo.example', '/', 'root'],
    ['FOO.example', '/other', 'root'],
    ['foo.example', '/api', 'first'],
    ['foo.example', '/api/x', 'first'],
    ['foo.example', '/apix', 'root'],
    ['foo.example', '/api/v2', 'v2'],
    ['foo.example', '/api/v2/x', 'v2'],
    ['foo.example', '/exact', 'exact'],
    ['foo.example', '/exact/x', 'below'],
    ['foo.example', '/impl/x', 'impl'],
    ['one.wild.example', '/', 'wild'],
    ['two.one.wild.example', '/', 'fallback'],
    ['wild.example', '/', 'fallback'],
    ['10.0.0.1', '/any', 'any'],
    ['10.0.0.1', '/', 'fallback'],
  ];
  for (const [host, path, service] of table) t.equal(routes.match(host, path)?.service, service, `${host}${path}`);
  t.equal(createRoutes([]).match('foo.example', '/'), undefined);
  t.same(createRoutes([ingress('x', undefined, [['/', 'Exact', 's', 'http']])]).match('', '/'), {
    namespace: 'shop',
    service: 's',
    port: 'http',
  });
  t.end();
});

test('certificates are found by host', (t) => {
  const routes = createRoutes([
    ingress('a', 'foo.example', [], {
      tls: [{ hosts: ['foo.example', '*.foo.example'], secretName: 'one' }, { secretName: 'all' }],
    }),
  ]);
  t.equal(routes.secretFor('foo.example'), 'shop/one');
  t.equal(routes.secretFor('x.foo.example'), 'shop/one');
  t.equal(routes.secretFor('other.example'), 'shop/all');
  t.end();
});

function selfSigned(): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = { commonName: 'foo.example' };
  const issuer = { subject, key: privateKey };
  const times = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
  const certificate = issueCertificate({
    subject,
    issuer,
    publicKey,
    ...times,
    use: 'server',
    dnsNames: ['foo.example'],
  });
  return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const pair = selfSigned();

function site() {
  const network = createNetwork({ hostIp: '172.18.255.254' });
  const web = network.open({ node: 'node-0', ips: ['10.244.0.3'] });
  const pages = createServer((message, response) => {
    let body = '';
    message.on('data', (part) => (body += part));
    message.on('end', () =>
      response.end(JSON.stringify({ url: message.url, method: message.method, headers: message.headers, body })),
    );
  });
  pages.on('upgrade', (_message, stream) => {
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    stream.pipe(stream);
  });
  web.listen(80, ({ stream }) => void pages.emit('connection', stream));
  const place = network.open({ node: '', ips: ['172.18.255.252'] });
  const routes = createRoutes([
    ingress('a', 'foo.example', [
      ['/', 'Prefix', 'web'],
      ['/gone', 'Prefix', 'gone'],
    ]),
  ]);
  const gateway = createGateway({
    random: { next: () => 0, uuid: () => '01234567-89ab-4def-8123-456789abcdef' },
    routes: () => routes,
    dial: async ({ service }: Backend) => {
      const port = service === 'web' ? 80 : 81;
      return (await place.connect({ ip: '10.244.0.3', port })).stream;
    },
    certificateFor: async (host) =>
      host === 'foo.example' ? createSecureContext({ cert: pair.certificate, key: pair.key }) : undefined,
  });
  place.listen(80, ({ stream, flow }) => gateway.accept(stream, false, flow.from.ip));
  place.listen(443, ({ stream, flow }) => gateway.accept(stream, true, flow.from.ip));
  const client = network.open({ node: 'node-0', ips: ['10.244.0.9'] });
  const fetch = async (path: string, headers: Record<string, string>, isSecure = false, body = '') => {
    const { stream } = await client.connect({ ip: '172.18.255.252', port: isSecure ? 443 : 80 });
    const socket = isSecure
      ? connectTls({ socket: stream, servername: headers['Host'] ?? '', rejectUnauthorized: false })
      : stream;
    return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      socket.once('error', reject);
      const call = request(
        { createConnection: () => socket, path, headers, method: body === '' ? 'GET' : 'POST' },
        (response) => {
          let text = '';
          response.on('data', (part) => (text += part));
          response.on('end', () => resolve({ status: response.statusCode, text }));
        },
      );
      call.once('error', reject);
      call.end(body);
    });
  };
  return { fetch, client };
}

test('requests reach the Service of their route, and say where they come from', async (t) => {
  const { fetch } = site();
  const { status, text } = await fetch(
    '/a%20b?c=d',
    { Host: 'foo.example:8080', 'X-Own': 'yes', 'X-Forwarded-For': '1.1.1.1' },
    false,
    'hello',
  );
  t.equal(status, 200);
  t.match(JSON.parse(text), {
    url: '/a%20b?c=d',
    method: 'POST',
    body: 'hello',
    headers: {
      host: 'foo.example:8080',
      'x-own': 'yes',
      'x-forwarded-for': '1.1.1.1, 10.244.0.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'foo.example:8080',
      'x-real-ip': '10.244.0.9',
    },
  });
  t.same(await fetch('/', { Host: 'other.example' }), { status: 404, text: 'default backend - 404' });
  t.match(await fetch('/gone', { Host: 'foo.example' }), { status: 503, text: '503 Service Temporarily Unavailable' });
});

test('hosts with a certificate speak TLS', async (t) => {
  const { fetch } = site();
  const { text } = await fetch('/', { Host: 'foo.example' }, true);
  t.match(JSON.parse(text).headers, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.244.0.9' });
  await t.rejects(fetch('/', { Host: 'other.example' }, true));
});

test('connections that change their protocol are passed on', async (t) => {
  const { client } = site();
  const { stream } = await client.connect({ ip: '172.18.255.252', port: 80 });
  stream.write('GET / HTTP/1.1\r\nHost: foo.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  let text = '';
  for await (const bytes of stream) {
    text += String(bytes);
    if (text.endsWith('\r\n\r\n')) stream.write('ping');
    if (text.endsWith('ping')) break;
  }
  t.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*ping$/);
});

test('Ingresses of the class get the address of the gateway, others lose it', async (t) => {
  const cluster = openTestCluster();
  const stop = new AbortController();
  t.teardown(() => {
    stop.abort();
    cluster.close();
  });
  const network = createNetwork({ hostIp: '172.18.255.254' });
  const metadata = (name: string) => ({ name, namespace: 'shop' });
  const addressOf = (name: string): unknown =>
    cluster.get<Ingress>('ingresses', `shop/${name}`)?.status?.loadBalancer?.ingress;
  const own = { ...metadata('own') };
  ingressDefinition({ network, address: '172.18.255.252' }).start(cluster.context, stop.signal);
  await cluster.pass(0);
  t.match(cluster.get('ingressclasses', 'kubefacade'), { spec: { controller: 'kubefacade.io/ingress' } });
  t.equal(network.locate('172.18.255.252'), undefined, 'nothing listens without an Ingress');
  cluster.put('ingresses', { metadata: own, spec: { ingressClassName: 'kubefacade' } });
  cluster.put('ingresses', { metadata: metadata('foreign'), spec: { ingressClassName: 'nginx' } });
  const annotations = { 'kubernetes.io/ingress.class': 'kubefacade' };
  cluster.put('ingresses', { metadata: { ...metadata('old'), annotations }, spec: {} });
  await cluster.pass(1000);
  t.same(addressOf('own'), [{ ip: '172.18.255.252' }]);
  t.same(addressOf('old'), [{ ip: '172.18.255.252' }]);
  t.equal(addressOf('foreign'), undefined);
  const given = cluster.get<Ingress>('ingresses', 'shop/own');
  cluster.put('ingresses', { ...given, spec: { ingressClassName: 'nginx' } });
  await cluster.pass(1000);
  t.equal(addressOf('own'), undefined);
  const client = network.open({ node: 'node-0', ips: ['10.244.0.9'] });
  const { stream } = await client.connect({ ip: '172.18.255.252', port: 80 });
  stream.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const bytes of stream) text += String(bytes);
  t.match(text, /404 Not Found[\s\S]*default backend - 404$/);
  t.same(cluster.errors, []);
});
