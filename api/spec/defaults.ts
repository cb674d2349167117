import { refTo, type Schema } from '../openapi.ts';
import type { PropertyRow, PropertyRows } from './properties.ts';
import { meta } from './type-names.ts';

/** Objects that are raw JSON to Go: they have no zero value that OpenAPI could show. */
const rawObjects: ReadonlySet<string> = new Set([
  'io.k8s.apimachinery.pkg.runtime.RawExtension',
  `${meta}.FieldsV1`,
  `${meta}.Patch`,
]);

interface Types {
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly rows: PropertyRows;
}

/** Kinds that stand on their own: their metadata, spec and status are never absent. */
export function isTopLevel(properties: ReadonlySet<string>): boolean {
  return properties.has('apiVersion') && properties.has('kind') && properties.has('metadata');
}

function zeroValue(types: Types, schema: Schema): unknown {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(refTo('').length);
    return types.schemas.get(name)?.type === 'object' && !rawObjects.has(name) ? {} : undefined;
  }
  if (schema.type === 'string') return schema.format === 'byte' ? undefined : '';
  if (schema.type === 'boolean') return false;
  return schema.type === 'integer' || schema.type === 'number' ? 0 : undefined;
}

function withElements(types: Types, schema: Schema): Schema {
  const { items, additionalProperties: values } = schema;
  return {
    ...schema,
    ...(items === undefined ? {} : { items: element(types, items) }),
    ...(typeof values === 'object' ? { additionalProperties: element(types, values) } : {}),
  };
}

function element(types: Types, schema: Schema): Schema {
  const value = zeroValue(types, schema);
  const complete = withElements(types, schema);
  if (value === undefined) return complete;
  return schema.$ref === undefined ? { ...complete, default: value } : { allOf: [complete], default: value };
}

function defaultOf(types: Types, owner: Schema, name: string, schema: Schema, row: PropertyRow): unknown {
  if (row.default !== undefined) return row.default;
  if (owner.required?.includes(name)) return zeroValue(types, schema);
  if (schema.$ref === undefined) return undefined;
  if (name === 'metadata') return {};
  const isState = name === 'spec' || name === 'status';
  return isState && isTopLevel(new Set(Object.keys(owner.properties ?? {}))) ? {} : undefined;
}

/** The client keeps no text of a property that refers to a type: that of the type is better than none. */
function described(types: Types, schema: Schema): Schema {
  if (schema.$ref === undefined || schema.description !== undefined) return schema;
  const description = types.schemas.get(schema.$ref.slice(refTo('').length))?.description;
  return description === undefined ? schema : { description, ...schema };
}

function property(types: Types, owner: Schema, name: string, schema: Schema, row: PropertyRow): Schema {
  const value = defaultOf(types, owner, name, schema, row);
  const complete = {
    ...withElements(types, schema),
    ...(value === undefined || value === null ? {} : { default: value }),
  };
  const { $ref, ...rest } = described(types, complete);
  // A reference may have nothing beside it.
  return $ref === undefined || Object.keys(rest).length === 0 ? complete : { ...rest, allOf: [{ $ref }] };
}

/** Adds what follows by rule or by row, and what documents before OpenAPI v3 cannot say: defaults of properties and elements. */
export function completeSchemas(schemas: ReadonlyMap<string, Schema>, rows: PropertyRows): Map<string, Schema> {
  const types: Types = { schemas, rows };
  const complete = (type: string, schema: Schema): Schema => {
    if (schema.properties === undefined) return schema;
    const properties = Object.entries(schema.properties).map(
      ([name, value]) => [name, property(types, schema, name, value, rows[type]?.[name] ?? {})] as const,
    );
    return { ...schema, properties: Object.fromEntries(properties) };
  };
  return new Map([...schemas].map(([type, schema]) => [type, complete(type, schema)]));
}
