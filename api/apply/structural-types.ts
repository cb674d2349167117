import {
  type FieldOfType,
  type FieldType,
  isObject,
  type JsonObject,
  type ListKey,
  type MapType,
} from './field-type.ts';
import { untypedAtomic, untypedDeduced } from './schema-types.ts';

const meta: readonly string[] = ['apiVersion', 'kind'];

/** The type of a custom resource from the structural schema of its version, with the metadata that all objects have. */
export function structuralType(schema: unknown, objectMeta: FieldType): FieldType {
  const type = schemaType(isObject(schema) ? schema : {}, false);
  const map: MapType = type.map ?? { atomic: false, fields: new Map(), nulls: [] };
  const fields = new Map<string, FieldOfType>(map.fields);
  for (const name of meta) fields.set(name, { type: { scalar: 'string' }, key: `f:${name}` });
  fields.set('metadata', { type: objectMeta, key: 'f:metadata' });
  return { map: { ...map, fields } };
}

function schemaType(schema: JsonObject, open: boolean): FieldType {
  const keeps = open || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-int-or-string'] === true) return untypedDeduced;
  switch (schema['type']) {
    case 'object':
      return { map: objectType(schema, keeps) };
    case 'array':
      return { list: listType(schema, keeps) };
    case 'integer':
    case 'number':
      return { scalar: 'numeric' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'string':
      return { scalar: schema['format'] === undefined || schema['format'] === 'byte' ? 'string' : 'untyped' };
    default:
      return { scalar: 'untyped', list: listType(schema, keeps), map: objectType(schema, keeps) };
  }
}

function objectType(schema: JsonObject, open: boolean): MapType {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const fields = new Map<string, FieldOfType>();
  for (const [name, property] of Object.entries(properties)) {
    fields.set(name, { type: schemaType(isObject(property) ? property : {}, open), key: `f:${name}` });
  }
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  const others = otherMembers(schema['additionalProperties'], open || fields.size === 0, open);
  return { atomic, fields, nulls: [], ...(others === undefined ? {} : { items: others }) };
}

function otherMembers(additional: unknown, free: boolean, open: boolean): FieldType | undefined {
  if (isObject(additional)) return schemaType(additional, open);
  if (additional === undefined) return free ? untypedDeduced : undefined;
  return additional === true ? untypedDeduced : undefined;
}

function listType(schema: JsonObject, open: boolean): NonNullable<FieldType['list']> {
  const kind = schema['x-kubernetes-list-type'];
  const element = isObject(schema['items']) ? schema['items'] : undefined;
  const items = element === undefined ? untypedAtomic : schemaType(element, open);
  return { atomic: kind !== 'set' && kind !== 'map', keys: kind === 'map' ? listKeys(schema, element) : [], items };
}

function listKeys(schema: JsonObject, element: JsonObject | undefined): ListKey[] {
  const names = Array.isArray(schema['x-kubernetes-list-map-keys']) ? schema['x-kubernetes-list-map-keys'] : [];
  const properties = isObject(element?.['properties']) ? element['properties'] : {};
  return names
    .map(String)
    .sort()
    .map((name): ListKey => {
      const property = properties[name];
      const fallback = isObject(property) ? property['default'] : undefined;
      return fallback === undefined ? { name } : { name, default: fallback };
    });
}
