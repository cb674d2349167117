import { dateText } from './date-text.ts';
import { quotedIfNeeded } from './quote.ts';
import { unescaped } from './unescape.ts';

const specifier = /%(?:%|([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d*))?(?:hh|h|ll|l|L|q|j|z|t)?(?:\(([^)]*)\))?([a-zA-Z]))/g;

export interface Formatted {
  readonly text: string;
  readonly errors: readonly string[];
}

/** What `printf` writes: the format again while arguments are left. */
export function formatted(format: string, args: readonly string[], now: number): Formatted {
  const rest = [...args];
  const errors: string[] = [];
  const { text: plain } = unescaped(format, true);
  const isCutFormat = /(?<!\\)(?:\\\\)*\\c/.test(format);
  let text = '';
  let isCut = false;
  do {
    const before = rest.length;
    text += plain.replaceAll(
      specifier,
      (
        whole,
        flags: string | undefined,
        width: string | undefined,
        precision: string | undefined,
        time: string | undefined,
        kind: string | undefined,
      ) => {
        if (isCut) return '';
        if (kind === undefined) return '%';
        const size = amount(width, rest) ?? 0;
        const digits = amount(precision, rest);
        const value = rest.shift();
        const made = convert({ kind, value, flags: flags ?? '', precision: digits, time, now, errors });
        if (made === undefined) return whole;
        if (kind === 'b') isCut ||= unescaped(value ?? '').isCut;
        return padded(made, size, flags ?? '', kind);
      },
    );
    if (rest.length === before || isCutFormat) break;
  } while (rest.length > 0 && !isCut);
  return { text, errors };
}

/** A width or precision, perhaps of the arguments. */
function amount(text: string | undefined, rest: string[]): number | undefined {
  if (text === undefined) return undefined;
  return text === '*' ? Number(rest.shift() ?? 0) : Number(text);
}

function padded(text: string, size: number, flags: string, kind: string): string {
  const width = Math.min(Math.abs(size), 65_536);
  if (flags.includes('-') || size < 0) return text.padEnd(width);
  if (!flags.includes('0') || !/[diouxXeEfFgG]/.test(kind)) return text.padStart(width);
  const [, sign = '', digits = ''] = /^([-+ ]?(?:0[xX])?)(.*)$/s.exec(text) ?? [];
  return sign + digits.padStart(width - sign.length, '0');
}

interface Conversion {
  readonly kind: string;
  readonly value: string | undefined;
  readonly flags: string;
  readonly precision: number | undefined;
  readonly time: string | undefined;
  readonly now: number;
  readonly errors: string[];
}

function convert({ kind, value, flags, precision, time, now, errors }: Conversion): string | undefined {
  switch (kind) {
    case 's':
      return (value ?? '').slice(0, precision);
    case 'b':
      return unescaped(value ?? '').text.slice(0, precision);
    case 'q':
      return quotedIfNeeded(value ?? '');
    case 'c':
      return (value ?? '').slice(0, 1);
    case 'T': {
      const at = value === undefined || value === '-1' || value === '-2' ? now : Number(value) * 1000;
      return dateText(time === undefined || time === '' ? '%H:%M:%S' : time, at);
    }
    case 'd':
    case 'i':
      return signed(whole(value, errors), flags, precision);
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return unsigned(kind, BigInt.asUintN(64, whole(value, errors)), flags, precision);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return signFor(floating(kind, fraction(value, errors), precision ?? 6), flags);
    default:
      errors.push(`%${kind}: invalid format`);
      return '';
  }
}

/** A number, or the code of the character after a quote. */
function whole(value: string | undefined, errors: string[]): bigint {
  if (value === undefined || value === '') return 0n;
  if (/^["']/.test(value)) return BigInt(value.charCodeAt(1) || 0);
  const [, sign = '', digits] = /^\s*([-+]?)(0[xX][\da-fA-F]+|\d+)/.exec(value) ?? [];
  const all = /^\s*[-+]?(?:0[xX][\da-fA-F]+|\d+)\s*$/.test(value);
  if (!all) errors.push(`invalid number '${value}'`);
  if (digits === undefined || !all) return 0n;
  const number = /^0\d/.test(digits) ? BigInt(Number.parseInt(digits, 8) || 0) : BigInt(digits);
  return sign === '-' ? -number : number;
}

function fraction(value: string | undefined, errors: string[]): number {
  if (value === undefined || value === '') return 0;
  if (/^["']/.test(value)) return value.charCodeAt(1) || 0;
  if (/^\s*[-+]?inf/i.test(value)) return value.includes('-') ? -Infinity : Infinity;
  const number = Number(value);
  if (!Number.isNaN(number)) return number;
  errors.push(`invalid number '${value}'`);
  return 0;
}

function signFor(text: string, flags: string): string {
  if (text.startsWith('-')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function signed(value: bigint, flags: string, precision = 0): string {
  const digits = String(value < 0n ? -value : value).padStart(Math.min(precision, 65_536), '0');
  return signFor(value < 0n ? `-${digits}` : digits, flags);
}

function unsigned(kind: string, value: bigint, flags: string, precision = 0): string {
  const base = kind === 'u' ? 10 : kind === 'o' ? 8 : 16;
  const digits = value.toString(base).padStart(Math.min(precision, 65_536), '0');
  const prefix = !flags.includes('#') || value === 0n ? '' : kind === 'o' ? '0' : kind === 'u' ? '' : '0x';
  return kind === 'X' ? (prefix + digits).toUpperCase() : prefix + digits;
}

/** As C's printf writes a double. */
export function floating(kind: string, value: number, precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const digits = Math.min(precision, 100);
  const lower = kind.toLowerCase();
  const text =
    lower === 'f'
      ? fixed(value, digits)
      : lower === 'e'
        ? exponential(value, digits)
        : general(value, digits === 0 ? 1 : digits);
  return kind === lower ? text : text.toUpperCase();
}

function fixed(value: number, digits: number): string {
  if (Math.abs(value) < 1e21) return value.toFixed(digits);
  return `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
}

function exponential(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e([-+])(\d)$/, 'e$10$2');
}

function general(value: number, digits: number): string {
  if (value === 0) return '0';
  const exponent = Number(value.toExponential(digits - 1).split('e')[1]);
  const isPlain = exponent >= -4 && exponent < digits;
  const text = isPlain ? fixed(value, Math.max(0, digits - 1 - exponent)) : exponential(value, digits - 1);
  return text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text;
}
