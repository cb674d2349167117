import { type Document, type Documents, type PathItem, refTo, type Schema } from '../openapi.ts';
import { groupVersionOf, meta } from './type-names.ts';

/** `/apis/apps/v1/…` lies in `apis/apps/v1`, `/apis/apps/` in `apis/apps`, `/version/` in `version`. */
function documentOf(path: string): string {
  const gv = groupVersionOf(path);
  if (gv !== undefined) return gv.group === '' ? `api/${gv.version}` : `apis/${gv.group}/${gv.version}`;
  return path.replace(/\{.*$/, '').replace(/^\/|\/$/g, '');
}

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

function document(path: string, paths: Record<string, PathItem>, schemas: ReadonlyMap<string, Schema>): Document {
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

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1);

/** Splits all paths into one document a group-version, each with the schemas that it reaches. */
export function documentsOf(paths: ReadonlyMap<string, PathItem>, schemas: ReadonlyMap<string, Schema>): Documents {
  const byDocument = new Map<string, Record<string, PathItem>>();
  for (const [path, item] of [...paths].sort(byKey)) {
    const key = documentOf(path);
    const own = byDocument.get(key) ?? {};
    own[path] = item;
    byDocument.set(key, own);
  }
  return new Map([...byDocument].sort(byKey).map(([path, own]) => [path, document(path, own, schemas)]));
}
