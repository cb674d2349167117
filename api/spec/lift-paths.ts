import {
  type Content,
  type GroupVersionKindObject,
  type Method,
  type Operation,
  type Parameter,
  refTo,
  type Schema,
} from '../openapi.ts';
import type { ClientOperation, ClientPackage } from './client-package.ts';
import { groupVersionOf, meta, type TypesOverlay } from './type-names.ts';

/** One operation with all its parameters; those common to a path are set apart when the document is made. */
export interface LiftedOperation {
  readonly path: string;
  readonly method: Method;
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
}

interface Context {
  readonly names: ReadonlyMap<string, string>;
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly overlay: TypesOverlay;
  /** By `method path`. */
  readonly byPath: ReadonlyMap<string, ClientOperation>;
}

// Paths that the client shortens.
const trailingSlash: ReadonlySet<string> = new Set(['/openid/v1/jwks', '/.well-known/openid-configuration']);

const actions: readonly (readonly [RegExp, string])[] = [
  [/^list/, 'list'],
  [/^read/, 'get'],
  [/^create/, 'post'],
  [/^replace/, 'put'],
  [/^patch/, 'patch'],
  [/^deleteCollection/, 'deletecollection'],
  [/^delete/, 'delete'],
  [/^connect/, 'connect'],
];

function actionOf(operation: ClientOperation): string | undefined {
  return actions.find(([pattern]) => pattern.test(operation.name))?.[1];
}

/** `AppsV1` is tagged `apps_v1`, and its name stands behind the verb of every operation id. */
function tagOf(api: string): string {
  const [, group = '', version] = /^(.*?)(V\d\w*)?$/.exec(api) ?? [];
  const first = group === 'WellKnown' ? 'WellKnown' : `${group[0]?.toLowerCase()}${group.slice(1)}`;
  return version === undefined ? first : `${first}_${version.toLowerCase()}`;
}

function operationIdOf({ api, name }: ClientOperation): string {
  const prefixes: Readonly<Record<string, string>> = { Apis: '', Logs: '', Openid: '', WellKnown: '' };
  if (api === 'Version') return `${name}Version`;
  const [, verb = '', rest = ''] = /^([a-z]+)(.*)$/.exec(name) ?? [];
  return `${verb}${prefixes[api] ?? api}${rest}`;
}

const withoutCbor = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const plain = [...withoutCbor, 'application/cbor'];
const streams = [
  ...plain,
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
  'application/cbor-seq',
];

const specialTypes: Readonly<Record<string, readonly string[]>> = {
  '/openid/v1/jwks/': ['application/jwk-set+json'],
  '/.well-known/openid-configuration/': ['application/json'],
  '/version/': ['application/json'],
};

function mediaTypes(path: string, action: string | undefined): readonly string[] {
  const special = specialTypes[path];
  if (special !== undefined) return special;
  if (action === 'connect') return ['*/*'];
  if (path.endsWith('/pods/{name}/log')) return [...plain, 'text/plain'];
  if (action === undefined) return groupVersionOf(path) === undefined ? withoutCbor : plain;
  return action === 'list' || action.startsWith('watch') ? streams : plain;
}

function contentOf(types: readonly string[], schema: Schema): Content {
  return Object.fromEntries([...types].sort().map((type) => [type, { schema }]));
}

function typeSchema(context: Context, model: string): Schema {
  if (model === 'string') return { type: 'string' };
  const name = context.names.get(model);
  if (name === undefined) throw new Error(`model ${model} has no type name`);
  return { $ref: refTo(name) };
}

const reasons: Readonly<Record<string, string>> = {
  '200': 'OK',
  '201': 'Created',
  '202': 'Accepted',
  '401': 'Unauthorized',
};

function responsesOf(context: Context, path: string, source: ClientOperation): Operation['responses'] {
  const types = mediaTypes(path, actionOf(source));
  return Object.fromEntries(
    [...source.responses].map(([code, model]) => [
      code,
      {
        description: reasons[code] ?? '',
        ...(model === '' ? {} : { content: contentOf(types, typeSchema(context, model)) }),
      },
    ]),
  );
}

