import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Catalog } from '../../api/catalog.ts';
import type { Document, DocumentIndex } from '../../api/openapi.ts';
import { type ServedGroupVersion, servedOf } from '../../api/served.ts';
import { StatusError } from '../../api/status.ts';
import type { ApiResponse } from './message.ts';
import { createOpenApi, type ExtraDocument, type OpenApiRequest } from './openapi.ts';
import type { Swagger } from './openapi-v2.ts';
import { parameterHash } from './openapi-v2-parameters.ts';
import { packNow, unpackNow } from './packed.ts';

const generated = new URL('../../api/generated/', import.meta.url);
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, generated), 'utf8')) as unknown;
const catalog = readJson('resources.json') as Catalog;
const index = readJson('openapi/index.json') as DocumentIndex;
const stock = servedOf(catalog);
const now = Date.UTC(2026, 0, 1);

function openApiOf(extra: readonly ExtraDocument[] = [], served: readonly ServedGroupVersion[] = stock) {
  const reads: string[] = [];
  const openApi = createOpenApi({
    index,
    read: async (file) => {
      reads.push(file);
      return readFileSync(new URL(`openapi/${file}`, generated));
    },
    served: () => served,
    extra: () => extra,
    now: () => now,
  });
  const ask = async (path: string, request: Partial<OpenApiRequest> = {}) => {
    const answer = openApi({ method: 'GET', path, query: '', accept: '', ifNoneMatch: '', ...request });
    if (answer === undefined) throw new Error(`${path} is not a path of OpenAPI`);
    return answer;
  };
  return { ask, reads };
}

interface Index {
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
}

const bodyOf = ({ packed }: ApiResponse): Uint8Array => unpackNow(packed ?? packNow(new Uint8Array()));
const json = <T>(body: unknown): T => JSON.parse(Buffer.from(body as Uint8Array).toString()) as T;
const protobuf2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

t.test('the index lists what is served, without reading documents', async (t) => {
  const { ask, reads } = openApiOf();
  const { paths } = JSON.parse(String((await ask('/openapi/v3')).body)) as Index;
  t.equal(Object.keys(paths).length, 47, 'as many as a stock server');
  t.ok(paths['apis/apps/v1'] && paths['apis/apps'] && paths['version'] && paths['openid/v1/jwks']);
  t.equal(paths['apis/resource.k8s.io/v1beta1'], undefined, 'what is off is not told');
  t.match(paths['api/v1']?.serverRelativeURL, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
  t.same(reads, []);
});

t.test('a document with the right hash may be kept for ever, a wrong one leads to the right one', async (t) => {
  const { ask } = openApiOf();
  const { paths } = JSON.parse(String((await ask('/openapi/v3')).body)) as Index;
  const [path = '', query = ''] = (paths['apis/apps/v1']?.serverRelativeURL ?? '').split('?');
  const hash = query.slice('hash='.length);
  const answer = await ask(path, { query });
  t.match(answer.headers, {
    'cache-control': 'public, immutable',
    etag: `"${hash}"`,
    vary: 'Accept',
    'content-type': 'application/json',
    expires: 'Fri, 01 Jan 2027 00:00:00 UTC',
  });
  t.equal(json<Document>(answer.body).info.version, '1.36');
  t.equal((await ask(path)).headers['cache-control'], undefined);
  t.match(await ask(path, { query: 'hash=00' }), { status: 301, headers: { location: `${path}?${query}` } });
  t.match(await ask(path, { ifNoneMatch: `"${hash}"` }), { status: 304, body: undefined });
  t.equal((await ask(path, { accept: 'text/html' })).status, 406);
  t.match(await ask('/openapi/v3/nope'), { status: 404 });
  await t.rejects(ask(path, { method: 'POST' }), StatusError);
});

t.test('OpenAPI v2 is made of the served documents', async (t) => {
  const { ask, reads } = openApiOf();
  const answer = await ask('/openapi/v2');
  const swagger = json<Swagger>(bodyOf(answer));
  t.equal(Object.keys(swagger.paths).length, 408);
  t.equal(Object.keys(swagger.definitions).length, 584);
  t.match(swagger.definitions['io.k8s.api.core.v1.Container']?.properties?.['env'], {
    type: 'array',
    items: { $ref: '#/definitions/io.k8s.api.core.v1.EnvVar' },
    'x-kubernetes-patch-merge-key': 'name',
  });
  t.equal(swagger.definitions['io.k8s.apimachinery.pkg.api.resource.Quantity']?.type, 'string');
  t.match(swagger.definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString'], {
    type: 'string',
    format: 'int-or-string',
  });
  t.notMatch(JSON.stringify(swagger.definitions), /"default":""/);
  const patch = swagger.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch;
  t.same(patch?.consumes?.[0], 'application/json-patch+json');
  t.match(patch?.parameters, [{ $ref: '#/parameters/body-78PwaGsr' }, { name: 'dryRun', in: 'query' }]);
  const before = reads.length;
  t.equal((await ask('/openapi/v2', { ifNoneMatch: String(answer.headers['etag']) })).status, 304);
  t.equal(reads.length, before, 'made once');
});

