import { floating } from '../../format.ts';

/** A text that looks like a number and came from outside compares as one. */
export interface Text {
  readonly text: string;
}

export type Value = number | string | Text | undefined;
export type AwkArray = Map<string, Value>;

const numberForm = /^\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/;

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === undefined) return 0;
  const text = typeof value === 'string' ? value : value.text;
  return Number(numberForm.exec(text)?.[0] ?? 0);
}

/** A number as CONVFMT or OFMT has it; whole ones without a point. */
export function numberText(value: number, format: string): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value === 0 ? 0 : value);
  const [, precision = '6', kind = 'g'] = /^%\.?(\d*)([a-zA-Z])$/.exec(format) ?? [];
  return floating(kind, value, Number(precision || 6));
}

export function textOf(value: Value, format = '%.6g'): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return typeof value === 'number' ? numberText(value, format) : value.text;
}

export function isNumeric(value: Value): boolean {
  if (typeof value === 'number' || value === undefined) return true;
  return (
    typeof value === 'object' && /^\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)\s*$/.test(value.text)
  );
}

export function isTrue(value: Value): boolean {
  if (isNumeric(value)) return numberOf(value) !== 0;
  return textOf(value) !== '';
}

export function compare(a: Value, b: Value): number {
  if (isNumeric(a) && isNumeric(b)) return numberOf(a) - numberOf(b);
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : Number(left > right);
}
