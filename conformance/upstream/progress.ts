import type { Outcome } from './junit.ts';

/** How far a run is, read off the suite's own output. */
export interface Progress {
  /** Undefined until the suite has said it. */
  readonly total: number | undefined;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly current: string | undefined;
}

export interface Finished {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: number;
}

export const atStart: Progress = { total: undefined, passed: 0, failed: 0, skipped: 0, current: undefined };

/** Takes one line of `e2e.log`; tells the test that finished with it, if one did. */
export function advance(
  progress: Progress,
  line: string,
): { readonly progress: Progress; readonly finished?: Finished } {
  const total = /^Will run (\d+) of \d+ specs/.exec(line)?.[1];
  if (total !== undefined) return { progress: { ...progress, total: Number(total) } };
  // A test's name stands at the left with its labels behind it; in summaries and failures there is a word between.
  const name = /^(\[sig-[a-z-]+\] .*\]) \[sig-[^\]]*\]$/.exec(line)?.[1];
  if (name !== undefined && !/^\[sig-[a-z-]+\].* \[(?:It|BeforeEach|AfterEach|DeferCleanup[^\]]*)\] /.test(line)) {
    return { progress: { ...progress, current: name } };
  }
  const [, bullet, word, seconds] = /^([•SP]) (?:\[([A-Z' ]+)\] )?\[([\d.]+) seconds\]/.exec(line) ?? [];
  if (bullet === undefined || progress.current === undefined || bullet === 'P') return { progress };
  const outcome: Outcome = bullet === 'S' ? 'skipped' : word === undefined ? 'passed' : 'failed';
  return {
    progress: { ...progress, [outcome]: progress[outcome] + 1, current: undefined },
    finished: { name: progress.current, outcome, seconds: Number(seconds) },
  };
}

/** `37/85 done, 36 passed, 1 failed, 2m05s elapsed, about 3m left` */
export function progressText(progress: Progress, elapsedSeconds: number): string {
  const done = progress.passed + progress.failed + progress.skipped;
  const parts = [`${done}/${progress.total ?? '?'} done`, `${progress.passed} passed`, `${progress.failed} failed`];
  if (progress.skipped > 0) parts.push(`${progress.skipped} skipped`);
  parts.push(`${durationText(elapsedSeconds)} elapsed`);
  if (progress.total !== undefined && done > 0 && done < progress.total) {
    parts.push(`about ${durationText((elapsedSeconds / done) * (progress.total - done))} left`);
  }
  return parts.join(', ');
}

export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (value: number) => String(value).padStart(2, '0');
  if (hours > 0) return `${hours}h${padded(minutes)}m`;
  return minutes > 0 ? `${minutes}m${padded(rest)}s` : `${rest}s`;
}
