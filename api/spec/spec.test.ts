import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { allSchemas, methods } from '../openapi.ts';
import { catalogFrom } from './catalog.ts';
import { readDirectory } from './directory.ts';
import { readGoFields } from './go-fields.ts';
import { liftDocuments } from './lift.ts';
import { digest, normalForm } from './normal-form.ts';
import { messageNameOf, protobufMessages } from './protobuf.ts';
import { runtimeSchema } from './runtime-schema.ts';
import { toServed } from './served.ts';
import { documentsFromSwagger, type Swagger } from './swagger.ts';

const documents = await liftDocuments();
const digests = JSON.parse(readFileSync(new URL('./digests.json', import.meta.url), 'utf8')) as Record<string, string>;

t.test('lifted documents are the official ones', async (t) => {
  t.same([...documents.keys()].sort(), Object.keys(digests).sort(), 'the same 64 documents');
  for (const [path, document] of documents) t.equal(digest(document), digests[path], `${path} equals the official one`);
});

t.test('lifted documents are complete', async (t) => {
  const paths = [...documents.values()].flatMap((document) => Object.values(document.paths));
  t.equal(documents.size, 64);
  t.equal(paths.length, 562);
  t.equal(paths.flatMap((item) => methods.filter((method) => item[method] !== undefined)).length, 1123);
});

t.test('the catalog has all resources and subresources', async (t) => {
  const catalog = catalogFrom(documents, 'v1.36.3');
  t.equal(catalog.resources.length, 95);
  t.equal(catalog.resources.flatMap((resource) => resource.subresources ?? []).length, 55);
  t.equal(catalog.groupVersions.length, 36);
  t.equal(catalog.groupVersions.filter((gv) => gv.enabled).length, 22);
  const find = (resource: string, version: string) =>
    catalog.resources.find((r) => r.resource === resource && r.version === version);
  t.match(find('deployments', 'v1'), {
    kind: 'Deployment',
    group: 'apps',
    namespaced: true,
    shortNames: ['deploy'],
    categories: ['all'],
    storageVersionHash: '8aSe+NMegvE=',
    subresources: [
      { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] },
      { name: 'status', group: 'apps', version: 'v1', kind: 'Deployment', verbs: ['get', 'patch', 'update'] },
    ],
  });
  t.equal(find('componentstatuses', 'v1')?.storageVersionHash, undefined, 'what is not stored has no hash');
  t.same(find('componentstatuses', 'v1')?.verbs, ['get', 'list']);
  t.equal(
    find('devicetaintrules', 'v1beta2')?.storageVersionHash,
    find('devicetaintrules', 'v1alpha3')?.storageVersionHash,
  );
});

t.test('the runtime schema knows what encoding does with zero values', async (t) => {
  const { types } = runtimeSchema(allSchemas(documents), readGoFields(), 'v1.36.3');
  const field = (type: string, name: string) => types[`io.k8s.${type}`]?.fields?.[name];
  t.match(field('api.core.v1.Container', 'name'), { k: 'string', zero: 'emit' });
  t.match(field('api.core.v1.Container', 'resources'), { k: 'struct', zero: 'emit', go: 'v1.ResourceRequirements' });
  t.equal(field('api.core.v1.Container', 'resources')?.nil, undefined);
  t.match(field('api.core.v1.Container', 'livenessProbe'), { zero: 'keep' });
  t.match(field('api.core.v1.Container', 'imagePullPolicy'), { zero: 'drop', go: 'v1.PullPolicy' });
  t.match(field('api.apps.v1.DeploymentSpec', 'replicas'), { k: 'int32', zero: 'keep', go: 'int32' });
  t.match(field('api.apps.v1.DeploymentSpec', 'selector'), { zero: 'emit', nil: true });
  t.match(field('api.rbac.v1.Role', 'rules'), { k: 'list', zero: 'emit', nil: true });
  t.match(field('apimachinery.pkg.apis.meta.v1.ObjectMeta', 'creationTimestamp'), { k: 'time', zero: 'drop' });
  t.match(field('api.core.v1.ServicePort', 'targetPort'), { k: 'intOrString', zero: 'emit' });
  t.match(field('api.core.v1.Event', 'firstTimestamp'), { k: 'time', zero: 'emit', nil: true });
  t.match(field('api.core.v1.ResourceRequirements', 'limits'), {
    k: 'map',
    items: { k: 'quantity', go: 'resource.Quantity' },
    go: 'v1.ResourceList',
  });
  t.match(field('api.core.v1.Capabilities', 'add'), { go: '[]v1.Capability', items: { go: 'v1.Capability' } });
  t.match(field('api.core.v1.ServiceSpec', 'ports'), {
    list: 'map',
    keys: ['port', 'protocol'],
    patch: 'merge',
    mergeKey: 'port',
  });
  t.equal(types['io.k8s.api.core.v1.LocalObjectReference']?.mapType, 'atomic');
  t.same(types['io.k8s.api.scheduling.v1alpha2.BasicSchedulingPolicy'], { go: 'BasicSchedulingPolicy' });
});

t.test('served documents are those of a stock server', async (t) => {
  const official = documents.get('apis/apps/v1');
  if (official === undefined) throw new Error('no document of apps/v1');
  const served = toServed(official, 'v1.36.3');
  const policy = served.components.schemas?.['io.k8s.api.core.v1.Container']?.properties?.['imagePullPolicy'];
  t.same(policy?.enum, ['Always', 'IfNotPresent', 'Never'], 'with enums');
  t.match(policy?.description, /Possible enum values:\n - `"Always"`/);
  t.equal(served.info.version, '1.36');
  t.notMatch(JSON.stringify(served), /cbor/, 'without media types that need a feature gate');
  t.match(JSON.stringify(official), /cbor/);
});

t.test('every type has its protobuf message, with the same field names', async (t) => {
  const messages = protobufMessages();
  t.same(messages['k8s.io.api.core.v1.Pod'], [
    [1, 'metadata', 'k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta'],
    [2, 'spec', 'k8s.io.api.core.v1.PodSpec'],
    [3, 'status', 'k8s.io.api.core.v1.PodStatus'],
  ]);
  const scalars = new Set(['string', 'int32', 'int64', 'bool', 'double', 'bytes']);
  const missing = Object.values(messages)
    .flat()
    .map(([, , type]) => type.replace(/^\[\]|^map<\w+,|>$/g, ''))
    .filter((type) => !scalars.has(type) && messages[type] === undefined);
  t.same(missing, [], 'types of fields are messages that exist');
  const withoutMessage = [...allSchemas(documents).keys()].filter(
    (name) => messages[messageNameOf(name)] === undefined,
  );
  t.same(withoutMessage, ['io.k8s.apimachinery.pkg.version.Info']);
});

const official = process.env['KUBEFACADE_OFFICIAL_OPENAPI'];
const skip = official === undefined ? 'KUBEFACADE_OFFICIAL_OPENAPI names no folder of official documents' : false;

t.test('lifted documents equal the given official ones', { skip }, async (t) => {
  for (const [path, document] of readDirectory(official ?? '')) {
    t.same(normalForm(documents.get(path)), normalForm(document), path);
  }
});

t.test('the documents of an official swagger.json equal the lifted ones', { skip }, async (t) => {
  const file = new URL('../swagger.json', pathToFileURL(`${official ?? ''}/`));
  const swagger = JSON.parse(readFileSync(file, 'utf8')) as Swagger;
  for (const [path, document] of documentsFromSwagger(swagger)) t.equal(digest(document), digests[path], path);
});
