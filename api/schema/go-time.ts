/** A text that Go's time.Parse refuses, in its words. */
export class TimeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TimeError';
  }
}

const secondsLayout = '2006-01-02T15:04:05Z07:00';
const microLayout = '2006-01-02T15:04:05.000000Z07:00';
const plain = /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/;
const plainMicro =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$/;

/** Go's zero time, which encodes as null. */
const zeroTime = /^0001-01-01T00:00:00(?:\.0+)?Z$/;

class Reader {
  readonly #text: string;
  readonly #layout: string;
  #rest: string;

  constructor(text: string, layout: string) {
    this.#text = text;
    this.#layout = layout;
    this.#rest = text;
  }

  get rest(): string {
    return this.#rest;
  }

  fail(element: string): never {
    throw new TimeError(
      `parsing time ${JSON.stringify(this.#text)} as ${JSON.stringify(this.#layout)}: cannot parse ${JSON.stringify(this.#rest)} as ${JSON.stringify(element)}`,
    );
  }

  outOfRange(what: string): never {
    throw new TimeError(`parsing time ${JSON.stringify(this.#text)}: ${what} out of range`);
  }

  end(): void {
    if (this.#rest !== '') {
      throw new TimeError(`parsing time ${JSON.stringify(this.#text)}: extra text: ${JSON.stringify(this.#rest)}`);
    }
  }

  /** Reads what `pattern`, anchored at the start, matches. */
  take(pattern: RegExp, element: string): string {
    const found = pattern.exec(this.#rest);
    if (found === null) return this.fail(element);
    this.#rest = this.#rest.slice(found[0].length);
    return found[0];
  }

  tryTake(pattern: RegExp): string | undefined {
    return pattern.test(this.#rest) ? this.take(pattern, '') : undefined;
  }

  number(pattern: RegExp, element: string, what: string, [min, max]: readonly [number, number]): number {
    const value = Number(this.take(pattern, element));
    if (value < min || value > max) this.outOfRange(what);
    return value;
  }
}

const twoDigits = /^[0-9]{2}/;

function parse(text: string, micro: boolean): string {
  const reader = new Reader(text, micro ? microLayout : secondsLayout);
  const year = Number(reader.take(/^[0-9]{4}/, '2006'));
  reader.take(/^-/, '-');
  const month = reader.number(twoDigits, '01', 'month', [1, 12]);
  reader.take(/^-/, '-');
  const day = Number(reader.take(twoDigits, '02'));
  reader.take(/^T/, 'T');
  const hour = reader.number(/^[0-9]{1,2}/, '15', 'hour', [0, 23]);
  reader.take(/^:/, ':');
  const minute = reader.number(twoDigits, '04', 'minute', [0, 59]);
  reader.take(/^:/, ':');
  const second = reader.number(twoDigits, '05', 'second', [0, 59]);
  const fraction = micro ? reader.take(/^[.,][0-9]{6}/, '.000000') : (reader.tryTake(/^[.,][0-9]+/) ?? '');
  const offsetMinutes = zone(reader);
  reader.end();
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (day < 1 || date.getUTCDate() !== day) reader.outOfRange('day');
  date.setUTCHours(hour, minute, second);
  date.setTime(date.getTime() - offsetMinutes * 60_000);
  const seconds = date.toISOString().slice(0, -5);
  return micro ? `${seconds}.${fraction.slice(1)}Z` : `${seconds}Z`;
}

function zone(reader: Reader): number {
  if (reader.tryTake(/^Z/) !== undefined) return 0;
  const offset = reader.take(/^[+-][0-9]{2}:[0-9]{2}/, 'Z07:00');
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(4))];
  if (hours > 24) reader.outOfRange('time zone offset hour');
  if (minutes > 60) reader.outOfRange('time zone offset minute');
  return (offset[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** metav1.Time from JSON: RFC 3339 in any zone to UTC with whole seconds; '' for Go's zero time. Throws TimeError. */
export function normalizeTime(text: string): string {
  if (plain.test(text) && !text.startsWith('0001')) return text;
  const normal = parse(text, false);
  return zeroTime.test(normal) ? '' : normal;
}

/** metav1.MicroTime from JSON: as normalizeTime, with six decimals asked for and kept. */
export function normalizeMicroTime(text: string): string {
  if (plainMicro.test(text) && !text.startsWith('0001')) return text;
  const normal = parse(text, true);
  return zeroTime.test(normal) ? '' : normal;
}
