import type { Clock } from '../../../api/clock.ts';

export interface Poller {
  /** Runs soon; what is asked for during a run comes after it. */
  wake(): void;
  stop(): void;
}

export interface Pace {
  readonly firstDelayMs: number;
  /** After a run that succeeded. */
  readonly intervalMs: number;
  /** After a failure, doubling up to the longest. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
}

/** Runs `task` again and again, never twice at a time. The task says by its answer whether it succeeded, and never throws. */
export function startPoller(clock: Clock, pace: Pace, task: () => Promise<boolean>): Poller {
  let failures = 0;
  let running = false;
  let again = false;
  let stopped = false;
  let timer = clock.after(pace.firstDelayMs, () => void run());
  const run = async (): Promise<void> => {
    timer.cancel();
    running = true;
    again = false;
    const succeeded = await task();
    running = false;
    if (stopped) return;
    failures = succeeded ? 0 : failures + 1;
    const delay = succeeded ? pace.intervalMs : Math.min(pace.retryMs * 2 ** (failures - 1), pace.maxRetryMs);
    timer = clock.after(again ? 0 : delay, () => void run());
  };
  return {
    wake() {
      again = true;
      if (running || stopped) return;
      timer.cancel();
      timer = clock.after(0, () => void run());
    },
    stop() {
      stopped = true;
      timer.cancel();
    },
  };
}
