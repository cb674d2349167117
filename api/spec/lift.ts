import type { Documents, Parameter, PathItem } from '../openapi.ts';
import { readClientPackage } from './client-package.ts';
import { documentsOf } from './documents.ts';
import { type LiftedOperation, liftOperations } from './lift-paths.ts';
import { liftSchemas } from './lift-schemas.ts';
import { groupVersionOf, packageOf, readTypesOverlay, typeNames } from './type-names.ts';

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
  const byPath = new Map<string, LiftedOperation[]>();
  for (const operation of liftOperations(client, names, schemas, overlay)) {
    byPath.set(operation.path, [...(byPath.get(operation.path) ?? []), operation]);
  }
  return documentsOf(new Map([...byPath].map(([path, operations]) => [path, pathItem(operations)])), schemas);
}
