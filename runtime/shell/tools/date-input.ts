import { fromWall, type TimeZone, utc } from '../time-zone.ts';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const unitsMs: Readonly<Record<string, number>> = {
  second: 1000,
  sec: 1000,
  minute: 60_000,
  min: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A time as people write it for `date -d` and `touch -d`; undefined: none. */
export function dateMs(text: string, now: number, zone: TimeZone = utc): number | undefined {
  const trimmed = text.trim();
  if (/^@-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed.slice(1)) * 1000;
  const named = { now, today: now, tomorrow: now + 86_400_000, yesterday: now - 86_400_000 }[trimmed.toLowerCase()];
  if (named !== undefined) return named;
  const relative = relativeMs(trimmed, now);
  if (relative !== undefined) return relative;
  const full = fullDate(trimmed, zone);
  if (full !== undefined) return full;
  const wallNow = now + zone.offsetMs(now);
  const wall = compact(trimmed, wallNow) ?? timeOfDay(trimmed, wallNow);
  return wall === undefined ? undefined : fromWall(wall, zone);
}

function relativeMs(text: string, now: number): number | undefined {
  const [, sign = '', count, unit = '', ago] = /^(?:now\s*)?([-+]?)\s*(\d+)\s*([a-z]+?)s?(\s+ago)?$/i.exec(text) ?? [];
  if (count === undefined) return undefined;
  const amount = Number(count) * (sign === '-' ? -1 : 1) * (ago === undefined ? 1 : -1);
  const ms = unitsMs[unit.toLowerCase()];
  if (ms !== undefined) return now + amount * ms;
  const date = new Date(now);
  if (/^month$/i.test(unit)) return date.setUTCMonth(date.getUTCMonth() + amount);
  return /^year$/i.test(unit) ? date.setUTCFullYear(date.getUTCFullYear() + amount) : undefined;
}

/** `2026-01-02`, with a time, a zone; `2 Jan 2026`, `Fri Jan  2 03:04:05 UTC 2026`. */
function fullDate(text: string, here: TimeZone): number | undefined {
  const [iso, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone = ''] =
    /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?\s*(Z|UTC|GMT|[-+]\d{2}:?\d{2})?$/i.exec(
      text,
    ) ?? [];
  if (iso !== undefined) {
    const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    return toUtc(ms, zone, here) + Number(fraction) * 1000;
  }
  const words =
    /^(?:[a-z]{3},?\s+)?([a-z]{3})[a-z]*\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})(?:\s+([A-Z]+))?\s+(\d{4})$/i.exec(
      text,
    );
  if (words !== null) {
    const [, name = '', date, h, m, s, named = '', y] = words;
    const index = months.indexOf(name.toLowerCase());
    const ms = Date.UTC(Number(y), index, Number(date), Number(h), Number(m), Number(s));
    return index < 0 ? undefined : toUtc(ms, named, here);
  }
  const [, d, name = '', y, h = 0, m = 0, s = 0, z = ''] =
    /^(?:[a-z]{3},\s*)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*(Z|UTC|GMT|[-+]\d{2}:?\d{2})?$/i.exec(
      text,
    ) ?? [];
  const index = months.indexOf(name.toLowerCase());
  if (index < 0) return undefined;
  return toUtc(Date.UTC(Number(y), index, Number(d), Number(h), Number(m), Number(s)), z, here);
}

/** Of a text with or without a zone. */
function toUtc(wallMs: number, zone: string, here: TimeZone): number {
  return zone === '' ? fromWall(wallMs, here) : wallMs - zoneMs(zone);
}

function zoneMs(zone: string): number {
  const [, sign, hours, minutes] = /^([-+])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
}

/** `[[CC]YY]MMDDhhmm[.ss]`. */
function compact(text: string, now: number): number | undefined {
  const [, years, month, day, hour, minute, second = 0] =
    /^(\d{2}|\d{4})?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(text) ?? [];
  if (month === undefined) return undefined;
  const year =
    years === undefined ? new Date(now).getUTCFullYear() : years.length === 2 ? 2000 + Number(years) : Number(years);
  return Date.UTC(year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

function timeOfDay(text: string, now: number): number | undefined {
  const [, hour, minute, second = 0] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  if (hour === undefined) return undefined;
  const date = new Date(now);
  return date.setUTCHours(Number(hour), Number(minute), Number(second), 0);
}
