import { additionalOf, itemsOf, type JsonSchema } from './json-schema.ts';

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One place of a structural schema, with its extensions at hand. Built from the schema when something first looks there. */
export interface Node {
  readonly schema: JsonSchema;
  readonly properties: ReadonlyMap<string, Node>;
  /** The schema of members that are no properties; `true` allows any, undefined none. */
  readonly additional: Node | true | undefined;
  readonly items: Node | undefined;
  readonly nullable: boolean;
  readonly preserves: boolean;
  readonly isEmbedded: boolean;
  readonly intOrString: boolean;
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  readonly listMapKeys: readonly string[];
  /** Of this place or any below it. */
  readonly has: Features;
}

export interface Features {
  readonly defaults: boolean;
  readonly embedded: boolean;
  readonly keyedLists: boolean;
  readonly rules: boolean;
}

/** The schema of one version of a custom resource. Costs nothing but its JSON until it is first used. */
export interface Structural {
  readonly schema: JsonSchema;
  /** The root: an embedded resource like any other. Built on first use. */
  root(): Node;
  /** What functions of this folder compiled from the schema, kept by name. */
  memo<T>(name: string, build: (structural: Structural) => T): T;
}

function once<T>(build: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: build() };
    return made.value;
  };
}

function listTypeOf(schema: JsonSchema): Node['listType'] {
  const type = schema['x-kubernetes-list-type'];
  return type === 'atomic' || type === 'set' || type === 'map' ? type : undefined;
}

function featuresOf(schema: JsonSchema, isEmbedded: boolean, children: readonly Node[]): Features {
  const listType = listTypeOf(schema);
  const rules = schema['x-kubernetes-validations'];
  return {
    defaults: (schema.default ?? null) !== null || children.some(({ has }) => has.defaults),
    embedded: isEmbedded || children.some(({ has }) => has.embedded),
    keyedLists: listType === 'set' || listType === 'map' || children.some(({ has }) => has.keyedLists),
    rules: (Array.isArray(rules) && rules.length > 0) || children.some(({ has }) => has.rules),
  };
}

export function nodeOf(schema: JsonSchema): Node {
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([name, each]) => [name, nodeOf(each)]));
  const additionalSchema = additionalOf(schema);
  // Upstream: a schema of additional properties, or even the word `false`, is not the same as none when pruning.
  const additional =
    additionalSchema === undefined
      ? schema.additionalProperties === undefined
        ? undefined
        : (true as const)
      : nodeOf(additionalSchema);
  const itemSchema = itemsOf(schema);
  const items = itemSchema === undefined ? undefined : nodeOf(itemSchema);
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const children = [...properties.values()];
  if (items !== undefined) children.push(items);
  if (additional !== undefined && additional !== true) children.push(additional);
  return {
    schema,
    properties,
    additional,
    items,
    nullable: schema.nullable === true,
    preserves: schema['x-kubernetes-preserve-unknown-fields'] === true,
    isEmbedded,
    intOrString: schema['x-kubernetes-int-or-string'] === true,
    listType: listTypeOf(schema),
    listMapKeys: (schema['x-kubernetes-list-map-keys'] ?? []) as readonly string[],
    has: featuresOf(schema, isEmbedded, children),
  };
}

/** Prepares a schema for the functions of this folder; the schema must not change afterwards. */
export function compileStructural(schema: JsonSchema): Structural {
  const memos = new Map<string, unknown>();
  const structural: Structural = {
    schema,
    root: once(() => nodeOf(schema)),
    memo<T>(name: string, build: (from: Structural) => T): T {
      if (!memos.has(name)) memos.set(name, build(structural));
      return memos.get(name) as T;
    },
  };
  return structural;
}

/** The child that holds a member of an object; undefined where the schema says nothing of it. */
export function memberNode(node: Node, name: string): Node | undefined {
  const property = node.properties.get(name);
  if (property !== undefined) return property;
  return node.additional === true ? undefined : node.additional;
}
