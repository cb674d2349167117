import { once } from 'node:events';
import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { type ExtensionServer, startExtensionServer } from '../../runner/extension-server.ts';
import { type Condition, conditionsOf } from '../conditions.ts';

const registration = '/apis/apiregistration.k8s.io/v1/apiservices';
const apiVersion = 'apiregistration.k8s.io/v1';

interface Extension {
  readonly c: CaseContext;
  readonly ns: string;
  readonly group: string;
  readonly name: string;
  readonly server: ExtensionServer;
  /** `/apis/GROUP/v1/namespaces/NS/flunders` */
  readonly flunders: string;
}

async function conditionOf(c: CaseContext, name: string): Promise<Condition | undefined> {
  return (await conditionsOf(c, `${registration}/${name}`)).find(({ type }) => type === 'Available');
}

async function condition(c: CaseContext, name: string, reason: string): Promise<Condition> {
  let found: Condition | undefined;
  await c.eventually(`${name} says ${reason}`, async () => {
    found = await conditionOf(c, name);
    return found?.reason === reason;
  });
  return found as Condition;
}

const serviceName = 'extension';

async function makeService(c: CaseContext, ns: string, server: ExtensionServer): Promise<void> {
  const spec = { ports: [{ name: 'https', port: 443, protocol: 'TCP' }] };
  const metadata = { name: serviceName };
  await c.post(`/api/v1/namespaces/${ns}/services`, { apiVersion: 'v1', kind: 'Service', metadata, spec });
  await makeSlice(c, ns, server);
}

