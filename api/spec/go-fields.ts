import type { FieldSchema } from '../schema/schema.ts';
import { readOverlay } from './overlay.ts';

/** How Go sees fields, where the OpenAPI schema does not say: see overlay/go-fields.yaml. */
export interface GoFields {
  readonly pointers: Readonly<Record<string, readonly string[]>>;
  readonly omitted: Readonly<Record<string, readonly string[]>>;
  readonly written: Readonly<Record<string, readonly string[]>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function readGoFields(): GoFields {
  return readOverlay('go-fields.yaml') as GoFields;
}

export interface FieldContext {
  /** OpenAPI name of the type that has the field. */
  readonly type: string;
  readonly name: string;
  readonly required: boolean;
  readonly hasDefault: boolean;
}

/** Pointer, json tag and type name of one field. */
export function goView(go: GoFields, field: FieldContext, schema: Pick<FieldSchema, 'k' | 'go'>) {
  const key = field.type.replace(/^io\.k8s\.api\./, '');
  const listed = (rows: Readonly<Record<string, readonly string[]>>) => rows[key]?.includes(field.name) ?? false;
  const pointer = listed(go.pointers) || (schema.k === 'struct' && !field.hasDefault);
  const omitEmpty = (!field.required && !listed(go.written)) || listed(go.omitted);
  return { goType: go.types[key]?.[field.name] ?? schema.go, pointer, omitEmpty };
}
