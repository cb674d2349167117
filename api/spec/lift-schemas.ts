import { refTo, type Schema } from '../openapi.ts';
import type { ClientPackage, Model, ModelAttribute } from './client-package.ts';
import { completeSchemas, isTopLevel } from './defaults.ts';
import { type PropertyRow, type PropertyRows, readPropertyRows } from './properties.ts';
import { fullTypeName, meta, type TypesOverlay } from './type-names.ts';

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const rawExtension = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

/** Names that rows use for types of other packages. */
const shortReferences: Readonly<Record<string, string>> = {
  Quantity: quantity,
  RawExtension: rawExtension,
  FieldsV1: `${meta}.FieldsV1`,
};

interface Lift {
  readonly names: ReadonlyMap<string, string>;
  /** Package with version to API group. */
  readonly groups: ReadonlyMap<string, string>;
  readonly overlay: TypesOverlay;
}

function scalar(type: string, format: string): Schema | undefined {
  switch (type) {
    case 'string':
      return format === 'byte' ? { type: 'string', format: 'byte' } : { type: 'string' };
    case 'number':
      return format === 'double' ? { type: 'number', format } : { type: 'integer', format };
    case 'boolean':
      return { type: 'boolean' };
    case 'any':
      return { type: 'object' };
    default:
      return undefined;
  }
}

function reference(lift: Lift, type: string, format: string): Schema {
  if (type === 'Date') return { $ref: refTo(`${meta}.Time`) };
  if (format === 'date-time-micro') return { $ref: refTo(`${meta}.MicroTime`) };
  if (type === 'IntOrString') return { $ref: refTo('io.k8s.apimachinery.pkg.util.intstr.IntOrString') };
  const name = lift.names.get(type);
  if (name === undefined) throw new Error(`model ${type} has no type name`);
  return { $ref: refTo(name) };
}

function convert(lift: Lift, type: string, format: string, row: PropertyRow): Schema {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return { type: 'array', items: convert(lift, list, format, row) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    // A list inside a map is atomic too, but only as an element, without a marker.
    return { type: 'object', additionalProperties: convert(lift, map, format, row) };
  }
  if (row.ref !== undefined) return { $ref: refTo(shortReferences[row.ref] ?? row.ref) };
  return scalar(type, format) ?? reference(lift, type, format);
}

function listType(schema: Schema, row: PropertyRow, isItemsOfList: boolean): string | undefined {
  if (row.list !== undefined) return row.list ?? undefined;
  return schema.type === 'array' && !isItemsOfList ? 'atomic' : undefined;
}

function markers(schema: Schema, row: PropertyRow, isItemsOfList: boolean): Schema {
  const list = listType(schema, row, isItemsOfList);
  const keys = row.keys ?? (list === 'map' && row.mergeKey !== undefined ? [row.mergeKey] : undefined);
  return {
    ...(keys === undefined ? {} : { 'x-kubernetes-list-map-keys': keys }),
    ...(list === undefined ? {} : { 'x-kubernetes-list-type': list }),
    ...(row.mapType === undefined ? {} : { 'x-kubernetes-map-type': row.mapType }),
    ...(row.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': row.mergeKey }),
    ...(row.patch === undefined ? {} : { 'x-kubernetes-patch-strategy': row.patch }),
  };
}

function attributeNames(model: Model): ReadonlySet<string> {
  return new Set(model.attributes.map((a) => a.baseName));
}

function property(lift: Lift, model: Model, attribute: ModelAttribute, row: PropertyRow): Schema {
  const schema = convert(lift, attribute.type, attribute.format, row);
  const description = model.descriptions.get(attribute.name);
  const extra = markers(schema, row, attribute.baseName === 'items' && isTopLevel(attributeNames(model)));
  return { ...(description === undefined ? {} : { description }), ...schema, ...extra };
}

const kindsWithoutMetadata: ReadonlySet<string> = new Set(
  ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'DeleteOptions', 'WatchEvent'].map(
    (k) => `${meta}.${k}`,
  ),
);

function kindOf(lift: Lift, model: Model, type: string): Schema {
  if (!isTopLevel(attributeNames(model)) && !kindsWithoutMetadata.has(type)) return {};
  const [version = '', kind = ''] = type.split('.').slice(-2);
  return { 'x-kubernetes-group-version-kind': [{ group: groupOfPackage(lift, type), kind, version }] };
}

function groupOfPackage(lift: Lift, type: string): string {
  return lift.groups.get(type.split('.').slice(0, -1).join('.')) ?? '';
}

function liftModel(lift: Lift, model: Model, type: string, rows: PropertyRows): Schema {
  const ofType = rows[type] ?? {};
  const properties = model.attributes.map(
    (a) => [a.baseName, property(lift, model, a, ofType[a.baseName] ?? {})] as const,
  );
  const required = model.attributes.filter((a) => model.required.has(a.name)).map((a) => a.baseName);
  const [pkg = '', name = ''] = [type.split('.').slice(0, -1).join('.'), type.split('.').at(-1)];
  const atomic = Object.entries(lift.overlay.atomic).some(
    ([p, names]) => fullTypeName(p) === pkg && names.includes(name),
  );
  const unions = Object.entries(lift.overlay.unions).find(([key]) => fullTypeName(key) === type)?.[1];
  return {
    ...(model.description === undefined ? {} : { description: model.description }),
    type: 'object',
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(required.length === 0 ? {} : { required }),
    ...kindOf(lift, model, type),
    ...(atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(unions === undefined ? {} : { 'x-kubernetes-unions': unions }),
  };
}

/** All schemas by name, without the kinds that DeleteOptions and WatchEvent get in each document. */
export function liftSchemas(
  client: ClientPackage,
  names: ReadonlyMap<string, string>,
  groups: ReadonlyMap<string, string>,
  overlay: TypesOverlay,
): Map<string, Schema> {
  const lift: Lift = { names, overlay, groups };
  const rows = readPropertyRows();
  const schemas = new Map<string, Schema>();
  for (const [name, model] of client.models) {
    const type = names.get(name);
    if (type !== undefined) schemas.set(type, liftModel(lift, model, type, rows));
  }
  for (const [name, schema] of Object.entries(overlay.bare)) {
    const type = fullTypeName(name);
    const description = schemas.get(type)?.description;
    schemas.set(type, { ...(description === undefined ? {} : { description }), ...schema });
  }
  return completeSchemas(schemas, rows);
}
