import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Document } from '../../api/openapi.ts';
import { type CustomResourceShape, customResourceDocument, customResourceDocuments } from './openapi-crd.ts';
import { addDocument, emptySwagger } from './openapi-v2.ts';

const file = new URL('../../api/generated/openapi/v3/apis__apps__v1_openapi.json', import.meta.url);
const template = JSON.parse(readFileSync(file, 'utf8')) as Document;

const widget: CustomResourceShape = {
  group: 'my-tools.example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  listKind: 'WidgetList',
  namespaced: true,
  status: true,
  scale: true,
  schema: {
    type: 'object',
    properties: {
      metadata: { type: 'object' },
      spec: {
        type: 'object',
        properties: {
          port: { 'x-kubernetes-int-or-string': true },
          template: {
            type: 'object',
            'x-kubernetes-embedded-resource': true,
            'x-kubernetes-preserve-unknown-fields': true,
          },
        },
      },
    },
  },
};
const blob: CustomResourceShape = {
  group: 'my-tools.example.com',
  version: 'v1',
  plural: 'blobs',
  kind: 'Blob',
  listKind: 'BlobList',
  namespaced: false,
  status: false,
  scale: false,
  schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};
const document = customResourceDocument([widget, blob], template);
const root = '/apis/my-tools.example.com/v1';

t.test('the document of a group-version has the paths of all its custom resources', async (t) => {
  t.same(document.info, { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' });
  t.same(Object.keys(document.paths), [
    `${root}/blobs`,
    `${root}/blobs/{name}`,
    `${root}/namespaces/{namespace}/widgets`,
    `${root}/namespaces/{namespace}/widgets/{name}`,
    `${root}/namespaces/{namespace}/widgets/{name}/scale`,
    `${root}/namespaces/{namespace}/widgets/{name}/status`,
    `${root}/widgets`,
  ]);
  const blobs = document.paths[`${root}/blobs`];
  t.equal(blobs?.delete?.operationId, 'deleteMyToolsExampleComV1CollectionBlob');
  t.equal(
    document.paths[`${root}/namespaces/{namespace}/widgets`]?.post?.operationId,
    'createMyToolsExampleComV1NamespacedWidget',
  );
  t.same(blobs?.get?.tags, ['myToolsExampleCom_v1']);
  t.equal(blobs?.get?.description, 'list objects of kind Blob');
  t.same(
    blobs?.parameters?.map((p) => p.name),
    ['pretty'],
  );
  t.notMatch(JSON.stringify(document.paths), /StatefulSet|statefulset|protobuf|strategic/);
});

t.test('operations are those of a stock server', async (t) => {
  const one = document.paths[`${root}/blobs/{name}`];
  t.same(Object.keys(one?.patch?.responses ?? {}), ['200', '401']);
  t.same(Object.keys(one?.patch?.requestBody?.content ?? {}), [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
  ]);
  t.same(Object.keys(one?.put?.requestBody?.content ?? {}), ['application/json', 'application/yaml']);
  t.same(
    one?.get?.parameters?.map((p) => p.name),
    ['resourceVersion'],
  );
  const scale = document.paths[`${root}/namespaces/{namespace}/widgets/{name}/scale`];
  t.match(scale?.get, {
    'x-kubernetes-group-version-kind': { group: 'my-tools.example.com', kind: 'Widget', version: 'v1' },
    responses: { 200: { content: { 'application/json': { schema: { $ref: /autoscaling\.v1\.Scale$/ } } } } },
  });
});

t.test('schemas spell out metadata, integers or strings, and embedded objects', async (t) => {
  const schemas = document.components.schemas ?? {};
  const own = schemas['com.example.my-tools.v1.Widget'];
  t.match(own, {
    'x-kubernetes-group-version-kind': [{ group: 'my-tools.example.com', kind: 'Widget', version: 'v1' }],
    properties: { metadata: { allOf: [{ $ref: /ObjectMeta$/ }] }, kind: { type: 'string' } },
  });
  const spec = own?.properties?.['spec']?.properties;
  t.match(spec?.['port'], { anyOf: [{ type: 'integer' }, { type: 'string' }] });
  t.same(spec?.['template']?.required, ['kind', 'apiVersion']);
  t.match(schemas['com.example.my-tools.v1.BlobList']?.properties?.['items'], { items: { $ref: /v1\.Blob$/ } });
  t.equal(
    schemas['io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions']?.['x-kubernetes-group-version-kind']?.length,
    53,
  );
  t.ok(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry'], 'all that is referred to is there');
});

t.test('v2 shows what kubectl can cope with', async (t) => {
  const swagger = emptySwagger('1.36');
  addDocument(swagger, document);
  t.same(swagger.definitions['com.example.my-tools.v1.Blob'], {
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'my-tools.example.com', kind: 'Blob', version: 'v1' }],
  });
  const spec = swagger.definitions['com.example.my-tools.v1.Widget']?.properties?.['spec']?.properties;
  t.same(spec?.['template'], {
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  });
  t.same(swagger.paths[`${root}/blobs`]?.get?.consumes, ['application/json', 'application/yaml']);
});

t.test('documents are made when they are asked for', async (t) => {
  let reads = 0;
  const made = customResourceDocuments([widget, { ...widget, version: 'v2' }, blob], async () => {
    reads += 1;
    return template;
  });
  t.same(
    made.map(({ path }) => path),
    ['apis/my-tools.example.com/v1', 'apis/my-tools.example.com/v2'],
  );
  t.not(made[0]?.hash, made[1]?.hash);
  t.equal(reads, 0);
  t.same(JSON.parse(Buffer.from((await made[0]?.read()) ?? []).toString()), document);
});
