import { readClientPackage } from './client-package.ts';
import { type LiftedOperation, liftOperations } from './lift-paths.ts';
import { liftSchemas } from './lift-schemas.ts';
import {
  type Document,
  type Documents,
  methods,
  type Parameter,
  type PathItem,
  refTo,
  type Schema,
} from './openapi.ts';
import { groupVersionOf, meta, packageOf, readTypesOverlay, typeNames } from './type-names.ts';

/** `/apis/apps/v1/…` lies in `apis/apps/v1`, `/apis/apps/` in `apis/apps`, `/version/` in `version`. */
function documentOf(path: string): string {
  const gv = groupVersionOf(path);
  if (gv !== undefined) return gv.group === '' ? `api/${gv.version}` : `apis/${gv.group}/${gv.version}`;
  return path.replace(/\{.*$/, '').replace(/^\/|\/$/g, '');
}

/** Parameters that all operations of a path share stand at the path. */
function pathItem(operations: readonly LiftedOperation[]): PathItem {
  const counts = new Map<string, number>();
  const key = (p: Parameter) => `${p.in} ${p.name}`;
  for (const { parameters } of operations) {
    for (const p of parameters) counts.set(key(p), (counts.get(key(p)) ?? 0) + 1);
  }
  const isCommon = (p: Parameter) => counts.get(key(p)) === operations.length;
  const item: PathItem = {};
  const common = operations[0]?.parameters.filter(isCommon) ?? [];
  if (common.length > 0) item.parameters = common;
  for (const { method, operation, parameters } of operations) {
    const own = parameters.filter((p) => !isCommon(p));
    item[method] = own.length === 0 ? operation : { ...operation, parameters: own };
  }
  return item;
}

const isMethod = new Set<string>(methods);

function references(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) references(item, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      if (key === '$ref' && typeof child === 'string') found.add(child.slice(refTo('').length));
      else references(child, found);
    }
  }
}

function reachableSchemas(item: unknown, schemas: ReadonlyMap<string, Schema>): Record<string, Schema> {
  const names = new Set<string>();
  references(item, names);
  // A Set's iteration reaches what is added on the way.
  for (const name of names) references(schemas.get(name), names);
  return Object.fromEntries([...names].sort().map((name) => [name, schemas.get(name) ?? {}]));
}

/** DeleteOptions and WatchEvent are kinds of every group-version that uses them. */
function addSharedKinds(schemas: Record<string, Schema>, path: string): void {
  const gv = groupVersionOf(`/${path}/`);
  if (gv === undefined || gv.group === '') return;
  for (const kind of ['DeleteOptions', 'WatchEvent']) {
    const schema = schemas[`${meta}.${kind}`];
    if (schema === undefined) continue;
    const own = schema['x-kubernetes-group-version-kind'] ?? [];
    schemas[`${meta}.${kind}`] = {
      ...schema,
      'x-kubernetes-group-version-kind': [...own, { group: gv.group, kind, version: gv.version }],
    };
  }
}

function document(
  path: string,
  operations: readonly LiftedOperation[],
  schemas: ReadonlyMap<string, Schema>,
): Document {
  const byPath = new Map<string, LiftedOperation[]>();
  for (const operation of operations) byPath.set(operation.path, [...(byPath.get(operation.path) ?? []), operation]);
  const paths = Object.fromEntries(
    [...byPath].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, list]) => [key, pathItem(list)]),
  );
  const used = reachableSchemas(paths, schemas);
  addSharedKinds(used, path);
  return {
    components: {
      ...(Object.keys(used).length === 0 ? {} : { schemas: used }),
      securitySchemes: {
        BearerToken: {
          description: 'Bearer Token authentication',
          in: 'header',
          name: 'authorization',
          type: 'apiKey',
        },
      },
    },
    info: { title: 'Kubernetes', version: 'unversioned' },
    openapi: '3.0.0',
    paths,
  };
}

/** The OpenAPI v3 documents of a stock server, all group-versions, out of the installed client-node. */
export async function liftDocuments(): Promise<Documents> {
  const client = await readClientPackage();
  const overlay = readTypesOverlay();
  const names = typeNames(client, overlay);
  const groups = new Map<string, string>();
  for (const { path } of client.operations) {
    const gv = groupVersionOf(path);
    if (gv !== undefined) groups.set(packageOf(overlay, gv), gv.group);
  }
  const schemas = liftSchemas(client, names, groups, overlay);
  const byDocument = new Map<string, LiftedOperation[]>();
  for (const operation of liftOperations(client, names, schemas, overlay)) {
    if (!isMethod.has(operation.method)) throw new Error(`unknown method ${operation.method}`);
    const key = documentOf(operation.path);
    byDocument.set(key, [...(byDocument.get(key) ?? []), operation]);
  }
  return new Map(
    [...byDocument]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, operations]) => [path, document(path, operations, schemas)]),
  );
}
