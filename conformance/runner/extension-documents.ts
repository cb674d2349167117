import { createHash } from 'node:crypto';

/** A document, with headers beside it. */
export type Described = { readonly body: unknown } & Readonly<Record<string, unknown>>;

const verbs = ['create', 'delete', 'get', 'list', 'watch'];

export function aggregatedDiscovery(group: string): Described {
  const resource = {
    resource: 'flunders',
    responseKind: { group, version: 'v1', kind: 'Flunder' },
    scope: 'Namespaced',
    singularResource: 'flunder',
    verbs,
    shortNames: ['fl'],
  };
  const versions = [{ version: 'v1', resources: [resource], freshness: 'Current' }];
  return {
    'Content-Type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    body: {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: [{ metadata: { name: group, creationTimestamp: null }, versions }],
    },
  };
}

export function plainDiscovery(group: string, path: string): Described | undefined {
  const groupVersion = `${group}/v1`;
  const version = { groupVersion, version: 'v1' };
  const own = { name: group, versions: [version], preferredVersion: version };
  const resources = [
    { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs, shortNames: ['fl'] },
  ];
  switch (path) {
    case '/apis':
      return { body: { kind: 'APIGroupList', apiVersion: 'v1', groups: [own] } };
    case `/apis/${group}`:
      return { body: { kind: 'APIGroup', apiVersion: 'v1', ...own } };
    case `/apis/${groupVersion}`:
      return { body: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources } };
    default:
      return undefined;
  }
}

function definitionName(group: string): string {
  return `${group.split('.').toReversed().join('.')}.v1.Flunder`;
}

function kindOf(group: string) {
  return { 'x-kubernetes-group-version-kind': [{ group, version: 'v1', kind: 'Flunder' }] };
}

function schemaOf(group: string, metadata: string) {
  return {
    type: 'object',
    description: 'Flunder is what the aggregated server keeps.',
    properties: {
      apiVersion: { type: 'string', description: 'The version.' },
      kind: { type: 'string', description: 'The kind.' },
      metadata: { $ref: metadata },
      colour: { type: 'string', description: 'Colour of the flunder.' },
    },
    ...kindOf(group),
  };
}

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
// Another one than the cluster's: merging must keep both.
const ownMeta = { type: 'object', description: 'Metadata as the aggregated server has it.' };

function document(group: string) {
  const operation = {
    description: 'list flunders',
    operationId: 'listFlunders',
    ...{ 'x-kubernetes-action': 'list' },
    ...{ 'x-kubernetes-group-version-kind': { group, version: 'v1', kind: 'Flunder' } },
  };
  const ref = `#/components/schemas/${definitionName(group)}`;
  const content = { 'application/json': { schema: { $ref: ref } } };
  return {
    openapi: '3.0.0',
    info: { title: 'flunders', version: 'v1' },
    paths: {
      [`/apis/${group}/v1/namespaces/{namespace}/flunders`]: {
        get: { ...operation, responses: { 200: { description: 'OK', content } } },
      },
    },
    components: {
      schemas: {
        [definitionName(group)]: schemaOf(group, `#/components/schemas/${objectMeta}`),
        [objectMeta]: ownMeta,
      },
    },
  };
}

function hashOf(group: string): string {
  return createHash('sha512')
    .update(JSON.stringify(document(group)))
    .digest('hex')
    .toUpperCase();
}

export function openApiIndex(group: string, path: string): Described | undefined {
  if (path !== '/openapi/v3') return undefined;
  const key = `apis/${group}/v1`;
  return { body: { paths: { [key]: { serverRelativeURL: `/openapi/v3/${key}?hash=${hashOf(group)}` } } } };
}

export function openApiV3(group: string, path: string): Described | undefined {
  return path === `/openapi/v3/apis/${group}/v1` ? { body: document(group), Etag: `"${hashOf(group)}"` } : undefined;
}

export function openApiV2(group: string, path: string): Described | undefined {
  if (path !== '/openapi/v2') return undefined;
  const schema = { $ref: `#/definitions/${definitionName(group)}` };
  const operation = {
    description: 'list flunders',
    operationId: 'listFlunders',
    produces: ['application/json'],
    schemes: ['https'],
    responses: { 200: { description: 'OK', schema } },
  };
  return {
    Etag: `"${hashOf(group)}"`,
    body: {
      swagger: '2.0',
      info: { title: 'flunders', version: 'v1' },
      paths: {
        [`/apis/${group}/v1/namespaces/{namespace}/flunders`]: { get: operation },
        '/version/': {
          get: {
            ...operation,
            operationId: 'getVersion',
            responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/com.example.version' } } },
          },
        },
      },
      definitions: {
        [definitionName(group)]: schemaOf(group, `#/definitions/${objectMeta}`),
        [objectMeta]: ownMeta,
        'com.example.unused': { type: 'object' },
        'com.example.version': { type: 'object' },
      },
    },
  };
}
