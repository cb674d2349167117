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
  const type = schemaType(isObject(schema) ? schema : {}, { open: false, objectMeta });
  const map: MapType = type.map ?? { atomic: false, fields: new Map(), nulls: [] };
  const fields = new Map<string, FieldOfType>(map.fields);
  addHead(fields, objectMeta);
  return { map: { ...map, fields } };
}

/** What all objects have, those inside others too. */
function addHead(fields: Map<string, FieldOfType>, objectMeta: FieldType): void {
  for (const name of meta) fields.set(name, { type: { scalar: 'string' }, key: `f:${name}` });
  fields.set('metadata', { type: objectMeta, key: 'f:metadata' });
}

interface Place {
  /** Inside something that keeps what its schema does not know. */
  readonly open: boolean;
  readonly objectMeta: FieldType;
}

function schemaType(schema: JsonObject, place: Place): FieldType {
  const open = place.open || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const keeps = { ...place, open };
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

function objectType(schema: JsonObject, place: Place): MapType {
  const { open, objectMeta } = place;
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const fields = new Map<string, FieldOfType>();
  for (const [name, property] of Object.entries(properties)) {
    fields.set(name, { type: schemaType(isObject(property) ? property : {}, place), key: `f:${name}` });
  }
  if (schema['x-kubernetes-embedded-resource'] === true) addHead(fields, objectMeta);
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  const others = otherMembers(schema['additionalProperties'], open || fields.size === 0, place);
  return { atomic, fields, nulls: [], ...(others === undefined ? {} : { items: others }) };
}

function otherMembers(additional: unknown, free: boolean, place: Place): FieldType | undefined {
  if (isObject(additional)) return schemaType(additional, place);
  if (additional === undefined) return free ? untypedDeduced : undefined;
  return additional === true ? untypedDeduced : undefined;
}

function listType(schema: JsonObject, place: Place): NonNullable<FieldType['list']> {
  const kind = schema['x-kubernetes-list-type'];
  const element = isObject(schema['items']) ? schema['items'] : undefined;
  const items = element === undefined ? untypedAtomic : schemaType(element, place);
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
