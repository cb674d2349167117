import { goQuote } from '../../go-text.ts';
import { elementAt, elements, mapFind, mapKeys } from '../runtime/collections.ts';
import { toText } from '../runtime/conversion.ts';
import { Duration, Timestamp } from '../runtime/time.ts';
import {
  type AnyList,
  type AnyMap,
  CelError,
  Double,
  isInt,
  isList,
  isMap,
  type Result,
  TypeValue,
  typeOf,
  Uint,
  type Value,
} from '../runtime/values.ts';
import { formatFixed, formatScientific } from './number-format.ts';

const defaultPrecision = 6;

type Formatted = string | CelError;

/** `'%s is %d'.format(['a', 1])`. */
export function formatText(format: string, args: AnyList): Result {
  let result = '';
  let argument = 0;
  for (let index = 0; index < format.length; ) {
    const percent = format.indexOf('%', index);
    if (percent < 0) return result + format.slice(index);
    result += format.slice(index, percent);
    if (format[percent + 1] === '%') {
      result += '%';
      index = percent + 2;
      continue;
    }
    if (argument >= args.length) return new CelError(`index ${argument} out of range`);
    if (percent + 1 >= format.length) return new CelError('unexpected end of string');
    const value = elementAt(args, argument);
    if (value instanceof CelError) return value;
    const clause = parseClause(format, percent + 1);
    if (clause instanceof CelError) return clause;
    const text = formatClause(clause, value);
    if (text instanceof CelError) return new CelError(`error during formatting: ${text.message}`);
    result += text;
    index = clause.end;
    argument += 1;
  }
  return result;
}

interface Clause {
  readonly verb: string;
  readonly precision: number;
  readonly end: number;
}

const malformed = (message: string) => new CelError(`could not parse formatting clause: ${message}`);

function parseClause(format: string, start: number): Clause | CelError {
  const digits = /^\.([0-9]*)/.exec(format.slice(start));
  const at = start + (digits?.[0].length ?? 0);
  const verb = String.fromCodePoint(format.codePointAt(at) ?? 0);
  if (digits !== null) {
    if (at >= format.length) {
      return malformed('error while parsing precision: could not find end of precision specifier');
    }
    if (digits[1] === '') {
      return malformed(
        'error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax',
      );
    }
  }
  if (!'sdfebxXo'.includes(verb)) return malformed(`unrecognized formatting clause "${verb}"`);
  return { verb, precision: digits === null ? defaultPrecision : Number(digits[1]), end: at + 1 };
}

const given = (message: string, value: Value) => new CelError(`${message}, was given ${typeOf(value)}`);

function formatClause({ verb, precision }: Clause, value: Value): Formatted {
  switch (verb) {
    case 's':
      return formatString(value);
    case 'd':
      return formatInteger(value, 10) ?? given('decimal clause can only be used on integers', value);
    case 'f': {
      const number = floatOf(value);
      if (number === undefined) return given('fixed-point clause can only be used on doubles', value);
      return formatFixed(number, precision);
    }
    case 'e': {
      const number = floatOf(value);
      if (number === undefined) return given('scientific clause can only be used on doubles', value);
      return formatScientific(number, precision);
    }
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return formatInteger(value, 2) ?? given('only integers and bools can be formatted as binary', value);
    case 'o':
      return formatInteger(value, 8) ?? given('octal clause can only be used on integers', value);
    default: {
      const text = formatHex(value);
      if (text === undefined) {
        return given('only integers, byte buffers, and strings can be formatted as hex', value);
      }
      return verb === 'X' ? text.toUpperCase() : text;
    }
  }
}

function floatOf(value: Value): number | undefined {
  if (value instanceof Double) return value.value;
  if (value === 'NaN') return Number.NaN;
  return value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

function formatInteger(value: Value, radix: number): string | undefined {
  if (isInt(value)) return value.toString(radix);
  return value instanceof Uint ? value.value.toString(radix) : undefined;
}

function formatHex(value: Value): string | undefined {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (!(bytes instanceof Uint8Array)) return formatInteger(value, 16);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function formatString(value: Value): Formatted {
  if (isList(value)) return formatList(value);
  if (isMap(value)) return formatMap(value);
  if (value instanceof TypeValue) return value.name;
  const text = toText(value);
  if (typeof text === 'string') return text;
  if (value instanceof Uint8Array)
    return new CelError('could not convert argument "invalid UTF-8 in bytes, cannot convert to string" to string');
  return given(
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
    value,
  );
}

/** Within lists and maps: as an expression would write it. */
function formatMember(value: Result): Formatted {
  if (value instanceof CelError) return value;
  if (value instanceof Double) {
    if (Number.isNaN(value.value)) return '"NaN"';
    return Number.isFinite(value.value)
      ? formatFixed(value.value, defaultPrecision).replaceAll(',', '')
      : infinite(value.value);
  }
  if (value instanceof Timestamp || value instanceof Duration) {
    return `${value instanceof Timestamp ? 'timestamp' : 'duration'}(${goQuote(String(toText(value)))})`;
  }
  const text = formatString(value);
  if (text instanceof CelError) {
    return isList(value) || isMap(value) ? text : new CelError(`no formatting function for ${typeOf(value)}`);
  }
  if (typeof value === 'string') return goQuote(text);
  return value instanceof Uint8Array ? `b${goQuote(text)}` : text;
}

function infinite(value: number): string {
  return value > 0 ? '"+Inf"' : '"-Inf"';
}

function formatList(list: AnyList): Formatted {
  const parts: string[] = [];
  for (const element of elements(list)) {
    const text = formatMember(element);
    if (text instanceof CelError) return text;
    parts.push(text);
  }
  return `[${parts.join(', ')}]`;
}

function formatMap(map: AnyMap): Formatted {
  const entries: [string, string][] = [];
  for (const key of mapKeys(map)) {
    if (typeof key !== 'string' && typeof key !== 'boolean' && !isInt(key) && !(key instanceof Uint)) {
      return new CelError(`no formatting function for map key of type ${typeOf(key)}`);
    }
    const name = formatMember(key);
    const text = formatMember(mapFind(map, key) ?? null);
    if (name instanceof CelError) return name;
    if (text instanceof CelError) return text;
    entries.push([name, text]);
  }
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([name, text]) => `${name}:${text}`).join(', ')}}`;
}
