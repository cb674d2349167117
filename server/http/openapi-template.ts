import type { Document, PathItem, Schema } from '../../api/openapi.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** What documents of custom resources are made after: the paths of stateful sets and the schemas that they refer to. */
export function reducedTemplate(document: Document): Document {
  const paths: Record<string, PathItem> = {};
  for (const [path, item] of Object.entries(document.paths)) if (path.includes('/statefulsets')) paths[path] = item;
  const all = document.components.schemas ?? {};
  const schemas: Record<string, Schema> = {};
  const names = new Set<string>();
  const visit = (value: object): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      names.add(name);
  };
  visit(paths);
  // A Set's iteration reaches what is added on the way; of the workload's own parts only its outline is needed.
  for (const name of names) {
    const schema = all[name];
    if (schema === undefined) continue;
    const isOwn = name.startsWith('io.k8s.api.apps.v1.StatefulSet');
    schemas[name] = schema;
    if (!isOwn) visit(schema);
    else names.add(`${meta}.ObjectMeta`).add(`${meta}.ListMeta`);
  }
  return { ...document, paths, components: { ...document.components, schemas } };
}
