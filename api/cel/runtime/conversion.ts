import { intOf, uintOf } from './arithmetic.ts';
import { goFloat, plainFloat } from './go-print.ts';
import { Duration, parseDuration, parseTimestamp, Timestamp, timestampOf } from './time.ts';
import { CelError, Double, isInt, type Result, typeOf, typeValues, Uint, type Value } from './values.ts';

type Target = keyof typeof typeValues;

function fails(value: Value, target: Target): CelError {
  return new CelError(`type conversion error from '${typeOf(value)}' to '${typeValues[target]}'`);
}

export function toInt(value: Value): Result {
  if (isInt(value)) return value;
  if (value instanceof Uint) return intOf(value.value);
  if (value instanceof Double) {
    const { value: double } = value;
    // The limits themselves are out: the double nearest to the largest int is beyond it.
    if (!(double > -(2 ** 63) && double < 2 ** 63)) return new CelError('integer overflow');
    return intOf(BigInt(Math.trunc(double)));
  }
  if (value instanceof Duration) return intOf(value.nanoseconds);
  if (value instanceof Timestamp) return value.seconds;
  if (typeof value === 'string' && /^[+-]?[0-9]+$/.test(value)) {
    const result = intOf(BigInt(value.replace('+', '')));
    if (!(result instanceof CelError)) return result;
  }
  return fails(value, 'int');
}

export function toUint(value: Value): Result {
  if (value instanceof Uint) return value;
  if (isInt(value)) return uintOf(BigInt(value));
  if (value instanceof Double) {
    const { value: double } = value;
    if (!(double >= 0 && double < 2 ** 64)) return new CelError('unsigned integer overflow');
    return uintOf(BigInt(Math.trunc(double)));
  }
  if (typeof value === 'string' && /^[0-9]+$/.test(value)) {
    const result = uintOf(BigInt(value));
    if (!(result instanceof CelError)) return result;
  }
  return fails(value, 'uint');
}

const decimalFloat = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const infinity = /^([+-]?)inf(?:inity)?$/i;

export function toDouble(value: Value): Result {
  if (value instanceof Double) return value;
  if (isInt(value)) return new Double(Number(value));
  if (value instanceof Uint) return new Double(Number(value.value));
  if (typeof value === 'string') {
    const parsed = parseFloat64(value);
    if (parsed !== undefined) return new Double(parsed);
  }
  return fails(value, 'double');
}

function parseFloat64(text: string): number | undefined {
  if (/[0-9a-f]_[0-9a-f]/i.test(text)) {
    const plain = text.replace(/(?<=[0-9a-f])_(?=[0-9a-f])/gi, '');
    return plain.includes('_') ? undefined : parseFloat64(plain);
  }
  const parsed = decimalFloat.test(text) ? Number(text) : parseHexFloat(text);
  if (parsed !== undefined) return Number.isFinite(parsed) ? parsed : undefined;
  const sign = infinity.exec(text)?.[1];
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity;
  return /^nan$/i.test(text) ? Number.NaN : undefined;
}

/** `0x1.8p3`. */
function parseHexFloat(text: string): number | undefined {
  const parts = /^([+-]?)0x(?=[0-9a-f]|\.[0-9a-f])([0-9a-f]*)\.?([0-9a-f]*)p([+-]?[0-9]+)$/i.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const value = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -value : value;
}

export function toText(value: Value): Result {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || isInt(value)) return String(value);
  if (value === null) return 'null';
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Double) return goFloat(value.value);
  if (value instanceof Duration) return `${plainFloat(value.seconds())}s`;
  if (value instanceof Timestamp) return value.format();
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
    } catch {
      return new CelError('invalid UTF-8 in bytes, cannot convert to string');
    }
  }
  return fails(value, 'string');
}

export function toBytes(value: Value): Result {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? new TextEncoder().encode(value) : fails(value, 'bytes');
}

const trueTexts = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falseTexts = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

export function toBool(value: Value): Result {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (trueTexts.has(value)) return true;
    if (falseTexts.has(value)) return false;
  }
  return fails(value, 'bool');
}

export function toDuration(value: Value): Result {
  if (value instanceof Duration) return value;
  return (typeof value === 'string' ? parseDuration(value) : undefined) ?? fails(value, 'duration');
}

export function toTimestamp(value: Value): Result {
  if (value instanceof Timestamp) return value;
  if (isInt(value)) return timestampOf(Number(value));
  return (typeof value === 'string' ? parseTimestamp(value) : undefined) ?? fails(value, 'timestamp');
}
