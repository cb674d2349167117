import type { Clock } from '../../api/clock.ts';

/** From now on, time that passes `factor` times as fast as another clock's. */
export function scaledClock(clock: Clock, factor: number): Clock {
  if (factor === 1) return clock;
  const origin = clock.now();
  return {
    now: () => Math.floor(origin + (clock.now() - origin) * factor),
    after: (delayMs, callback) => clock.after(delayMs / factor, callback),
  };
}
