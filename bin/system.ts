import { randomUUID } from 'node:crypto';
import type { Clock, Random } from '../api/clock.ts';

/** The one adapter to the system's time and randomness. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    // Node fires longer timers at once.
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() };
