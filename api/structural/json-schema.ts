/** A schema of a custom resource as its definition carries it: a JSON schema with Kubernetes' extensions. */
export interface JsonSchema {
  readonly [extension: `x-kubernetes-${string}`]: unknown;
  readonly $ref?: string;
  readonly id?: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly uniqueItems?: boolean;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly additionalItems?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

/** The schema of list items; undefined for none and for a schema per position. */
export function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return schema.items === undefined || Array.isArray(schema.items) ? undefined : (schema.items as JsonSchema);
}

/** The schema of additional properties, where it is one. */
export function additionalOf(schema: JsonSchema): JsonSchema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** The schema and all schemas inside it. */
export function* schemasWithin(schema: JsonSchema | undefined): Generator<JsonSchema> {
  if (schema === undefined) return;
  yield schema;
  const lists = [
    schema.allOf,
    schema.anyOf,
    schema.oneOf,
    Array.isArray(schema.items) ? (schema.items as JsonSchema[]) : undefined,
  ];
  const maps = [schema.properties, schema.patternProperties, schema.definitions];
  for (const child of [itemsOf(schema), additionalOf(schema), schema.not]) yield* schemasWithin(child);
  for (const list of lists) for (const child of list ?? []) yield* schemasWithin(child);
  for (const map of maps) for (const child of Object.values(map ?? {})) yield* schemasWithin(child);
}
