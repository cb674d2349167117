import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import type { Pod } from './pod-runtime.ts';

/** `activeDeadlineSeconds`, which may be set, or moved, while the pod runs. */
export class PodDeadline {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #expire: () => void;
  #seconds: number | undefined;

  /** Calls `expire` when the time is over, unless `signal` aborts before. */
  constructor(clock: Clock, signal: AbortSignal, expire: () => void) {
    this.#clock = clock;
    this.#signal = signal;
    this.#expire = expire;
  }

  set({ spec }: Readonly<Pod>, startTime: string): void {
    const seconds = spec?.activeDeadlineSeconds;
    if (seconds === this.#seconds || this.#signal.aborted) return;
    this.#seconds = seconds;
    if (seconds === undefined) return;
    const left = Date.parse(startTime) + seconds * 1000 - this.#clock.now();
    void sleep(this.#clock, Math.max(0, left), this.#signal).then(() => {
      if (this.#seconds === seconds && !this.#signal.aborted) this.#expire();
    });
  }
}
