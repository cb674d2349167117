import type { CronSchedule } from '../../../api/cron.ts';
import { nextCronTime } from '../../../api/cron-next.ts';
import { timeOf } from '../pod-state.ts';
import type { CronJob } from './cron-job.ts';

/** A little late rather than early: clocks differ. */
const paddingMs = 100;
/** More missed runs than this are worth a warning. */
const manyMissed = 100;

export interface Recent {
  /** Runs before it are not considered. */
  readonly earliest: number;
  /** The latest run that is due; undefined where none is. */
  readonly due?: number;
  readonly missed: 'none' | 'few' | 'many';
}

/** The next run after an instant. */
export type NextRun = (afterMs: number) => number | undefined;

export function nextRunOf(schedule: CronSchedule, timeZone: string | undefined): NextRun {
  return (afterMs) => nextCronTime(schedule, afterMs, timeZone);
}

/** undefined where the schedule makes no sense: its runs never come, or come all at once. */
export function recentRun(cronJob: CronJob, now: number, next: NextRun, heedsDeadline: boolean): Recent | undefined {
  const { startingDeadlineSeconds } = cronJob.spec ?? {};
  let earliest = timeOf(cronJob.status?.lastScheduleTime) ?? timeOf(cronJob.metadata?.creationTimestamp) ?? 0;
  if (heedsDeadline && startingDeadlineSeconds !== undefined)
    earliest = Math.max(earliest, now - startingDeadlineSeconds * 1000);
  const first = next(earliest);
  const second = first === undefined ? undefined : next(first);
  if (first === undefined || second === undefined) return undefined;
  if (now < first) return { earliest, missed: 'none' };
  if (now < second) return { earliest, due: first, missed: 'none' };
  const intervalMs = Math.round((second - first) / 1000) * 1000;
  if (intervalMs < 1000) return undefined;
  // An estimate: as if all runs were as far apart as these two.
  const count = Math.floor(Math.floor((now - first) / 1000) / (intervalMs / 1000)) + 1;
  let due: number | undefined;
  for (let run = next(first + (count - 2) * intervalMs); run !== undefined && run <= now; run = next(run)) due = run;
  return { earliest, missed: count > manyMissed ? 'many' : 'few', ...(due === undefined ? {} : { due }) };
}

/** When to look again; undefined where no run will ever come. */
export function untilNextRunMs(cronJob: CronJob, now: number, next: NextRun): number | undefined {
  const recent = recentRun(cronJob, now, next, false);
  const since = recent?.due ?? (recent?.missed === 'none' ? recent.earliest : now);
  const run = next(since);
  return run === undefined ? undefined : run + paddingMs - now;
}
