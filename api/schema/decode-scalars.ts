import { JsonNumber, plainNumbers } from '../json.ts';
import { parseQuantity, QuantityError } from '../quantity.ts';
import { Base64Error, encodeBase64, normalizeBase64 } from './base64.ts';
import { type Decode, kindOfJson, reportType, reportValue } from './decode-state.ts';
import { normalizeMicroTime, normalizeTime, TimeError } from './go-time.ts';
import type { FieldSchema } from './schema.ts';

const maxInt32 = 2 ** 31 - 1;

function stringDecoder(goType: string): Decode {
  return (value, state) => (typeof value === 'string' ? value : reportType(state, kindOfJson(value), goType));
}

function boolDecoder(goType: string): Decode {
  return (value, state) => (typeof value === 'boolean' ? value : reportType(state, kindOfJson(value), goType));
}

const numberText = (value: unknown): string => (value instanceof JsonNumber ? value.text : String(value));

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || value instanceof JsonNumber || typeof value === 'bigint';
}

function int32Decoder(goType: string, fatal?: boolean): Decode {
  return (value, state) => {
    if (typeof value === 'number' && value <= maxInt32 && value >= -maxInt32 - 1 && Number.isInteger(value))
      return value;
    return reportType(state, isNumber(value) ? `number ${numberText(value)}` : kindOfJson(value), goType, fatal);
  };
}

function int64Decoder(goType: string): Decode {
  return (value, state) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (!isNumber(value)) return reportType(state, kindOfJson(value), goType);
    const text = numberText(value);
    if (/^-?[0-9]+$/.test(text)) {
      const exact = BigInt(text);
      if (BigInt.asIntN(64, exact) === exact) return new JsonNumber(text).toValue();
    }
    return reportType(state, `number ${text}`, goType);
  };
}

function float64Decoder(goType: string): Decode {
  return (value, state) => {
    if (!isNumber(value)) return reportType(state, kindOfJson(value), goType);
    const number = Number(numberText(value));
    return Number.isFinite(number) ? number : reportType(state, `number ${numberText(value)}`, goType);
  };
}

function timeDecoder(normalize: (text: string) => string): Decode {
  return (value, state) => {
    // Upstream's own decoder reads a string first, whatever the field's type is called.
    if (typeof value !== 'string') return reportType(state, kindOfJson(value), 'string', true);
    try {
      const time = normalize(value);
      return time === '' ? undefined : time;
    } catch (error) {
      if (!(error instanceof TimeError)) throw error;
      return reportValue(state, error.message);
    }
  };
}

function intOrStringDecoder(): Decode {
  const int32 = int32Decoder('int32', true);
  return (value, state) => (typeof value === 'string' ? value : int32(value, state));
}

/** Canonical texts by text as written: objects of one kind repeat few quantities. */
const maxKnownQuantities = 4096;

function quantityDecoder(known: Map<string, string>): Decode {
  return (value, state) => {
    // Upstream parses the literal's text, so numbers are quantities too, and `true` merely an ill-formed one.
    const text = typeof value === 'string' ? value.trim() : isNumber(value) ? numberText(value) : '';
    const canonical = known.get(text);
    if (canonical !== undefined) return canonical;
    try {
      const parsed = parseQuantity(text).toString();
      if (known.size >= maxKnownQuantities) known.clear();
      known.set(text, parsed);
      return parsed;
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error;
      return reportValue(state, error.message);
    }
  };
}

function bytesDecoder(goType: string): Decode {
  return (value, state) => {
    if (typeof value === 'string') {
      try {
        return normalizeBase64(value);
      } catch (error) {
        if (!(error instanceof Base64Error)) throw error;
        return reportValue(state, error.message, false);
      }
    }
    if (!Array.isArray(value)) return reportType(state, kindOfJson(value), goType);
    for (const item of value) {
      if (!isNumber(item)) return item === null ? undefined : reportType(state, kindOfJson(item), 'uint8');
      const byte = Number(numberText(item));
      if (!(Number.isInteger(byte) && byte >= 0 && byte < 256)) {
        return reportType(state, `number ${numberText(item)}`, 'uint8');
      }
    }
    return encodeBase64(Uint8Array.from(value as number[]));
  };
}

const anyDecoder: Decode = (value) => (typeof value === 'object' ? plainNumbers(value) : value);

/** The decoder of a kind without parts, or undefined for structs, lists and maps. */
export function scalarDecoder(field: FieldSchema, quantities: Map<string, string>): Decode | undefined {
  switch (field.k) {
    case 'string':
    case 'duration':
      return stringDecoder(field.go);
    case 'int32':
      return int32Decoder(field.go);
    case 'int64':
      return int64Decoder(field.go);
    case 'float64':
      return float64Decoder(field.go);
    case 'bool':
      return boolDecoder(field.go);
    case 'bytes':
      return bytesDecoder(field.go);
    case 'time':
      return timeDecoder(normalizeTime);
    case 'microTime':
      return timeDecoder(normalizeMicroTime);
    case 'quantity':
      return quantityDecoder(quantities);
    case 'intOrString':
      return intOrStringDecoder();
    case 'any':
      return anyDecoder;
    case 'struct':
    case 'list':
    case 'map':
      return undefined;
  }
}
