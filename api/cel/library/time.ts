import { zoneOffset } from '../../zone-offset.ts';
import { noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { Duration, Timestamp } from '../runtime/time.ts';
import { CelError, type Result } from '../runtime/values.ts';

/** The clock and calendar somewhere, told by a Date whose UTC fields are the local ones. */
function localDate(time: Timestamp, zone: string): Date | CelError {
  const colon = zone.indexOf(':');
  if (colon >= 0) return fixedZone(time, zone, colon);
  if (zone === '' || zone === 'UTC' || zone === 'Local') return shifted(time, 0);
  const offset = namedOffset(time, zone);
  return offset === undefined ? new CelError(`unknown time zone ${zone}`) : shifted(time, offset);
}

function shifted(time: Timestamp, offset: number): Date {
  return new Date((time.seconds + offset) * 1000);
}

function fixedZone(time: Timestamp, zone: string, colon: number): Date | CelError {
  const [hours, minutes] = [zone.slice(0, colon), zone.slice(colon + 1)];
  for (const number of [hours, minutes]) {
    if (!/^[+-]?[0-9]+$/.test(number)) {
      return new CelError(`strconv.Atoi: parsing ${JSON.stringify(number)}: invalid syntax`);
    }
  }
  const offset = Number(hours) * 60 + (zone.startsWith('-') ? -Number(minutes) : Number(minutes));
  return shifted(time, offset * 60);
}

function namedOffset(time: Timestamp, zone: string): number | undefined {
  // Intl takes names in any case.
  if (!/^[A-Z][^/]*(?:\/[A-Z][^/]*)*$/.test(zone)) return undefined;
  try {
    return zoneOffset(zone)(time.seconds * 1000) / 1000;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Part = (date: Date, time: Timestamp) => number;

function reading(id: string, part: Part, zoned = `${id}_with_tz`): Record<string, Implementation> {
  return {
    [id]: (time) => (time instanceof Timestamp ? part(shifted(time, 0), time) : noSuchOverload),
    [zoned]: (time, zone): Result => {
      if (!(time instanceof Timestamp) || typeof zone !== 'string') return noSuchOverload;
      const date = localDate(time, zone);
      return date instanceof CelError ? date : part(date, time);
    },
  };
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000);
}

/** Whole units of a duration; hours and minutes go through a double, as Go's do. */
function whole(unit: bigint): Implementation {
  return (duration) => (duration instanceof Duration ? Number(duration.nanoseconds / unit) : noSuchOverload);
}

export const timeImplementations: Implementations = {
  ...reading('timestamp_to_year', (date) => date.getUTCFullYear()),
  ...reading('timestamp_to_month', (date) => date.getUTCMonth()),
  ...reading('timestamp_to_day_of_year', dayOfYear),
  ...reading('timestamp_to_day_of_month', (date) => date.getUTCDate() - 1),
  ...reading('timestamp_to_day_of_month_1_based', (date) => date.getUTCDate()),
  ...reading('timestamp_to_day_of_week', (date) => date.getUTCDay()),
  ...reading('timestamp_to_hours', (date) => date.getUTCHours()),
  ...reading('timestamp_to_minutes', (date) => date.getUTCMinutes()),
  ...reading('timestamp_to_seconds', (date) => date.getUTCSeconds(), 'timestamp_to_seconds_tz'),
  ...reading('timestamp_to_milliseconds', (_, time) => Math.floor(time.nanos / 1_000_000)),
  duration_to_hours: whole(3_600_000_000_000n),
  duration_to_minutes: whole(60_000_000_000n),
  duration_to_seconds: whole(1_000_000_000n),
  duration_to_milliseconds: whole(1_000_000n),
};
