import type { Clock } from '../../api/clock.ts';

/** Ends early, without an error, when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    timer.cancel();
    signal.removeEventListener('abort', end);
    resolve();
  };
  const timer = clock.after(ms, end);
  signal.addEventListener('abort', end, { once: true });
  return promise;
}
