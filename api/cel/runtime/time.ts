import { CelError, Special, type TypeValue, typeValues, type Value } from './values.ts';

const nanosPerSecond = 1_000_000_000;
const minSeconds = -62135596800;
const maxSeconds = 253402300799;

export const timestampOverflow = new CelError('timestamp overflow');

/** A moment between the years 1 and 9999, with the offset it was written in, which only its text shows. */
export class Timestamp extends Special {
  readonly seconds: number;
  readonly nanos: number;
  /** Seconds east of UTC. */
  readonly offset: number;

  constructor(seconds: number, nanos: number, offset = 0) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
    this.offset = offset;
  }

  get type(): TypeValue {
    return typeValues.timestamp;
  }

  override equals(other: Value): boolean {
    return other instanceof Timestamp && this.compare(other) === 0;
  }

  compare(other: Timestamp): number {
    return Math.sign(this.seconds - other.seconds || this.nanos - other.nanos);
  }

  utc(): Timestamp {
    return this.offset === 0 ? this : new Timestamp(this.seconds, this.nanos);
  }

  plus(nanoseconds: bigint): Timestamp | CelError {
    const total = BigInt(this.nanos) + nanoseconds;
    const carried = BigInt.asIntN(64, total) >= 0n ? total / 1_000_000_000n : (total - 999_999_999n) / 1_000_000_000n;
    const seconds = this.seconds + Number(carried);
    if (seconds < minSeconds || seconds > maxSeconds) return timestampOverflow;
    return new Timestamp(seconds, Number(total - carried * 1_000_000_000n), this.offset);
  }

  /** RFC 3339 with as many digits of the second as it needs. */
  format(): string {
    const local = new Date((this.seconds + this.offset) * 1000);
    const year = String(local.getUTCFullYear()).padStart(4, '0');
    const rest = local
      .toISOString()
      .replace(/^[+-]?[0-9]+-/, '-')
      .slice(0, 15);
    const fraction = this.nanos === 0 ? '' : `.${String(this.nanos).padStart(9, '0').replace(/0+$/, '')}`;
    return `${year}${rest}${fraction}${zone(this.offset)}`;
  }

  override toString(): string {
    return `${this.utc().format().replace('T', ' ').replace('Z', '')} +0000 UTC`;
  }

  override isZero(): boolean {
    return this.seconds === minSeconds && this.nanos === 0;
  }
}

function zone(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.floor(Math.abs(offset) / 60);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

export function timestampOf(seconds: number, nanos = 0, offset = 0): Timestamp | CelError {
  if (seconds < minSeconds || seconds > maxSeconds) return timestampOverflow;
  return new Timestamp(seconds, nanos, offset);
}

const rfc3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;

/** Undefined when the text is no RFC 3339 time. */
export function parseTimestamp(text: string): Timestamp | CelError | undefined {
  const parts = rfc3339.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const [fraction = '', sign, offsetHours = 0, offsetMinutes = 0] = parts.slice(7);
  if (hour > 23 || minute > 59 || second > 59 || Number(offsetHours) > 24 || Number(offsetMinutes) > 60)
    return undefined;
  const seconds = secondsOf(year, month, day);
  if (seconds === undefined) return undefined;
  const offset = (sign === '-' ? -60 : 60) * (Number(offsetHours) * 60 + Number(offsetMinutes));
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'));
  return timestampOf(seconds + hour * 3600 + minute * 60 + second - offset, nanos, offset);
}

/** Undefined when there is no such day. */
export function secondsOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() / 1000;
}

/** An int64 of nanoseconds. */
export class Duration extends Special {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    super();
    this.nanoseconds = nanoseconds;
  }

  get type(): TypeValue {
    return typeValues.duration;
  }

  override equals(other: Value): boolean {
    return other instanceof Duration && other.nanoseconds === this.nanoseconds;
  }

  /** As Go computes it, which shows in the last digits of large durations. */
  seconds(): number {
    return Number(this.nanoseconds / 1_000_000_000n) + Number(this.nanoseconds % 1_000_000_000n) / nanosPerSecond;
  }

  /** Go's own text, as messages print it: `1h0m0s`. */
  override toString(): string {
    const sign = this.nanoseconds < 0n ? '-' : '';
    const nanoseconds = this.nanoseconds < 0n ? -this.nanoseconds : this.nanoseconds;
    if (nanoseconds === 0n) return '0s';
    for (const [unit, size] of [
      ['ns', 1n],
      ['µs', 1000n],
      ['ms', 1_000_000n],
    ] as const) {
      if (nanoseconds < size * 1000n) return `${sign}${decimal(nanoseconds, size)}${unit}`;
    }
    const minutes = nanoseconds / 60_000_000_000n;
    const seconds = `${decimal(nanoseconds % 60_000_000_000n, 1_000_000_000n)}s`;
    if (minutes === 0n) return sign + seconds;
    return `${sign}${minutes >= 60n ? `${minutes / 60n}h` : ''}${minutes % 60n}m${seconds}`;
  }

  override isZero(): boolean {
    return this.nanoseconds === 0n;
  }
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = String(unit + (value % unit))
    .slice(1)
    .replace(/0+$/, '');
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go's time.ParseDuration; undefined when the text is none or beyond an int64. */
export function parseDuration(text: string): Duration | undefined {
  const parts = /^([+-]?)(.+)$/s.exec(text);
  if (parts === null) return undefined;
  const [, sign, rest = ''] = parts;
  if (rest === '0') return new Duration(0n);
  if (!/^(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/([0-9]*)(?:\.([0-9]*))?([a-zµμ]+)/g)) {
    const size = units[unit] ?? 1n;
    total += BigInt(whole === '' ? 0 : whole) * size;
    if (fraction !== '') total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  if (sign === '-') total = -total;
  return BigInt.asIntN(64, total) === total ? new Duration(total) : undefined;
}
