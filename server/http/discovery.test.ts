import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Catalog, CatalogResource } from '../../api/catalog.ts';
import { compareVersions, groupsOf, type ServedGroupVersion, servedOf } from '../../api/served.ts';
import { StatusError } from '../../api/status.ts';
import { createDiscovery } from './discovery.ts';
import type { ApiResponse } from './message.ts';

const catalog = JSON.parse(
  readFileSync(new URL('../../api/generated/resources.json', import.meta.url), 'utf8'),
) as Catalog;
const stock = servedOf(catalog);
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Ask {
  readonly accept?: string;
  readonly method?: string;
  readonly ifNoneMatch?: string;
  readonly pretty?: boolean;
}

function discoveryOf(served: () => readonly ServedGroupVersion[] = () => stock) {
  const discovery = createDiscovery({ served, serverAddress: () => '192.0.2.2:6443' });
  return (path: string, { accept = '', method = 'GET', ifNoneMatch = '', pretty = false }: Ask = {}): ApiResponse => {
    const response = discovery({ path, accept, method, ifNoneMatch, pretty });
    if (response === undefined) throw new Error(`${path} is not a discovery path`);
    return response;
  };
}

function json(response: ApiResponse): Record<string, unknown> {
  return JSON.parse(String(response.body)) as Record<string, unknown>;
}

function failure(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('did not fail');
}

const ask = discoveryOf();

t.test('/api and core versions carry no apiVersion', async (t) => {
  t.same(json(ask('/api')), {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '192.0.2.2:6443' }],
  });
  const list = json(ask('/api/v1'));
  t.match(list, { kind: 'APIResourceList', groupVersion: 'v1', apiVersion: undefined });
  const names = (list['resources'] as { name: string }[]).map((r) => r.name);
  t.same(names, [...names].sort(), 'resources and subresources in one order');
  t.match(
    (list['resources'] as object[]).find((r) => (r as { name: string }).name === 'pods/eviction'),
    { singularName: '', namespaced: true, group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  );
});

t.test('groups stand in the order of a stock server', async (t) => {
  const groups = json(ask('/apis'))['groups'] as { name: string; preferredVersion: { version: string } }[];
  t.same(
    groups.slice(0, 3).map((g) => g.name),
    ['apiregistration.k8s.io', 'apps', 'events.k8s.io'],
  );
  t.equal(groups.find((g) => g.name === 'autoscaling')?.preferredVersion.version, 'v2');
  t.notOk(
    groups.some((g) => g.name === 'storagemigration.k8s.io'),
    'what is off is not told',
  );
  const all = discoveryOf(() => servedOf(catalog, () => true));
  t.match(json(all('/apis/storagemigration.k8s.io')), { kind: 'APIGroup', name: 'storagemigration.k8s.io' });
});

