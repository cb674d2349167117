import { goQuote } from '../../go-text.ts';
import type { JsonSchema } from '../../structural/json-schema.ts';
import { Duration, parseDuration, parseTimestamp, secondsOf, Timestamp } from './time.ts';
import { CelError, Double, isInt, type Result } from './values.ts';

/** Go's name for the type of decoded JSON. */
export function goJsonType(raw: unknown): string {
  if (raw === null || raw === undefined) return '<nil>';
  if (Array.isArray(raw)) return '[]interface {}';
  if (typeof raw === 'object') return 'map[string]interface {}';
  if (typeof raw === 'number') return Number.isSafeInteger(raw) ? 'int64' : 'float64';
  return typeof raw === 'boolean' ? 'bool' : typeof raw === 'bigint' ? 'int64' : 'string';
}

export type View = (raw: unknown) => Result;

const invalid = (message: string) => new CelError(`invalid data, expected ${message}`);

export function intOrString(raw: unknown): Result {
  if (typeof raw === 'string' || (isInt(raw) && (typeof raw === 'bigint' || Number.isSafeInteger(raw)))) return raw;
  return invalid('XIntOrString value to be either a string or integer');
}

/** Undefined for a type that is no scalar. */
export function scalarView(schema: JsonSchema): View | undefined {
  switch (schema.type) {
    case 'string':
      return textView(schema.format ?? '');
    case 'number':
      return (raw) => {
        return isInt(raw) ? new Double(Number(raw)) : invalid(`float, got ${goJsonType(raw)}`);
      };
    case 'integer':
      return (raw) => {
        const isInteger = typeof raw === 'bigint' || Number.isSafeInteger(raw);
        return isInteger ? (raw as number | bigint) : invalid(`int, got ${goJsonType(raw)}`);
      };
    case 'boolean':
      return (raw) => (typeof raw === 'boolean' ? raw : invalid(`bool, got ${goJsonType(raw)}`));
    default:
      return undefined;
  }
}

const formats: Readonly<Record<string, (text: string) => Result>> = {
  duration: (text) => {
    return lenientDuration(text) ?? new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`);
  },
  date: (text) => {
    const [, year, month, day] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text) ?? [];
    const seconds = year === undefined ? undefined : secondsOf(Number(year), Number(month), Number(day));
    if (seconds !== undefined) return new Timestamp(seconds, 0);
    if (year === undefined) return cannotParse('date', text, '2006-01-02');
    const part = Number(month) < 1 || Number(month) > 12 ? 'month' : 'day';
    return new CelError(`Invalid date formatted string ${text}: parsing time ${goQuote(text)}: ${part} out of range`);
  },
  'date-time': (text) => {
    if (text === '') return new Timestamp(0, 0);
    const time = parseTimestamp(text) ?? parseTimestamp(`${text}Z`);
    return time instanceof Timestamp ? time : cannotParse('date-time', text, '2006-01-02T15:04:05');
  },
  byte: (text) => {
    const decoded = /^[A-Za-z0-9_=-]*$/.test(text) && text.length % 4 === 0 ? decodeBase64(text) : undefined;
    const at = /^[A-Za-z0-9_-]*/.exec(text)?.[0].length ?? 0;
    return decoded ?? new CelError(`Invalid byte formatted string ${text}: illegal base64 data at input byte ${at}`);
  },
};

function cannotParse(format: string, text: string, layout: string): CelError {
  const quoted = goQuote(text);
  return new CelError(
    `Invalid ${format} formatted string ${text}: parsing time ${quoted} as "${layout}": cannot parse ${quoted} as "2006"`,
  );
}

/** The alphabet of URLs, as upstream decodes it. */
function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function textView(format: string): View {
  const convert = formats[format];
  return (raw) => {
    if (typeof raw !== 'string') return invalid(`string, got ${goJsonType(raw)}`);
    return convert === undefined ? raw : convert(raw);
  };
}

const second = 1_000_000_000n;
/** Names of units, the last of each also as a beginning. */
const units: readonly (readonly [bigint, readonly string[]])[] = [
  [1n, ['ns', 'nano']],
  [1000n, ['us', 'µs', 'micro']],
  [1_000_000n, ['ms', 'milli']],
  [second, ['s', 'sec']],
  [60n * second, ['m', 'min']],
  [3600n * second, ['h', 'hr', 'hour']],
  [86_400n * second, ['d', 'day']],
  [604_800n * second, ['w', 'wk', 'week']],
];

/** Go's durations, or numbers with units as people write them: `1 day 3 hours`. */
function lenientDuration(text: string): Duration | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  let total: bigint | undefined;
  for (const [, digits = '', letters = ''] of text.matchAll(/([0-9]+)[\t\n\f\r ]*([A-Za-zµ]+)/g)) {
    const unit = letters.toLowerCase();
    for (const [size, names] of units) {
      if (!names.includes(unit) && !unit.startsWith(names.at(-1) ?? '')) continue;
      total = BigInt.asIntN(64, (total ?? 0n) + BigInt(digits) * size);
    }
  }
  return total === undefined ? undefined : new Duration(total);
}
