import type { FieldKind, FieldSchema } from '../schema/schema.ts';
import { readOverlay } from './overlay.ts';

/** How Go sees fields, where the OpenAPI schema does not say: see overlay/go-fields.yaml. */
export interface GoFields {
  readonly pointers: Readonly<Record<string, readonly string[]>>;
  readonly omitted: Readonly<Record<string, readonly string[]>>;
  readonly omitzero: Readonly<Record<string, readonly string[]>>;
  readonly written: Readonly<Record<string, readonly string[]>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function readGoFields(): GoFields {
  return readOverlay('go-fields.yaml') as GoFields;
}

/** Kinds that are structs in Go: as values they are written even when zero. */
const structs: ReadonlySet<FieldKind> = new Set(['struct', 'time', 'microTime', 'duration', 'quantity', 'intOrString']);

export interface FieldContext {
  /** OpenAPI name of the type that has the field. */
  readonly type: string;
  readonly name: string;
  readonly required: boolean;
  readonly hasDefault: boolean;
}

/** Go's type name of one field, whether it is a pointer, and whether its zero value is left out. */
export function goView(go: GoFields, field: FieldContext, schema: Pick<FieldSchema, 'k' | 'go'>) {
  const key = field.type.replace(/^io\.k8s\.api\./, '');
  const listed = (rows: Readonly<Record<string, readonly string[]>>) => rows[key]?.includes(field.name) ?? false;
  const goType = go.types[key]?.[field.name] ?? schema.go;
  const pointer = listed(go.pointers) || (schema.k === 'struct' && !field.hasDefault);
  const omitEmpty = (!field.required && !listed(go.written)) || listed(go.omitted);
  const isStruct = !pointer && (structs.has(schema.k) || goType === 'runtime.RawExtension');
  return { goType, pointer, leftOut: isStruct ? listed(go.omitzero) : omitEmpty };
}