t.test('aggregated discovery has the entity tag of a stock server', async (t) => {
  const response = ask('/apis', { accept: aggregated });
  t.equal(response.headers['content-type'], aggregated);
  t.match(response.headers, { vary: 'Accept', 'cache-control': 'public' });
  const etag = String(response.headers['etag']);
  // The hash covers order and content of everything: this is kube-apiserver 1.36.3's.
  t.match(etag, /^"A74552DF419C4697E3A22F67B8FE55FD8F2CC33F6134FF206B16341598294CDE/);
  t.match(ask('/api', { accept: aggregated }).headers['etag'], /^"4D7E1BED90B364BC86049DD9E636494980AEF65B7F8CFAA2/);
  t.same(ask('/apis', { accept: aggregated, ifNoneMatch: etag }), {
    status: 304,
    headers: { 'cache-control': 'public', etag, vary: 'Accept' },
  });
  t.equal(ask('/apis', { accept: `${aggregated};profile=nopeer` }).headers['etag'], etag);
});

t.test('the Accept header decides the form', async (t) => {
  const type = (path: string, accept: string) => ask(path, { accept }).headers['content-type'];
  const beta = aggregated.replace('v2', 'v2beta1');
  t.equal(type('/apis', `application/json,${aggregated}`), aggregated, 'the more specific wins');
  t.equal(type('/apis', `${beta},application/json`), 'application/json', 'v2beta1 is gone');
  t.equal(type('/apis/', `${aggregated},application/json`), 'application/json');
  t.equal(type('/api/v1', `${aggregated},application/json`), 'application/json');
  t.equal(type('/apis', 'application/json;q=0.5,application/yaml'), 'application/yaml');
  t.match(ask('/api/v1', { accept: 'application/yaml' }).body, /shortNames:\n {2}- "no"\n/, 'as YAML 1.1');
  t.match(
    failure(() => ask('/apis', { accept: 'text/html' })),
    {
      code: 406,
      message:
        'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    },
  );
  t.match(failure(() => ask('/apis/apps/v1', { accept: 'text/html' })).message, /^406: Not Acceptable\n\nAvailable/);
});

t.test('what is not served is not found', async (t) => {
  t.match(ask('/apis/nope'), { status: 404, body: '404 page not found\n' });
  t.match(
    failure(() => ask('/apis/apps/v9')),
    { reason: 'NotFound' },
  );
  t.match(
    failure(() => ask('/api/v2')),
    { message: 'the server could not find the requested resource' },
  );
  t.match(
    failure(() => ask('/apis/apps/v1', { method: 'POST' })),
    { reason: 'MethodNotAllowed' },
  );
  t.equal(ask('/apis/apps', { method: 'POST' }).status, 200, 'upstream answers groups under any method');
});

t.test('custom resources stand behind, their versions by stability', async (t) => {
  const resource = (group: string, version: string): CatalogResource => ({
    group,
    version,
    resource: 'crontabs',
    singular: 'crontab',
    kind: 'CronTab',
    namespaced: true,
    verbs: ['get'],
    subresources: [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get'] }],
  });
  const extra = ['v1beta1', 'v1', 'v2alpha1', 'other'].map((version) => ({
    group: 'stable.example.com',
    version,
    resources: [resource('stable.example.com', version)],
  }));
  let served: readonly ServedGroupVersion[] = stock;
  const changing = discoveryOf(() => served);
  const before = changing('/apis', { accept: aggregated }).headers['etag'];
  served = [...extra, ...stock];
  const groups = json(changing('/apis'))['groups'] as { name: string; versions: { version: string }[] }[];
  t.equal(groups.at(-1)?.name, 'stable.example.com');
  t.same(
    groups.at(-1)?.versions.map((v) => v.version),
    ['v1', 'v1beta1', 'v2alpha1', 'other'],
  );
  t.not(changing('/apis', { accept: aggregated }).headers['etag'], before, 'answers follow what is served');
  t.match(json(changing('/apis/stable.example.com/v1'))['resources'], [
    { name: 'crontabs' },
    { name: 'crontabs/scale', group: 'autoscaling', version: 'v1' },
  ]);
  const list = json(changing('/apis', { accept: aggregated }))['items'] as object[];
  t.match(list.at(-1), {
    versions: [{ resources: [{ responseKind: { group: 'stable.example.com', version: 'v1' } }] }],
  });
  t.match(list[0], { versions: [{ resources: [{ responseKind: { group: '', version: '' } }] }] });
  t.equal(groupsOf(served)[0]?.group, '');
  t.same(['v1', 'v10', 'v2', 'v1beta2', 'foo'].sort(compareVersions), ['v10', 'v2', 'v1', 'v1beta2', 'foo']);
});

t.test('pretty answers have no newline at the end, plain ones do', async (t) => {
  t.match(ask('/apis/apps', { pretty: true }).body, /^\{\n {2}"kind": "APIGroup",[\s\S]*\}$/);
  t.match(ask('/apis/apps').body, /\}\n$/);
});
