import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'tap';
import { createRequestHeaderAuthenticator } from '../auth/request-header.ts';
import { emptySwagger } from '../http/openapi-v2.ts';
import { mergeSwagger } from '../http/openapi-v2-merge.ts';
import { networkErrorText } from '../network-error.ts';
import { createServiceResolver } from '../service-resolver.ts';
import { listedGroups, withCondition } from './api-service.ts';
import { createBackend } from './remote/backend.ts';
import { answeredHeaders, forwardedHeaders, frontProxyHeaders } from './remote/front-proxy.ts';
import { startPoller } from './remote/poller.ts';

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

test('groups are listed by priority and then by name, their versions by priority and then by stability', async (t) => {
  const service = (name: string, groupPriorityMinimum: number, versionPriority: number) => {
    const [version = '', ...group] = name.split('.');
    return {
      metadata: { name },
      spec: { group: group.join('.'), version, groupPriorityMinimum, versionPriority },
    } as never;
  };
  t.same(
    listedGroups([
      service('v1beta1.b.io', 1000, 100),
      service('v1.b.io', 1000, 100),
      service('v2.b.io', 1000, 10),
      service('v1.c.io', 2000, 1),
      service('v1.a.io', 1000, 1),
      service('v9.a.io', 1000, 2),
    ]),
    [
      { group: 'c.io', versions: ['v1'] },
      { group: 'a.io', versions: ['v9', 'v1'] },
      { group: 'b.io', versions: ['v1', 'v1beta1', 'v2'] },
    ],
  );
});

test('a condition keeps the time of its last transition while its status stays', async (t) => {
  const condition = (status: string, reason: string, lastTransitionTime: string) =>
    ({ type: 'Available', status, reason, lastTransitionTime }) as never;
  const first = withCondition({} as never, condition('False', 'A', 'one'));
  const second = withCondition(first, condition('False', 'B', 'two'));
  t.match(second.status?.conditions, [{ reason: 'B', lastTransitionTime: 'one' }]);
  t.match(withCondition(second, condition('True', 'C', 'three')).status?.conditions, [{ lastTransitionTime: 'three' }]);
});

test('aggregated servers hear who asks from the front proxy alone', async (t) => {
  const user = { username: 'jane', groups: ['a', 'b'], extra: { scopes: ['x'], 'example.com/50%': ['y', 'z'] } };
  t.same(frontProxyHeaders(user), {
    'X-Remote-User': 'jane',
    'X-Remote-Group': ['a', 'b'],
    'X-Remote-Extra-scopes': ['x'],
    'X-Remote-Extra-example.com%2F50%25': ['y', 'z'],
  });
  const sent = {
    'x-remote-user': ['root'],
    'x-remote-extra-scopes': ['all'],
    'impersonate-user': ['jane'],
    authorization: ['Bearer t'],
    connection: ['keep-alive, X-Hop'],
    'x-hop': ['1'],
    'x-remote-address': ['kept'],
    accept: ['application/json'],
  };
  t.same(forwardedHeaders(sent), { 'x-remote-address': 'kept', accept: 'application/json' });
  t.same(answeredHeaders({ 'content-length': ['3'], 'access-control-allow-origin': ['*'], warning: ['a', 'b'] }), {
    'content-length': '3',
    warning: ['a', 'b'],
  });
});

