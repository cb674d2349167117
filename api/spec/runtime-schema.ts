import { referenced, type Schema } from '../openapi.ts';
import type { FieldKind, FieldSchema, SchemaDocument, TypeSchema } from '../schema/schema.ts';
import { type GoFields, goView } from './go-fields.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';

/** Types whose JSON form is not that of a struct. */
const opaqueKinds: Readonly<Record<string, FieldKind>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'any',
  [`${meta}Time`]: 'time',
  [`${meta}MicroTime`]: 'microTime',
  [`${meta}Duration`]: 'duration',
  [`${meta}FieldsV1`]: 'any',
  [`${meta}Patch`]: 'any',
  [`${crd}JSON`]: 'any',
  [`${crd}JSONSchemaPropsOrArray`]: 'any',
  [`${crd}JSONSchemaPropsOrBool`]: 'any',
  [`${crd}JSONSchemaPropsOrStringArray`]: 'any',
};

/** Kinds whose zero value encodes as null when it is written at all. */
const nilKinds: ReadonlySet<FieldKind> = new Set(['list', 'map', 'bytes', 'time', 'microTime', 'any']);

/** The last part of the package and the name: `v1.Container`. */
function goName(type: string): string {
  return type.split('.').slice(-2).join('.');
}

const scalars: Readonly<Record<string, readonly [FieldKind, string]>> = {
  'string byte': ['bytes', '[]uint8'],
  string: ['string', 'string'],
  'integer int32': ['int32', 'int32'],
  integer: ['int64', 'int64'],
  number: ['float64', 'float64'],
  boolean: ['bool', 'bool'],
};

function scalarKind({ type = '', format }: Schema): readonly [FieldKind, string] {
  return scalars[`${type} ${format}`] ?? scalars[type] ?? ['any', 'interface {}'];
}

type Shape = Omit<FieldSchema, 'zero'>;

function shape(schema: Schema): Shape {
  const type = referenced(schema);
  if (type !== undefined) {
    const opaque = opaqueKinds[type];
    return opaque === undefined ? { k: 'struct', ref: type, go: goName(type) } : { k: opaque, go: goName(type) };
  }
  if (schema.type === 'array') {
    const items = element(schema.items ?? {});
    return { k: 'list', items, go: `[]${items.go}` };
  }
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    const items = element(schema.additionalProperties);
    return { k: 'map', items, go: `map[string]${items.go}` };
  }
  const [k, go] = scalarKind(schema);
  return { k, ...(schema.enum === undefined ? {} : { enum: schema.enum }), go };
}

// Elements are always written; only lists in lists and the like have markers of their own.
function element(schema: Schema): FieldSchema {
  return { ...shape(schema), zero: 'emit' };
}

/** An explicit type name tells that of its elements too: `[]v1.Capability`. */
function withGoType(schema: Shape, go: string): Shape {
  if (go === schema.go) return schema;
  const inner = schema.k === 'list' ? /^\[\](.*)$/.exec(go)?.[1] : /^map\[[^\]]+\](.*)$/.exec(go)?.[1];
  const items =
    schema.items === undefined || inner === undefined ? schema.items : elementWithGoType(schema.items, inner);
  return { ...schema, ...(items === undefined ? {} : { items }), go };
}

function elementWithGoType(items: FieldSchema, go: string): FieldSchema {
  return { ...withGoType(items, go), zero: items.zero };
}

function markers(schema: Schema): Partial<FieldSchema> {
  const list = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  const patch = schema['x-kubernetes-patch-strategy'];
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const mapType = schema['x-kubernetes-map-type'];
  return {
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(list === 'set' || list === 'map' || list === 'atomic' ? { list } : {}),
    ...(keys === undefined ? {} : { keys }),
    ...(patch === undefined ? {} : { patch }),
    ...(mergeKey === undefined ? {} : { mergeKey }),
    ...(mapType === 'atomic' || mapType === 'granular' ? { mapType } : {}),
  };
}

function field(go: GoFields, type: string, name: string, owner: Schema, schema: Schema): FieldSchema {
  const plain = shape(schema);
  const context = {
    type,
    name,
    required: owner.required?.includes(name) ?? false,
    hasDefault: schema.default !== undefined,
  };
  const { goType, pointer, leftOut } = goView(go, context, plain);
  const zero = leftOut ? (pointer ? 'keep' : 'drop') : 'emit';
  const isNull = zero === 'emit' && (pointer || nilKinds.has(plain.k));
  return { ...withGoType(plain, goType), ...markers(schema), ...(isNull ? { nil: true } : {}), zero };
}

function typeSchema(go: GoFields, name: string, schema: Schema): TypeSchema {
  const properties = Object.entries(schema.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const gvk = schema['x-kubernetes-group-version-kind'];
  return {
    ...(properties.length === 0
      ? {}
      : { fields: Object.fromEntries(properties.map(([key, value]) => [key, field(go, name, key, schema, value)])) }),
    ...(schema['x-kubernetes-map-type'] === 'atomic' ? { mapType: 'atomic' } : {}),
    go: name.split('.').at(-1) ?? name,
    ...(gvk === undefined ? {} : { gvk: gvk.map((x) => [x.group, x.version, x.kind] as const) }),
  };
}

/** Compiles OpenAPI schemas to the compact runtime schema. */
export function runtimeSchema(schemas: ReadonlyMap<string, Schema>, go: GoFields, release: string): SchemaDocument {
  const types: Record<string, TypeSchema> = {};
  for (const [name, schema] of schemas) {
    if (opaqueKinds[name] === undefined) types[name] = typeSchema(go, name, schema);
  }
  return { release, types };
}
