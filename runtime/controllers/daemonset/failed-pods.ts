import type { Clock } from '../../../api/clock.ts';

const firstMs = 1000;
const maxMs = 15 * 60_000;
/** Who did not fail for this long begins anew. */
const forgetMs = 2 * maxMs;
const sweepMs = 60_000;

interface Entry {
  readonly since: number;
  readonly backoffMs: number;
}

/** Keeps a set and a node that refuses its pods from fighting: each replacement of a failed pod waits twice as long as the one before. */
export class FailedPods {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #sweptAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait; undefined: now, and the next one is counted from now. */
  delayOf(key: string): number | undefined {
    const now = this.#clock.now();
    this.#sweep(now);
    const present = this.#entries.get(key);
    if (present === undefined || now - present.since > forgetMs) {
      this.#entries.set(key, { since: now, backoffMs: firstMs });
      return undefined;
    }
    const left = present.since + present.backoffMs - now;
    if (left > 0) return left;
    this.#entries.set(key, { since: now, backoffMs: Math.min(present.backoffMs * 2, maxMs) });
    return undefined;
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const [key, { since }] of this.#entries) if (now - since > forgetMs) this.#entries.delete(key);
  }
}