const patchTypes = [
  'application/apply-patch+cbor',
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

function requestBody(context: Context, source: ClientOperation): Operation['requestBody'] {
  if (source.body === undefined) return undefined;
  if (source.body === 'any') {
    return { content: contentOf(patchTypes, { $ref: refTo(`${meta}.Patch`) }), required: true };
  }
  const content = contentOf(['*/*'], typeSchema(context, source.body));
  return source.name.startsWith('delete') ? { content } : { content, required: true };
}

function kindOfModel(context: Context, model: string | undefined): GroupVersionKindObject | undefined {
  const name = context.names.get(model ?? '') ?? '';
  return context.schemas.get(name)?.['x-kubernetes-group-version-kind']?.[0];
}

/** Deletions answer with a Status and logs with text: their kind is that of the path's own object. */
function kindOf(context: Context, source: ClientOperation): GroupVersionKindObject | undefined {
  const action = actionOf(source);
  if (action === undefined) return undefined;
  if (action === 'connect') {
    const [, resource = '', sub = ''] = /\/([a-z]+)\/\{name\}\/([a-z]+)/.exec(source.path) ?? [];
    const kind = context.overlay.connectKinds[`${resource}/${sub}`] ?? '';
    return { group: '', kind, version: 'v1' };
  }
  if (source.path.endsWith('/log')) return kindOfModel(context, 'V1Pod');
  const sibling = action.startsWith('delete') ? context.byPath.get(`get ${source.path}`) : source;
  const found = kindOfModel(context, sibling?.responses.get('200'));
  return found && (sibling?.name.startsWith('list') ? { ...found, kind: found.kind.replace(/List$/, '') } : found);
}

const parameterTypes: Readonly<Record<string, string>> = { string: 'string', number: 'integer', boolean: 'boolean' };

function parametersOf(source: ClientOperation): Parameter[] {
  const described = (name: string) => {
    const description = source.parameterDescriptions.get(name) ?? source.parameterDescriptions.get(`_${name}`);
    return description === undefined || description === '' ? {} : { description };
  };
  const inPath = [...source.path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = '']): Parameter => ({
      ...described(name),
      in: 'path',
      name,
      required: true,
      schema: { type: 'string', uniqueItems: true },
    }),
  );
  const inQuery = source.query.map(
    ({ name, type }): Parameter => ({
      ...described(name),
      in: 'query',
      name,
      schema: { type: parameterTypes[type] ?? 'string', uniqueItems: true },
    }),
  );
  return [...inPath, ...inQuery].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function liftOperation(context: Context, source: ClientOperation): LiftedOperation {
  const path = trailingSlash.has(source.path) ? `${source.path}/` : source.path;
  const action = actionOf(source);
  const gvk = kindOf(context, source);
  const body = requestBody(context, source);
  return {
    path,
    method: source.method as Method,
    parameters: parametersOf(source),
    operation: {
      ...(source.description === undefined ? {} : { description: source.description }),
      operationId: operationIdOf(source),
      ...(body === undefined ? {} : { requestBody: body }),
      responses: responsesOf(context, path, source),
      tags: [tagOf(source.api)],
      ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
      ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': gvk }),
    },
  };
}

const deprecated = "deprecated: use the 'watch' parameter with a list operation instead";

/** The deprecated watch paths, which the client leaves out: one for each list and each read of what can be created. */
function watchOperation(lifted: LiftedOperation, listParameters: readonly Parameter[]): LiftedOperation {
  const { operation, path } = lifted;
  const isList = operation['x-kubernetes-action'] === 'list';
  const kind = operation['x-kubernetes-group-version-kind']?.kind;
  const id = operation.operationId ?? '';
  const named = new Map([...lifted.parameters, ...listParameters].map((p) => [p.name, p]));
  const list = id.endsWith('ForAllNamespaces') ? id.replace(/ForAllNamespaces$/, 'ListForAllNamespaces') : `${id}List`;
  return {
    path: path.replace(/^(\/(?:api|apis\/[^/]+)\/[^/]+)\//, '$1/watch/'),
    method: 'get',
    parameters: [...named.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    operation: {
      description: isList
        ? `watch individual changes to a list of ${kind}. ${deprecated}.`
        : `watch changes to an object of kind ${kind}. ${deprecated}, filtered to a single item with the 'fieldSelector' parameter.`,
      operationId: isList ? list.replace(/^list/, 'watch') : id.replace(/^read/, 'watch'),
      responses: {
        '200': { description: 'OK', content: contentOf(streams, { $ref: refTo(`${meta}.WatchEvent`) }) },
        '401': { description: 'Unauthorized' },
      },
      ...(operation.tags === undefined ? {} : { tags: operation.tags }),
      'x-kubernetes-action': isList ? 'watchlist' : 'watch',
      ...(operation['x-kubernetes-group-version-kind'] === undefined
        ? {}
        : { 'x-kubernetes-group-version-kind': operation['x-kubernetes-group-version-kind'] }),
    },
  };
}

function watchOperations(operations: readonly LiftedOperation[]): LiftedOperation[] {
  const resourceOf = ({ path }: LiftedOperation) =>
    path.replace(/\/namespaces\/\{namespace\}\//, '/').replace(/\/\{name\}$/, '');
  const creatable = new Set(
    operations.filter((o) => o.operation['x-kubernetes-action'] === 'post').map((o) => resourceOf(o)),
  );
  const isList = (o: LiftedOperation) => o.operation['x-kubernetes-action'] === 'list';
  const listParameters = operations.find(isList)?.parameters.filter((p) => p.in === 'query') ?? [];
  return operations
    .filter((o) => creatable.has(resourceOf(o)))
    .filter((o) => isList(o) || (o.operation['x-kubernetes-action'] === 'get' && /\{name\}$/.test(o.path)))
    .map((o) => watchOperation(o, listParameters));
}

/** Every operation of a stock server. */
export function liftOperations(
  client: ClientPackage,
  names: ReadonlyMap<string, string>,
  schemas: ReadonlyMap<string, Schema>,
  overlay: TypesOverlay,
): LiftedOperation[] {
  const own = client.operations.filter((operation) => operation.api !== 'CustomObjects');
  const byPath = new Map(own.map((operation) => [`${operation.method} ${operation.path}`, operation]));
  const context: Context = { names, schemas, overlay, byPath };
  const lifted = own.map((operation) => liftOperation(context, operation));
  return [...lifted, ...watchOperations(lifted)];
}
