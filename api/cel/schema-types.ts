import { additionalOf, itemsOf, type JsonSchema } from '../structural/json-schema.ts';
import type { SizeHint } from './cost/call-estimates.ts';
import { escapeFieldName, reservedWords } from './field-names.ts';
import { boundsOf, maxEntries, maxItems, scalarOf } from './schema-scalars.ts';
import {
  durationType,
  dynType,
  listType,
  mapType,
  nullType,
  objectType,
  stringType,
  type Type,
  type TypeProvider,
  timestampType,
  uintType,
} from './types.ts';

/** A schema as expressions see it: `type` is that of a variable which holds such a value. */
export interface SchemaTypes {
  readonly type: Type;
  readonly provider: TypeProvider;
  /** Bounds by the schema; a path begins with the variable. */
  readonly sizeHint: SizeHint;
  /** How often such a value fits into one request: what an unbounded list multiplies costs by. */
  readonly maxCardinality: number;
}

export interface SchemaTypesOptions {
  /** The name of the object type; those of parts continue it: `name.spec`, `name.list.@idx`. */
  readonly name: string;
  /** A whole resource has apiVersion, kind and metadata, whatever its schema says. */
  readonly isResourceRoot?: boolean;
  readonly resolve?: (ref: string) => JsonSchema | undefined;
}

const maxRequestBytes = 3 * 1024 * 1024;

/** undefined for a schema that has no type: no expression can see its value. Fields are read when first looked at. */
export function schemaTypes(
  schema: JsonSchema,
  { name, isResourceRoot = false, resolve = () => undefined }: SchemaTypesOptions,
): SchemaTypes | undefined {
  const objects = new Map<string, Declared>();
  const root = declare({ resolve, objects, visited: new Set() }, schema, name, isResourceRoot);
  if (root === undefined) return undefined;
  return {
    type: root.type,
    provider: providerOf(objects),
    sizeHint: (path) => sizeAt(root, path),
    maxCardinality: Math.floor(maxRequestBytes / (root.minSize + 1)),
  };
}

interface Declared {
  readonly type: Type;
  /** Bytes of the shortest JSON. */
  readonly minSize: number;
  /** Of a string, a list or a map. */
  readonly maxElements: number;
  readonly key?: Declared;
  readonly element?: Declared;
  readonly fields?: Fields;
}

interface Fields {
  readonly names: () => readonly string[];
  readonly find: (name: string) => Declared | undefined;
}

interface Declaring {
  readonly resolve: (ref: string) => JsonSchema | undefined;
  readonly objects: Map<string, Declared>;
  readonly visited: ReadonlySet<string>;
}

/** Names that a schema adds to the types that expressions know anyway. */
const extraTypes: ReadonlyMap<string, Type> = new Map([
  ['duration', durationType],
  ['timestamp', timestampType],
  ['null', nullType],
  ['uint', uintType],
]);

function providerOf(objects: ReadonlyMap<string, Declared>): TypeProvider {
  const find = (typeName: string, field: string) => {
    const fields = objects.get(typeName)?.fields;
    return fields?.find(field) ?? (reservedWords.has(field) ? fields?.find(`__${field}__`) : undefined);
  };
  return {
    findType: (name) => objects.get(name)?.type ?? extraTypes.get(name),
    findField: (typeName, field) => find(typeName, field)?.type,
    fieldNames: (typeName) => objects.get(typeName)?.fields?.names() ?? [],
  };
}

function declare(state: Declaring, schema: JsonSchema, name: string, isResourceRoot: boolean): Declared | undefined {
  const ref = refOf(schema);
  if (ref !== undefined) {
    // What contains itself ends as an object without fields.
    const known = state.visited.has(ref) ? { type: 'object' } : state.resolve(ref);
    const visited = new Set([...state.visited, ref]);
    return known && declare({ ...state, visited }, known, name, isResourceRoot);
  }
  // Built-in types have the format, custom ones the extension.
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') {
    return { type: dynType, minSize: 1, maxElements: boundsOf(schema).text };
  }
  const whole = isResourceRoot ? withObjectMeta(schema) : schema;
  switch (isResourceRoot ? (whole.type ?? schema.type) : schema.type) {
    case 'array':
      return declareList(state, whole, name);
    case 'object':
      return declareObject(state, whole, name);
    default:
      return scalarOf(schema);
  }
}

