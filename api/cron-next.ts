import type { CronFields, CronSchedule } from './cron.ts';
import { type ZoneOffset, zoneOffset } from './zone-offset.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A schedule that matches no day of so many years never does: the 30th of February. */
const searchedDays = 5 * 366;

function offsetsOf(timeZone: string | undefined): ZoneOffset {
  return timeZone === undefined || timeZone === '' || timeZone === 'UTC' ? () => 0 : zoneOffset(timeZone);
}

/** With a star in a day field both fields must match; with both given, one of them suffices. */
function matchesDay(schedule: CronFields, midnight: Date): boolean {
  if (!schedule.months.has(midnight.getUTCMonth() + 1)) return false;
  const dayOfMonth = schedule.daysOfMonth.has(midnight.getUTCDate());
  const dayOfWeek = schedule.daysOfWeek.has(midnight.getUTCDay());
  return schedule.daysOfMonthStar || schedule.daysOfWeekStar ? dayOfMonth && dayOfWeek : dayOfMonth || dayOfWeek;
}

const ascending = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);

/**
 * The first matching instant of a day after `afterMs`. A wall time that a change of the clocks skips matches nothing, one that it
 * repeats matches twice, as upstream.
 */
function nextOfDay(
  schedule: CronFields,
  midnightMs: number,
  afterMs: number,
  offsetAt: ZoneOffset,
): number | undefined {
  const offsets = new Set([offsetAt(midnightMs - dayMs), offsetAt(midnightMs + 2 * dayMs)]);
  let first: number | undefined;
  for (const hour of ascending(schedule.hours)) {
    for (const minute of ascending(schedule.minutes)) {
      const wall = midnightMs + (hour * 60 + minute) * minuteMs;
      for (const offset of offsets) {
        const instant = wall - offset;
        if (instant <= afterMs || (first !== undefined && instant >= first)) continue;
        if (offsets.size === 1 || offsetAt(instant) === offset) first = instant;
      }
      // With one offset all day the first match is the earliest.
      if (first !== undefined && offsets.size === 1) return first;
    }
  }
  return first;
}

/** The next instant of a schedule, undefined when it never comes. A zone in the schedule itself goes before `timeZone`; default UTC. */
export function nextCronTime(schedule: CronSchedule, afterMs: number, timeZone?: string): number | undefined {
  if ('everyMs' in schedule) return Math.floor(afterMs / 1000) * 1000 + schedule.everyMs;
  const offsetAt = offsetsOf(schedule.timeZone ?? timeZone);
  const start = Math.floor((afterMs + offsetAt(afterMs)) / dayMs) * dayMs;
  for (let day = 0; day < searchedDays; day++) {
    const midnightMs = start + day * dayMs;
    if (!matchesDay(schedule, new Date(midnightMs))) continue;
    const found = nextOfDay(schedule, midnightMs, afterMs, offsetAt);
    if (found !== undefined) return found;
  }
  return undefined;
}