test('a front proxy speaks for others when its certificate says so', async (t) => {
  let verified = 0;
  const authenticator = createRequestHeaderAuthenticator({
    certificates: {
      verify(certificate) {
        verified++;
        const name = Buffer.from(certificate as Uint8Array).toString();
        if (name === 'stranger') throw new Error('x509: certificate signed by unknown authority');
        return { username: name, groups: [] };
      },
    },
    allowedNames: ['front-proxy-client'],
    usernameHeaders: ['X-Remote-User', 'X-Other-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  });
  const proxy = Buffer.from('front-proxy-client');
  const headers = {
    'x-other-user': ['jane'],
    'x-remote-group': ['a', '', 'b'],
    'x-remote-extra-example.com%2fkey': ['v', 'w'],
    'x-remote-extra-50%': ['bad escape'],
  };
  t.ok(authenticator.isMeant(headers));
  t.notOk(authenticator.isMeant({ 'x-remote-group': ['a'] }));
  t.same(authenticator.authenticate(headers, proxy), {
    username: 'jane',
    groups: ['a', 'b', 'system:authenticated'],
    extra: { 'example.com/key': ['v', 'w'], '50%': ['bad escape'] },
  });
  t.equal(authenticator.authenticate({}, proxy), undefined);
  t.equal(authenticator.authenticate(headers, undefined), undefined);
  t.throws(() => authenticator.authenticate(headers, Buffer.from('kubernetes-admin')), { message: 'Unauthorized' });
  const stranger = Buffer.from('stranger');
  t.throws(() => authenticator.authenticate(headers, stranger), { message: 'Unauthorized' });
  const before = verified;
  t.throws(() => authenticator.authenticate(headers, stranger), { message: 'Unauthorized' });
  t.equal(verified, before, 'what was refused is not verified again');
});

test('failures of the network read as in Go', async (t) => {
  const endpoint = { host: 'fd00::1', port: 443 };
  const text = (code: string, message = '') =>
    networkErrorText(Object.assign(new Error(message), { code }), endpoint, 'x.y.svc');
  t.equal(text('ECONNREFUSED'), 'dial tcp [fd00::1]:443: connect: connection refused');
  t.equal(text('ECONNRESET', 'socket hang up'), 'EOF');
  t.match(text('DEPTH_ZERO_SELF_SIGNED_CERT'), /^tls: failed to verify certificate: x509: certificate signed by/);
  const names = Object.assign(new Error(), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    cert: { subjectaltname: 'DNS:a.svc, IP Address:10.0.0.1' },
  });
  t.equal(
    networkErrorText(names, endpoint, 'x.y.svc'),
    'tls: failed to verify certificate: x509: certificate is valid for a.svc, 10.0.0.1, not x.y.svc',
  );
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const backend = createBackend({}, { certificate: '', key: '' }, clock);
  const asked = backend.fetch({ host: '127.0.0.1', port }, { path: '/', headers: {}, timeoutMs: 20 });
  await t.rejects(asked, { message: 'context deadline exceeded' });
  silent.close();
  backend.close();
  t.throws(() => createBackend({ spec: { caBundle: 'bm9uZQ==' } } as never, { certificate: '', key: '' }, clock), {
    message: 'unable to load root certificates: unable to parse bytes as PEM block',
  });
});

test('a Service leads to one of its ready endpoints, of its first address family when it has both', async (t) => {
  const service = {
    metadata: { name: 's' },
    spec: { type: 'ClusterIP', ipFamilies: ['IPv6'], ports: [{ name: 'https', port: 443 }] },
  };
  const slice = (addressType: string, address: string, ready: boolean) => ({
    metadata: { labels: { 'kubernetes.io/service-name': 's' } },
    addressType,
    ports: [
      { name: 'other', port: 1 },
      { name: 'https', port: 8443 },
    ],
    endpoints: [
      { addresses: ['192.0.2.9'], conditions: { ready: false } },
      { addresses: [address], conditions: { ready } },
    ],
  });
  const slices = [slice('IPv4', '192.0.2.1', true), slice('IPv6', 'fd00::1', true)];
  const resolver = (found: readonly object[], changed: object = {}) =>
    createServiceResolver({
      reader: {
        get: (_: string, __: string, name: string) =>
          (name === 's' ? { ...service, spec: { ...service.spec, ...changed } } : undefined) as never,
        list: () => found as never,
      },
      random: { next: () => 0.99 },
      own: () => ({ host: '127.0.0.1', port: 6443 }),
    });
  t.same(resolver(slices).resolve('d', 's', 443), { host: 'fd00::1', port: 8443 });
  t.same(resolver([slice('IPv6', 'fd00::1', false), ...slices.slice(0, 1)]).resolve('d', 's', 443), {
    host: '192.0.2.1',
    port: 8443,
  });
  t.same(resolver([]).resolve('default', 'kubernetes', 443), { host: '127.0.0.1', port: 6443 });
  t.throws(() => resolver([]).resolve('d', 's', 443), { message: 'no endpoints available for service "s"' });
  t.throws(() => resolver([]).resolve('d', 's', 80), { message: 'no service port 80 found for service "s"' });
  t.throws(() => resolver([]).resolve('d', 'none', 443), { message: 'service "none" not found' });
  t.throws(() => resolver([], { type: 'ExternalName' }).resolve('d', 's', 443), {
    message: 'unsupported service type "ExternalName"',
  });
});

test('merged OpenAPI keeps what is there and renames what differs', async (t) => {
  const swagger = emptySwagger('v1.36');
  swagger.definitions['Same'] = { type: 'string' };
  swagger.definitions['Meta'] = { type: 'object' };
  swagger.paths['/version/'] = { get: { schemes: [], responses: {} } };
  mergeSwagger(swagger, {
    paths: { '/version/': {}, '/apis/x/v1/': { get: { $ref: '#/definitions/Flunder' } } },
    definitions: {
      Same: { type: 'string' },
      Meta: { type: 'object', description: 'another' },
      Flunder: { properties: { metadata: { $ref: '#/definitions/Meta' }, same: { $ref: '#/definitions/Same' } } },
    },
    parameters: {},
  });
  t.same(Object.keys(swagger.definitions), ['Same', 'Meta', 'Meta_v2', 'Flunder']);
  t.match(swagger.definitions['Flunder'], {
    properties: { metadata: { $ref: '#/definitions/Meta_v2' }, same: { $ref: '#/definitions/Same' } },
  });
  t.match(swagger.paths['/version/'], { get: { schemes: [] } });
  t.ok(swagger.paths['/apis/x/v1/']);
});

test('a poller waits longer after each failure, and comes at once when it is woken', async (t) => {
  const waits: number[] = [];
  let next: () => void = () => undefined;
  const manual = {
    now: () => 0,
    after: (ms: number, callback: () => void) => {
      waits.push(ms);
      next = callback;
      return { cancel: () => undefined };
    },
  };
  const answers = [false, false, false, true, true];
  const pace = { firstDelayMs: 0, intervalMs: 30, retryMs: 5, maxRetryMs: 15 };
  const poller = startPoller(manual, pace, async () => answers.shift() ?? true);
  const step = async (): Promise<void> => {
    next();
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let i = 0; i < 4; i++) await step();
  t.same(waits, [0, 5, 10, 15, 30]);
  poller.wake();
  t.equal(waits.at(-1), 0);
  await step();
  t.equal(waits.at(-1), 30);
  poller.stop();
  poller.wake();
  t.equal(waits.length, 7);
});
