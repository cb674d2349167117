import { parseQuantity, QuantityError } from '../quantity.ts';
import type { FieldKind, FieldSchema, SchemaDocument } from '../schema/schema.ts';
import { isJsonObject } from './json-tree.ts';

function goKind(value: unknown): string {
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'slice' : 'map';
}

/** How encoding/json names a value in its complaints. */
function jsonName(value: unknown): string {
  const kind = goKind(value);
  if (kind === 'map') return 'object';
  if (kind === 'slice') return 'array';
  return kind === 'float64' ? `number ${value}` : kind === 'int64' ? 'number' : kind;
}

/**
 * The first value of a wrong type in what a strategic merge or an apply gave, in the words of the converter that upstream uses
 * there in the place of a decoder. undefined: nothing is wrong, or only what the decoder says in the same words (times, base64).
 * Integers beyond their type are wrapped around in place, as that converter does it.
 */
export function findConversionError(value: unknown, schema: SchemaDocument, typeName: string): string | undefined {
  if (!isJsonObject(value)) return `cannot restore struct from: ${goKind(value)}`;
  for (const [name, field] of Object.entries(schema.types[typeName]?.fields ?? {})) {
    if (!Object.hasOwn(value, name)) continue;
    value[name] = wrapped(value[name], field.k);
    const error = fieldError(value[name], field, schema);
    if (error !== undefined) return error;
  }
  return undefined;
}

function fieldError(value: unknown, field: FieldSchema, schema: SchemaDocument): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (field.k === 'struct') return findConversionError(value, schema, field.ref ?? '');
  if (field.k === 'list') {
    if (!Array.isArray(value)) return `cannot restore slice from ${goKind(value)}`;
    return firstError(value, field, schema);
  }
  if (field.k === 'map') {
    if (!isJsonObject(value)) return `cannot restore map from ${goKind(value)}`;
    return firstError(Object.values(value), field, schema);
  }
  return scalarError(value, field.k);
}

function firstError(values: readonly unknown[], { items }: FieldSchema, schema: SchemaDocument): string | undefined {
  if (items === undefined) return undefined;
  for (const value of values) {
    const error = fieldError(value, items, schema);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Go's conversion of an untyped number to an integer type; a double out of range becomes the smallest integer before. */
function wrapped(value: unknown, kind: FieldKind): unknown {
  if (kind !== 'int32' && kind !== 'int64') return value;
  if (typeof value === 'bigint') return kind === 'int64' ? value : Number(BigInt.asIntN(32, value));
  if (typeof value !== 'number' || !Number.isInteger(value)) return value;
  if (Number.isSafeInteger(value)) return kind === 'int64' ? value : value | 0;
  const exact = BigInt(value);
  const long = BigInt.asIntN(64, exact) === exact ? exact : -(2n ** 63n);
  return kind === 'int64' ? long : Number(BigInt.asIntN(32, long));
}

const accepted: Readonly<Partial<Record<FieldKind, readonly string[]>>> = {
  string: ['string'],
  bool: ['bool'],
  int32: ['int64'],
  int64: ['int64'],
  float64: ['int64', 'float64'],
};

/** What Go could convert, but not without loss. */
function isConvertible(actual: string, kind: FieldKind): boolean {
  if (kind === 'string') return actual === 'int64';
  return actual === 'float64' && (kind === 'int32' || kind === 'int64');
}

function scalarError(value: unknown, kind: FieldKind): string | undefined {
  const actual = goKind(value);
  if (kind === 'quantity') return quantityError(value);
  if (kind === 'time' || kind === 'microTime' || kind === 'duration') {
    if (actual === 'string') return undefined;
    return `json: cannot unmarshal ${jsonName(value)} into Go value of type string`;
  }
  if (kind === 'intOrString') {
    if (actual === 'string' || actual === 'int64') return undefined;
    return `json: cannot unmarshal ${jsonName(value)} into Go value of type int32`;
  }
  if (kind === 'bytes') return actual === 'string' ? undefined : `cannot restore slice from ${actual}`;
  const kinds = accepted[kind];
  if (kinds === undefined || kinds.includes(actual)) return undefined;
  return isConvertible(actual, kind) ? `cannot convert ${actual} to ${kind}` : `unrecognized type: ${kind}`;
}

function quantityError(value: unknown): string | undefined {
  try {
    parseQuantity(
      typeof value === 'string' || typeof value === 'number' ? String(value).trim() : JSON.stringify(value),
    );
    return undefined;
  } catch (error) {
    if (error instanceof QuantityError) return error.message;
    throw error;
  }
}
