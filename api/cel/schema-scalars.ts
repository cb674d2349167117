import type { JsonSchema } from '../structural/json-schema.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  intType,
  stringType,
  type Type,
  timestampType,
} from './types.ts';

const maxRequestBytes = 3 * 1024 * 1024;
// Two quotes or brackets belong to every value that could fill a whole request.
const maxContent = maxRequestBytes - 2;

interface Scalar {
  readonly type: Type;
  readonly minSize: number;
  readonly maxElements: number;
}

/** JSON lengths of times, quotes included. */
const timeSizes = {
  duration: { min: 3, max: 32 },
  date: { min: 12, max: 12 },
  'date-time': { min: 21, max: 32 },
} as const;

export function scalarOf(schema: JsonSchema): Scalar | undefined {
  switch (schema.type) {
    case 'string':
      return stringOf(schema);
    case 'boolean':
      return { type: boolType, minSize: 4, maxElements: 0 };
    case 'number':
      return { type: doubleType, minSize: 1, maxElements: 0 };
    case 'integer':
      return { type: intType, minSize: 1, maxElements: 0 };
    default:
      return undefined;
  }
}

function stringOf(schema: JsonSchema): Scalar {
  switch (schema.format) {
    case 'byte':
      return { type: bytesType, minSize: 2, maxElements: boundsOf(schema).bytes };
    case 'duration':
    case 'date':
    case 'date-time': {
      const { min, max } = timeSizes[schema.format];
      const type = schema.format === 'duration' ? durationType : timestampType;
      return { type, minSize: min, maxElements: max };
    }
    default: {
      const bounds = boundsOf(schema);
      const isEnum = schema.maxLength === undefined && (schema.enum?.length ?? 0) > 0;
      const maxElements = isEnum ? longest(schema.enum ?? []) : bounds.text;
      return { type: stringType, minSize: 2, maxElements };
    }
  }
}

/** maxLength counts code points of up to four bytes; without it a text may fill the request. */
export function boundsOf({ maxLength }: JsonSchema): { text: number; bytes: number } {
  if (maxLength === undefined) return { text: maxContent, bytes: maxContent };
  const length = Math.max(0, maxLength);
  return { text: 4 * length, bytes: length };
}

function longest(values: readonly unknown[]): number {
  const encoder = new TextEncoder();
  const lengths = values.map((each) => (typeof each === 'string' ? encoder.encode(each).length : 0));
  return Math.max(0, ...lengths);
}

export function maxItems(schema: JsonSchema, itemSize: number): number {
  if (schema.maxItems !== undefined) return Math.max(0, schema.maxItems);
  return Math.floor(maxContent / (itemSize + 1));
}

export function maxEntries(schema: JsonSchema, valueSize: number): number {
  if (schema.maxProperties !== undefined) return Math.max(0, schema.maxProperties);
  // Two quotes, a key of one character at least, colon, comma.
  return Math.floor(maxContent / (valueSize + 6));
}