async function makeSlice(c: CaseContext, ns: string, { address, port }: ExtensionServer): Promise<void> {
  await c.post(`/apis/discovery.k8s.io/v1/namespaces/${ns}/endpointslices`, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: serviceName, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}

function apiService(group: string, ns: string, caBundle: string) {
  const service = { namespace: ns, name: serviceName };
  const spec = { group, version: 'v1', groupPriorityMinimum: 1500, versionPriority: 20, service, caBundle };
  return { apiVersion, kind: 'APIService', metadata: { name: `v1.${group}` }, spec };
}

async function startServer(c: CaseContext, group: string): Promise<ExtensionServer> {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { body } = await c.get(path, { unstable: true });
  const { data } = body as { readonly data: Readonly<Record<string, string>> };
  c.equal(data['requestheader-username-headers'], '["X-Remote-User"]', 'headers of user names');
  c.equal(data['requestheader-group-headers'], '["X-Remote-Group"]', 'headers of groups');
  c.equal(data['requestheader-extra-headers-prefix'], '["X-Remote-Extra-"]', 'headers of extra');
  c.ok(data['client-ca-file']?.includes('BEGIN CERTIFICATE'), 'the client CA is published');
  const frontProxyCa = data['requestheader-client-ca-file'] ?? '';
  return startExtensionServer({ group, frontProxyCa, serverName: `${serviceName}.${await c.namespace()}.svc` });
}

/** With an aggregated server that is available. */
function withExtension(run: (extension: Extension) => Promise<void>) {
  return async (c: CaseContext): Promise<void> => {
    const ns = await c.namespace();
    const group = `${c.rand}.example.com`;
    const name = `v1.${group}`;
    await using server = await startServer(c, group);
    await makeService(c, ns, server);
    await c.post(registration, apiService(group, ns, server.caBundle), {
      has: { 'spec.service.port': 443, 'status.conditions': undefined },
      unstable: true,
    });
    try {
      const { status, message } = await condition(c, name, 'Passed');
      c.equal(status, 'True', 'status of Available');
      c.equal(message, 'all checks passed', 'message of Available');
      await c.eventually('requests arrive', async () => {
        const answer = await c.get(`/apis/${group}/v1`, { status: [200, 503, 404], unstable: true });
        return answer.status === 200;
      });
      await run({ c, ns, group, name, server, flunders: `/apis/${group}/v1/namespaces/${ns}/flunders` });
    } finally {
      await c.delete(`${registration}/${name}`, { unstable: true, status: [200, 404] });
    }
  };
}

async function serves({ c, ns, group, flunders }: Extension): Promise<void> {
  const object = (name: string) => ({ apiVersion: `${group}/v1`, kind: 'Flunder', metadata: { name }, colour: 'red' });
  await c.get(flunders, { has: { kind: 'FlunderList', items: [] } });
  await c.post(flunders, object('a'), { has: { 'metadata.name': 'a', 'metadata.namespace': ns, colour: 'red' } });
  await c.get(`${flunders}/a`, { has: { kind: 'Flunder', colour: 'red' } });
  await c.get(`${flunders}/none`, { status: 404, has: { message: `flunders.${group} "none" not found` } });
  const events = await c.watch(`${flunders}?watch=true`, {
    until: ['ADDED', 'DELETED'],
    during: async () => {
      await c.post(flunders, object('b'), { has: { 'metadata.name': 'b' } });
      await c.delete(`${flunders}/b`, { has: { status: 'Success' } });
    },
  });
  c.equal(events[0]?.at('metadata.name'), 'b', 'name in the event');
  await c.delete(`${flunders}/a`, { has: { status: 'Success' } });
}

type HeaderLists = Readonly<Record<string, readonly string[] | undefined>>;

async function tellsWhoAsks({ c, flunders }: Extension): Promise<void> {
  const headers = {
    'Impersonate-User': 'jane',
    'Impersonate-Uid': 'u-1',
    'Impersonate-Group': 'system:masters',
    'Impersonate-Extra-Scopes': 'all of them',
    'Impersonate-Extra-Example.com%2fkey': 'v',
    'X-Remote-User': 'mallory',
    'X-Remote-Group': 'system:masters',
    'X-Remote-Extra-Evil': 'yes',
    'X-Custom': 'kept',
  };
  const answer = await c.get(`${flunders}/a/headers`, { headers, has: { kind: 'Seen' }, unstable: true });
  const seen = answer.at('headers') as HeaderLists;
  c.equal(seen['x-remote-user'], ['jane'], 'X-Remote-User');
  c.equal(seen['x-remote-uid'], ['u-1'], 'X-Remote-Uid');
  c.equal(seen['x-remote-group'], ['system:masters', 'system:authenticated'], 'X-Remote-Group');
  c.equal(seen['x-remote-extra-scopes'], ['all of them'], 'X-Remote-Extra-Scopes');
  c.equal(seen['x-remote-extra-example.com%2fkey'], ['v'], 'X-Remote-Extra- with an escaped key');
  c.equal(seen['x-remote-extra-evil'], undefined, 'what the client claims');
  c.equal(seen['authorization'], undefined, 'Authorization');
  c.equal(seen['impersonate-user'], undefined, 'Impersonate-User');
  c.equal(seen['x-custom'], ['kept'], 'other headers');
  c.equal(seen['x-forwarded-proto'], ['https'], 'X-Forwarded-Proto');
  c.equal(seen['x-forwarded-uri'], [`${flunders}/a/headers`], 'X-Forwarded-Uri');
  c.equal(seen['host'], seen['x-forwarded-host'], 'Host');
  c.equal(seen['x-forwarded-for'], ['127.0.0.1'], 'X-Forwarded-For');
  c.equal(seen['audit-id']?.length, 1, 'Audit-Id');
  c.equal(answer.headers['audit-id'], seen['audit-id']?.[0], 'Audit-Id of the answer');
  c.equal(answer.warnings, ['299 - "seen"'], 'warnings of the aggregated server');
}

async function passesThrough({ c, flunders }: Extension): Promise<void> {
  const text = 'x'.repeat(300_000);
  const echoed = await c.call('POST', `${flunders}/a/echo`, {
    rawBody: text,
    type: 'text/plain',
    unstable: true,
    status: 200,
  });
  c.equal(echoed.text.length, text.length, 'length of an echoed body');
  const redirected = await c.get(`${flunders}/a/elsewhere`, { status: 502, unstable: true });
  c.equal(redirected.text, 'the backend attempted to redirect this request, which is not permitted', 'a redirect');
  const broken = await c.get(`${flunders}/a/broken`, { status: 503, unstable: true });
  c.ok(/^error trying to reach service: .*EOF\n$/.test(broken.text), `an answer that does not come: ${broken.text}`);
  await c.get(`${flunders}/a/tea`, { status: 418, has: { reason: 'Teapot' } });
}

async function upgrades({ c, flunders }: Extension): Promise<void> {
  const refused = await c.upgrade(`${flunders}/a/tunnel`, 'nothing-known');
  c.equal(refused.status, 403, 'status of an upgrade that the aggregated server refuses');
  const { status, socket } = await c.upgrade(`${flunders}/a/tunnel`, 'echo');
  c.equal(status, 101, 'status of an upgrade');
  if (socket === undefined) return;
  socket.write('ping');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  c.equal(bytes.toString(), 'ping', 'bytes that went there and back');
  socket.destroy();
}

const aggregated = { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };

interface GroupItem {
  readonly metadata: { readonly name: string };
  readonly versions: readonly {
    readonly freshness: string;
    readonly resources?: readonly { readonly resource: string }[];
  }[];
}

async function groupItem(c: CaseContext, group: string): Promise<GroupItem | undefined> {
  const { body } = await c.get('/apis', { headers: aggregated, unstable: true });
  return (body as { items: GroupItem[] }).items.find(({ metadata }) => metadata.name === group);
}

async function discovered({ c, group, server, name, ns }: Extension): Promise<void> {
  await c.get(`/apis/${group}`, {
    has: {
      kind: 'APIGroup',
      name: group,
      'preferredVersion.groupVersion': `${group}/v1`,
      versions: [{ groupVersion: `${group}/v1`, version: 'v1' }],
    },
  });
  await c.get(`/apis/${group}/v1`, { has: { kind: 'APIResourceList', 'resources[0].name': 'flunders' } });
  const { body } = await c.get('/apis', { unstable: true });
  const names = (body as { groups: { name: string }[] }).groups.map((each) => each.name);
  c.equal(names[0], 'apiregistration.k8s.io', 'the first group');
  c.ok(names.indexOf(group) > names.indexOf('apps'), 'the group stands behind the built-in ones');
  await c.eventually('aggregated discovery has the resources', async () => {
    const item = await groupItem(c, group);
    return item?.versions[0]?.freshness === 'Current' && item.versions[0].resources?.[0]?.resource === 'flunders';
  });
  // First of all groups: the priority decides.
  const first = { ...apiService(group, ns, server.caBundle).spec, groupPriorityMinimum: 19000 };
  await c.patch(
    `${registration}/${name}`,
    { spec: first },
    { has: { 'spec.groupPriorityMinimum': 19000 }, unstable: true },
  );
  await c.eventually('the group is second, behind the aggregator itself', async () => {
    const { body: list } = await c.get('/apis', { unstable: true });
    return (list as { groups: { name: string }[] }).groups[1]?.name === group;
  });
}

async function described({ c, group }: Extension): Promise<void> {
  const key = `apis/${group}/v1`;
  interface Index {
    readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string } | undefined>>;
  }
  let url = '';
  await c.eventually('the index has the document', async () => {
    const { text } = await c.get('/openapi/v3', { unstable: true });
    url = (JSON.parse(text) as Index).paths[key]?.serverRelativeURL ?? '';
    return url !== '';
  });
  c.ok(url.startsWith(`/openapi/v3/${key}?hash=`), 'the document has a hash');
  await c.get(url, { has: { openapi: '3.0.0', 'info.title': 'flunders' }, unstable: true });
  interface Swagger {
    readonly paths: Readonly<Record<string, unknown>>;
    readonly definitions: Readonly<
      Record<string, { readonly properties?: { readonly metadata?: { $ref: string } } } | undefined>
    >;
  }
  let swagger: Swagger = { paths: {}, definitions: {} };
  await c.eventually('OpenAPI v2 has the paths', async () => {
    const { text } = await c.get('/openapi/v2', { unstable: true });
    swagger = JSON.parse(text) as Swagger;
    return swagger.paths[`/apis/${group}/v1/namespaces/{namespace}/flunders`] !== undefined;
  });
  const definition = swagger.definitions[`${group.split('.').toReversed().join('.')}.v1.Flunder`];
  c.ok(definition !== undefined, 'the definition is there');
  const reference = definition?.properties?.metadata?.$ref ?? '';
  c.ok(/^#\/definitions\/.*ObjectMeta_v\d+$/.test(reference), `what differs has a name of its own: ${reference}`);
  c.ok(swagger.definitions['com.example.unused'] !== undefined, 'what nothing refers to stays');
  c.equal(swagger.definitions['com.example.version'], undefined, 'what only other paths refer to');
}

async function goesAway({ c, group, name, server, flunders }: Extension): Promise<void> {
  await server[Symbol.asyncDispose]();
  const answer = await c.get(flunders, { status: 503, unstable: true });
  const { address, port } = server;
  const texts = [
    `error trying to reach service: dial tcp ${address}:${port}: connect: connection refused\n`,
    'service unavailable\n',
  ];
  c.ok(texts.includes(answer.text), `text of the answer: ${answer.text}`);
  await c.patch(`${registration}/${name}`, { metadata: { labels: { checked: 'again' } } }, { unstable: true });
  const { status, message } = await condition(c, name, 'FailedDiscoveryCheck');
  c.equal(status, 'False', 'status of Available');
  const url = `https://${address}:${port}/apis/${group}/v1`;
  const dial = `dial tcp ${address}:${port}: connect: connection refused`;
  c.equal(message, `failing or missing response from ${url}: Get "${url}": ${dial}`, 'message of Available');
  await c.eventually('the door is closed', async () => {
    const closed = await c.get(flunders, { status: 503, unstable: true });
    return closed.text === 'service unavailable\n';
  });
  await c.eventually('discovery calls it stale', async () => {
    const item = await groupItem(c, group);
    return item?.versions[0]?.freshness === 'Stale' && item.versions[0].resources === undefined;
  });
  await c.get(`/apis/${group}`, { has: { kind: 'APIGroup', name: group } });
  await c.get(`/apis/${group}/v1`, { status: 503, unstable: true });
  await c.delete(`${registration}/${name}`, { unstable: true });
  await c.eventually('the group is gone', async () => {
    const answered = await c.get(`/apis/${group}`, { status: [200, 404], unstable: true });
    return answered.status === 404 && (await groupItem(c, group)) === undefined;
  });
  const gone = await c.get(flunders, { status: 404, unstable: true });
  c.equal(gone.text, '404 page not found\n', 'text of the answer once the APIService is gone');
}

async function conditions(c: CaseContext): Promise<void> {
  const ns = await c.namespace();
  const group = `${c.rand}.example.com`;
  const name = `v1.${group}`;
  await using server = await startServer(c, group);
  const label = `service/${serviceName} in "${ns}"`;
  const says = async (reason: string, message: string | RegExp): Promise<void> => {
    const found = await condition(c, name, reason);
    c.equal(found.status, 'False', `status of ${reason}`);
    c.equal(found.message, message, `message of ${reason}`);
  };
  const other = Buffer.from((await selfSigned()).certificate).toString('base64');
  await c.post(registration, apiService(group, ns, other), { unstable: true });
  try {
    await says('ServiceNotFound', `${label} is not present`);
    let closed = await c.get(`/apis/${group}/v1`, { status: [503, 404], unstable: true });
    await c.eventually('the group has a door', async () => {
      closed = await c.get(`/apis/${group}/v1`, { status: [503, 404], unstable: true });
      return closed.status === 503;
    });
    c.equal(closed.text, 'service unavailable\n', 'text of the answer');
    c.equal(closed.contentType, 'text/plain', 'type of the answer');
    const services = `/api/v1/namespaces/${ns}/services`;
    const spec = { ports: [{ name: 'https', port: 8443, protocol: 'TCP' }] };
    await c.post(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: serviceName }, spec });
    await says('ServicePortError', `${label} is not listening on port 443`);
    await c.patch(`${services}/${serviceName}`, { spec: { ports: [{ name: 'https', port: 443, protocol: 'TCP' }] } });
    await says('EndpointsNotFound', `cannot find endpointslices for ${label}`);
    await makeSlice(c, ns, server);
    await says(
      'FailedDiscoveryCheck',
      // Go adds a guess in brackets where two authorities have one name.
      /^failing or missing response from (https:\S+): Get "\1": tls: failed to verify certificate: x509: certificate signed by unknown authority( \(.*\))?$/,
    );
    const slice = `/apis/discovery.k8s.io/v1/namespaces/${ns}/endpointslices/${serviceName}`;
    const { address, port } = server;
    await c.patch(slice, { endpoints: [{ addresses: [address], conditions: { ready: false } }] });
    await says('MissingEndpoints', `endpointslices for ${label} have no addresses with port name "https"`);
    await c.patch(slice, { endpoints: [{ addresses: [address], conditions: { ready: true } }] });
    await c.patch(
      `${registration}/${name}`,
      { spec: { caBundle: null, insecureSkipTLSVerify: true } },
      { unstable: true },
    );
    await condition(c, name, 'Passed');
    await c.patch(slice, { ports: [{ name: 'https', port: port === 1 ? 2 : 1, protocol: 'TCP' }] });
    await condition(c, name, 'FailedDiscoveryCheck');
  } finally {
    await c.delete(`${registration}/${name}`, { unstable: true });
  }
}

async function selfSigned(): Promise<{ readonly certificate: string }> {
  const { createAuthority } = await import('../../runner/webhook-server.ts');
  return createAuthority();
}

const proves =
  '[sig-api-machinery] Aggregator Should be able to support the 1.17 Sample API Server using the current Aggregator';
const one = (id: string, run: (extension: Extension) => Promise<void>): Case => ({
  id: `aggregation/apiservices/${id}`,
  proves,
  needs: ['front-proxy'],
  run: withExtension(run),
});

export const aggregationCases: readonly Case[] = [
  one('an aggregated resource is served and watched', serves),
  one('the aggregated server is told who asks', tellsWhoAsks),
  one('bodies, failures and redirects', passesThrough),
  one('connections are upgraded', upgrades),
  one('discovery lists the aggregated group', discovered),
  one('OpenAPI describes the aggregated group', described),
  one('a server that goes away is stale, and gone with its APIService', goesAway),
  {
    id: 'aggregation/apiservices/conditions say why a server is not available',
    proves,
    needs: ['front-proxy'],
    run: conditions,
  },
];