t.test('OpenAPI v2 comes as protobuf too', async (t) => {
  const { ask } = openApiOf();
  const answer = await ask('/openapi/v2', { accept: `${protobuf2}, */*;q=0.1` });
  t.equal(answer.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  const bytes = Buffer.from(bodyOf(answer));
  // Field 1, length 3: the version; field 2: title and version.
  t.equal(
    bytes.subarray(0, 24).toString('latin1'),
    '\n\u00032.0\u0012\u0012\n\nKubernetes\u0012\u00041.36'.slice(0, 24),
  );
  t.equal((await ask('/openapi/v2', { accept: 'application/yaml' })).status, 406);
  t.equal((await ask('/openapi/v2', { accept: 'application/json' })).headers['content-type'], 'application/json');
});

t.test('documents of custom resources join', async (t) => {
  const document: Document = {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    components: {
      schemas: {
        'com.example.stable.v1.CronTab': {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              required: ['size', 'replicas'],
              properties: {
                replicas: { type: 'integer', default: 1 },
                size: { type: 'integer', ...{ nullable: true } },
                port: { ...{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, 'x-kubernetes-int-or-string': true },
                any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
          'x-kubernetes-group-version-kind': [{ group: 'stable.example.com', version: 'v1', kind: 'CronTab' }],
        },
      },
    },
    paths: {
      '/apis/stable.example.com/v1/crontabs': { get: { responses: { '401': { description: 'Unauthorized' } } } },
    },
  };
  const { ask } = openApiOf([
    { path: 'apis/stable.example.com/v1', read: async () => Buffer.from(JSON.stringify(document)) },
  ]);
  const { paths } = JSON.parse(String((await ask('/openapi/v3')).body)) as Index;
  t.match(paths['apis/stable.example.com/v1']?.serverRelativeURL, /hash=[0-9A-F]{128}$/);
  t.same(json((await ask('/openapi/v3/apis/stable.example.com/v1')).body), document);
  const swagger = json<Swagger>(bodyOf(await ask('/openapi/v2')));
  const spec = swagger.definitions['com.example.stable.v1.CronTab']?.properties?.['spec'];
  t.same(
    spec,
    {
      type: 'object',
      required: ['replicas'],
      properties: {
        replicas: { type: 'integer' },
        size: {},
        port: { 'x-kubernetes-int-or-string': true },
        any: { 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    'v2 knows no defaults, no null and no alternatives',
  );
  t.ok(swagger.paths['/apis/stable.example.com/v1/crontabs']);
});

t.test('shared parameters have the names of a stock server', async (t) => {
  const parameter =
    '{"name":"body","in":"body","required":true,"schema":{"$ref":"#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch"}}';
  t.equal(parameterHash(parameter), '78PwaGsr');
});
