import type { FieldError, FieldErrorReason } from '../field-error.ts';
import { goQuote } from '../go-text.ts';

/** Exponents as Go writes them: at least two digits. */
function withGoExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Go's `%v` of a float64: shortest digits, an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) return withGoExponent(`${mantissa}e${exponent}`);
  const fixed = Math.abs(value) < 1 ? value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - power)) : '';
  return fixed === '' ? String(value) : fixed;
}

/** Go's `%v` of a decoded JSON number: untyped integers are int64, all others float64. */
export function goNumber(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : goFloat(value);
}

const htmlOrSeparator = /[<>&\u2028\u2029]/g;

function escapeHtml(text: string): string {
  return text.replace(htmlOrSeparator, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** encoding/json of a decoded JSON value: sorted keys, integers exact. */
export function sortedJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return escapeHtml(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${escapeHtml(JSON.stringify(key))}:${sortedJson(member)}`).join(',')}}`;
}

/** A bad value as it stands in a field error. */
export function printedValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number' || typeof value === 'bigint') return goNumber(value);
  return sortedJson(value);
}

const words = {
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueTooMany: 'Too many',
} as const satisfies Partial<Record<FieldErrorReason, string>>;

/** A field error about a decoded JSON value. `field` is empty for the object itself, which upstream prints as a nil pointer. */
export function valueError(reason: keyof typeof words, field: string, value: unknown, detail: string): FieldError {
  const text = `${words[reason]}: ${printedValue(value)}`;
  return { reason, field: field === '' ? '<nil>' : field, detail: detail === '' ? text : `${text}: ${detail}` };
}
