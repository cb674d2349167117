/** A parsed cron schedule: the allowed values of each field, or a fixed interval. */
export type CronSchedule = CronFields | { readonly everyMs: number };

export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: ReadonlySet<number>;
  /** With a star in either day field both must match; without, one of them suffices. */
  readonly daysOfMonthStar: boolean;
  readonly daysOfWeekStar: boolean;
  /** From a TZ= or CRON_TZ= prefix. */
  readonly timeZone?: string;
}

/** Its message is upstream's (robfig/cron v3). */
export class CronError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CronError';
  }
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}

const numbered = (first: number, names: string): Record<string, number> =>
  Object.fromEntries(names.split(' ').map((name, i) => [name, first + i]));

const minutes: Bounds = { min: 0, max: 59 };
const hours: Bounds = { min: 0, max: 23 };
const daysOfMonth: Bounds = { min: 1, max: 31 };
const months: Bounds = { min: 1, max: 12, names: numbered(1, 'jan feb mar apr may jun jul aug sep oct nov dec') };
const daysOfWeek: Bounds = { min: 0, max: 6, names: numbered(0, 'sun mon tue wed thu fri sat') };

interface Values {
  readonly values: Set<number>;
  readonly star: boolean;
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`,
    );
  }
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function parseNumberOrName(text: string, bounds: Bounds): number {
  return bounds.names?.[text.toLowerCase()] ?? parseNumber(text);
}

function checkRange(start: number, end: number, bounds: Bounds, text: string): void {
  if (start < bounds.min) throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
}

/** number | number "-" number [ "/" number ] */
function parseRange(text: string, bounds: Bounds): Values {
  const [limits = '', stepText, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreLimits] = limits.split('-');
  const isStar = low === '*' || low === '?';
  let start = bounds.min;
  let end = bounds.max;
  if (!isStar) {
    start = parseNumberOrName(low, bounds);
    if (moreLimits.length > 0) throw new CronError(`too many hyphens: ${text}`);
    end = high === undefined ? start : parseNumberOrName(high, bounds);
  }
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // "N/step" means "N-max/step".
  if (stepText !== undefined && high === undefined) end = bounds.max;
  checkRange(start, end, bounds, text);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  const values = new Set<number>();
  for (let value = start; value <= end; value += step) values.add(value);
  return { values, star: isStar && step === 1 };
}

function parseField(text: string, bounds: Bounds): Values {
  const ranges = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => parseRange(part, bounds));
  return {
    values: new Set(ranges.flatMap(({ values }) => [...values])),
    star: ranges.some(({ star }) => star),
  };
}

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};

function goDurationError(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  if (text === '0' || text === '+0' || text === '-0') return undefined;
  if (/^[+-]?$/.test(text)) return `time: invalid duration ${quoted}`;
  let rest = text.replace(/^[+-]/, '');
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return `time: invalid duration ${quoted}`;
    rest = rest.slice(number.length);
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (unitsMs[unit] === undefined) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return undefined;
}

function goDurationMs(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const parts = text.matchAll(/(\d+\.?\d*|\.\d+)([^.\d]+)/g);
  return sign * [...parts].reduce((sum, [, number = '0', unit = '']) => sum + Number(number) * (unitsMs[unit] ?? 0), 0);
}

function parseDescriptor(text: string): CronSchedule {
  const fields = descriptors[text];
  if (fields !== undefined) return parseFields(fields);
  const every = '@every ';
  if (!text.startsWith(every)) throw new CronError(`unrecognized descriptor: ${text}`);
  const duration = text.slice(every.length);
  const error = goDurationError(duration);
  if (error !== undefined) throw new CronError(`failed to parse duration ${text}: ${error}`);
  // Whole seconds, at least one.
  return { everyMs: Math.max(1000, Math.floor(goDurationMs(duration) / 1000) * 1000) };
}

function parseFields(text: string, timeZone?: string): CronFields {
  const fields = text.split(/\s+/u).filter((field) => field !== '');
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields;
  if (fields.length !== 5 || dayOfWeek === undefined) {
    throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  const parsed = {
    minutes: parseField(minute ?? '', minutes),
    hours: parseField(hour ?? '', hours),
    daysOfMonth: parseField(dayOfMonth ?? '', daysOfMonth),
    months: parseField(month ?? '', months),
    daysOfWeek: parseField(dayOfWeek, daysOfWeek),
  };
  return {
    minutes: parsed.minutes.values,
    hours: parsed.hours.values,
    daysOfMonth: parsed.daysOfMonth.values,
    months: parsed.months.values,
    daysOfWeek: parsed.daysOfWeek.values,
    daysOfMonthStar: parsed.daysOfMonth.star,
    daysOfWeekStar: parsed.daysOfWeek.star,
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** Whether the runtime knows the IANA time zone by exactly this name: names are case-sensitive, offsets are no names. */
export function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone === name : /[A-Z]/.test(name);
  } catch {
    return false;
  }
}

/** Five fields or a descriptor, optionally behind TZ= or CRON_TZ=. Throws CronError. */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === '') throw new CronError('empty spec string');
  let rest = text;
  let timeZone: string | undefined;
  if (/^(CRON_)?TZ=/.test(text)) {
    const space = text.indexOf(' ');
    const equals = text.indexOf('=');
    if (space < 0) {
      // The reference implementation runs out of bounds here, and reports it.
      throw new CronError(`invalid schedule format: runtime error: slice bounds out of range [:-1]`);
    }
    timeZone = text.slice(equals + 1, space);
    if (!isTimeZone(timeZone) && !['', 'Local'].includes(timeZone)) {
      throw new CronError(`provided bad location ${timeZone}: unknown time zone ${timeZone}`);
    }
    rest = text.slice(space).trim();
  }
  return rest.startsWith('@') ? parseDescriptor(rest) : parseFields(rest, timeZone);
}
