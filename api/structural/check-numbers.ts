import { addFinding, nameOf, reportGeneral, reportInvalid, type Walk } from './findings.ts';
import { goFloat, goNumber } from './go-print.ts';
import type { JsonSchema } from './json-schema.ts';

type JsonNumber = number | bigint;

const maxExact = 2 ** 53 - 1;
const maxFloat32 = 3.4028235677973366e38;

export function isInteger(value: JsonNumber): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

/** Whether upstream takes a float64 for an integer: nearly is enough. */
export function isNearlyInteger(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > maxExact) return false;
  const whole = Math.trunc(value);
  if (value === whole) return true;
  if (whole === 0) return false;
  // A negative number is compared with what the same bits say unsigned: never near.
  return value > 0 && (value - whole) / (value + whole) < 1e-9;
}

interface Range {
  readonly type: 'integer' | 'number' | undefined;
  readonly format: string;
}

function rangeOf(schema: JsonSchema): Range {
  const { type, format = '' } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) return { type: undefined, format: '' };
  if (type === 'integer') return { type, format: format === 'int32' || format === 'int64' ? format : '' };
  if (type === 'number') return { type, format: format === 'float' || format === 'double' ? format : '' };
  return { type: undefined, format: '' };
}

function fitsRange(value: JsonNumber, { type, format }: Range): boolean {
  if (type === 'integer') {
    if (typeof value === 'number' && !Number.isInteger(value)) return false;
    const bits = format === 'int32' ? 32 : 64;
    const exact = BigInt(value);
    return BigInt.asIntN(bits, exact) === exact;
  }
  return format !== 'float' || Math.abs(Number(value)) <= maxFloat32;
}

function reportRange(walk: Walk, prefix: string, { type, format }: Range): void {
  const kind = format === '' ? `${type} (default format)` : `${type} with format ${format}`;
  reportGeneral(walk, (name) => `${prefix} value must be of type ${kind} in ${name}`);
}

type Compare = (value: JsonNumber, limit: JsonNumber) => boolean;

interface Bound {
  readonly prefix: string;
  readonly words: string;
  readonly limit: number;
  readonly breaks: Compare;
}

function boundsOf(schema: JsonSchema): Bound[] {
  const { minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false } = schema;
  const bounds: Bound[] = [];
  if (minimum !== undefined) {
    bounds.push({
      prefix: 'Minimum boundary',
      words: exclusiveMinimum ? 'should be greater than' : 'should be greater than or equal to',
      limit: minimum,
      breaks: exclusiveMinimum ? (value, limit) => value <= limit : (value, limit) => value < limit,
    });
  }
  if (maximum !== undefined) {
    bounds.push({
      prefix: 'Maximum boundary',
      words: exclusiveMaximum ? 'should be less than' : 'should be less than or equal to',
      limit: maximum,
      breaks: exclusiveMaximum ? (value, limit) => value >= limit : (value, limit) => value > limit,
    });
  }
  return bounds;
}

/** Upstream compares integers with the limit's integer part, unless the limit itself does not fit the type. */
function checkBound(bound: Bound, range: Range, value: JsonNumber, walk: Walk): void {
  const fits = fitsRange(bound.limit, range);
  if (!fits) reportRange(walk, bound.prefix, range);
  const asIntegers = fits && isInteger(value);
  const limit = asIntegers ? Math.trunc(bound.limit) : bound.limit;
  if (!bound.breaks(value, limit)) return;
  const shown = asIntegers ? goNumber(limit) : goFloat(limit);
  reportInvalid(walk, value, `${bound.words} ${shown}`);
}

function isMultiple(value: JsonNumber, factor: number, asIntegers: boolean): boolean {
  if (asIntegers) return typeof value === 'bigint' ? value % BigInt(factor) === 0n : value % factor === 0;
  return isNearlyInteger(factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor);
}

function checkMultiple(multipleOf: number, range: Range, value: JsonNumber, walk: Walk): void {
  const fits = fitsRange(multipleOf, range);
  if (!fits) reportRange(walk, 'MultipleOf', range);
  const asIntegers = fits && isInteger(value);
  const factor = asIntegers ? Math.trunc(multipleOf) : multipleOf;
  const shown = asIntegers ? goNumber(factor) : goFloat(factor);
  if (factor <= 0) {
    const name = nameOf(walk.way);
    const text = `factor MultipleOf declared for ${name} must be positive: ${shown}`;
    addFinding(walk.found, { kind: 'invalid', name, value: factor, text });
  } else if (!isMultiple(value, factor, asIntegers)) {
    reportInvalid(walk, value, `should be a multiple of ${shown}`);
  }
}

/** Checks numbers; undefined when a schema says nothing of them. */
export function numberCheck(schema: JsonSchema): ((value: JsonNumber, walk: Walk) => void) | undefined {
  const range = rangeOf(schema);
  const bounds = boundsOf(schema);
  const { multipleOf } = schema;
  if (range.type === undefined && bounds.length === 0 && multipleOf === undefined) return undefined;
  return (value, walk) => {
    if (!fitsRange(value, range)) reportRange(walk, 'Checked', range);
    if (multipleOf !== undefined) checkMultiple(multipleOf, range, value, walk);
    for (const bound of bounds) checkBound(bound, range, value, walk);
  };
}
