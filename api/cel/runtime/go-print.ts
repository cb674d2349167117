import { goQuote } from '../../go-text.ts';
import { elements, mapFind, mapKeys } from './collections.ts';
import { Duration, Timestamp } from './time.ts';
import { type AnyList, type AnyMap, CelError, Double, isList, isMap, Optional, type Result, Uint } from './values.ts';

/** Go's %g: the shortest digits, with an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) return plainFloat(value);
  return goExponent(value.toExponential());
}

/** Go writes at least two digits of an exponent. */
export function goExponent(text: string): string {
  return text.replace(/e([+-])([0-9])$/, 'e$10$2');
}

/** Go's %f with the shortest digits: never an exponent. */
export function plainFloat(value: number): string {
  const text = String(value);
  const parts = /^(-?)([0-9])(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text);
  if (parts === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = ''] = parts;
  const digits = whole + fraction;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

/** Go's %v of a value, as messages show keys and the like. */
export function goText(value: Result): string {
  if (value instanceof CelError) return value.message;
  if (value instanceof Uint8Array) return `[${value.join(' ')}]`;
  if (isList(value)) return listText(value);
  if (isMap(value)) return mapText(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Double) return goFloat(value.value);
  if (value instanceof Optional) {
    return value.value === undefined ? 'optional.none()' : `optional(${goText(value.value)})`;
  }
  return value === null ? '0' : String(value);
}

export function listText(list: AnyList): string {
  return `[${Array.from(elements(list), goText).join(', ')}]`;
}

export function mapText(map: AnyMap): string {
  return `{${mapKeys(map)
    .map((key) => `${goText(key)}: ${goText(mapFind(map, key) ?? null)}`)
    .join(', ')}}`;
}

/** A value written as an expression: `[1u, "a", {"k": 2.0}]`, maps sorted by key. */
export function celText(value: Result): string {
  if (value instanceof CelError) return value.message;
  if (typeof value === 'string') return goQuote(value);
  if (value instanceof Uint8Array) {
    return `b"${Array.from(value, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
  }
  if (value instanceof Uint) return `${value.value}u`;
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof Duration) return `duration("${plainFloat(value.seconds())}s")`;
  if (value instanceof Timestamp) return `timestamp("${value.utc().format()}")`;
  if (value instanceof Optional) {
    return value.value === undefined ? 'optional.none()' : `optional.of(${celText(value.value)})`;
  }
  if (isList(value)) return `[${Array.from(elements(value), celText).join(', ')}]`;
  if (isMap(value)) {
    const entries = mapKeys(value).map((key) => [celText(key), celText(mapFind(value, key) ?? null)] as const);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, each]) => `${key}: ${each}`).join(', ')}}`;
  }
  return String(value);
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'double("NaN")';
  if (!Number.isFinite(value)) return `double("${value > 0 ? '' : '-'}Infinity")`;
  const text = Object.is(value, -0) ? '-0' : plainFloat(value);
  return text.includes('.') ? text : `${text}.0`;
}