/** Kubernetes wraps references in allOf to keep a description beside them. */
function refOf(schema: JsonSchema): string | undefined {
  return schema.$ref ?? schema.allOf?.map(refOf).find((ref) => ref !== undefined);
}

function declareList(state: Declaring, schema: JsonSchema, name: string): Declared | undefined {
  const items = itemsOf(schema);
  const element = items && declare(state, items, `${name}.@idx`, isEmbedded(items));
  if (element === undefined) return undefined;
  const maxElements = maxItems(schema, element.minSize);
  return { type: listType(element.type), minSize: 2, maxElements, element };
}

function declareObject(state: Declaring, schema: JsonSchema, name: string): Declared | undefined {
  const additional = additionalOf(schema);
  if (additional === undefined) return declareFields(state, schema, name);
  const element = declare(state, additional, `${name}.@elem`, isEmbedded(additional));
  if (element === undefined) return undefined;
  const key: Declared = { type: stringType, minSize: 2, maxElements: 0 };
  const maxElements = maxEntries(schema, element.minSize);
  return { type: mapType(stringType, element.type), minSize: 2, maxElements, key, element };
}

function declareFields(state: Declaring, schema: JsonSchema, name: string): Declared {
  const properties = schema.properties ?? {};
  const declared = new Map<string, Declared | undefined>();
  const field = (property: string): Declared | undefined => {
    if (declared.has(property)) return declared.get(property);
    const inner = Object.hasOwn(properties, property) ? properties[property] : undefined;
    const escaped = escapeFieldName(property) ?? property;
    const found = inner && declare(state, inner, `${name}.${escaped}`, isEmbedded(inner));
    declared.set(property, found);
    return found;
  };
  const properNames = new Map(Object.keys(properties).map((property) => [escapeFieldName(property) ?? '', property]));
  properNames.delete('');
  // Defaults are filled in by the server: such a field need not be in the request.
  const required = new Set(schema.required);
  const sizes = [...required].map((property) => {
    if (properties[property]?.default !== undefined) return 0;
    const { minSize } = field(property) ?? {};
    return minSize === undefined ? 0 : utf8Length(property) + minSize + 4;
  });
  const object: Declared = {
    type: objectType(name),
    minSize: sizes.reduce((sum, size) => sum + size, 2),
    maxElements: 0,
    fields: {
      names: () => [...properNames.keys()],
      find: (escaped) => {
        const property = properNames.get(escaped);
        return property === undefined ? undefined : field(property);
      },
    },
  };
  state.objects.set(name, object);
  return object;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

const text: JsonSchema = { type: 'string' };

export function withObjectMeta(schema: JsonSchema): JsonSchema {
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const { name, generateName } = metadata?.properties ?? {};
  const isWhole =
    metadata?.type === 'object' && [kind, apiVersion, name, generateName].every((each) => each?.type === 'string');
  if (isWhole) return schema;
  const meta: JsonSchema = { type: 'object', properties: { name: text, generateName: text } };
  return {
    ...schema,
    properties: { ...schema.properties, kind: text, apiVersion: text, metadata: meta },
  };
}

function sizeAt(root: Declared, path: readonly string[]) {
  let at: Declared | undefined = root;
  for (const part of path.slice(1)) {
    if (part === '@items' || part === '@values') at = at?.element;
    else if (part === '@keys') at = at?.key;
    else at = at?.fields?.find(part);
  }
  return at && { min: 0n, max: BigInt(at.maxElements) };
}
