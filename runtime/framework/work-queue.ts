import type { Clock } from '../../api/clock.ts';

export interface RetryTimes {
  readonly firstMs: number;
  readonly maxMs: number;
}

const defaultRetry: RetryTimes = { firstMs: 5, maxMs: 1000_000 };

/** Who counts what a queue does. */
export interface QueueObserver {
  added(): void;
  retried(): void;
  waited(ms: number): void;
  worked(ms: number): void;
}

/** Keys to look at: each is there once, is handed out to one worker at a time, and comes again when it is added meanwhile. */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #retry: RetryTimes;
  /** With the time each came. */
  readonly #ready = new Map<string, number>();
  readonly #running = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { readonly at: number; cancel(): void }>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  #isClosed = false;
  observer: QueueObserver | undefined;

  constructor(clock: Clock, retry: RetryTimes = defaultRetry) {
    this.#clock = clock;
    this.#retry = retry;
  }

  /** How many wait now. */
  get depth(): number {
    return this.#ready.size;
  }

  /** How long each key under way has taken so far, in milliseconds. */
  running(): number[] {
    const now = this.#clock.now();
    return [...this.#running.values()].map((since) => now - since);
  }

  /** Nothing waits, runs, or will come back later. */
  get isIdle(): boolean {
    return this.#ready.size === 0 && this.#running.size === 0 && this.#timers.size === 0;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    this.observer?.added();
    if (this.#running.has(key)) this.#again.add(key);
    else if (!this.#ready.has(key)) {
      const worker = this.#waiting.shift();
      const now = this.#clock.now();
      if (worker === undefined) this.#ready.set(key, now);
      else this.#start(key, now, worker);
    }
  }

  /** The earlier of several times counts. */
  addAfter(key: string, ms: number): void {
    if (this.#isClosed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.now() + ms;
    const present = this.#timers.get(key);
    if (present !== undefined && present.at <= at) return;
    present?.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { at, cancel: () => timer.cancel() });
  }

  /** After a failure: later each time, until `forget`. */
  addRateLimited(key: string): void {
    const count = this.#failures.get(key) ?? 0;
    this.#failures.set(key, count + 1);
    this.observer?.retried();
    this.addAfter(key, Math.min(this.#retry.firstMs * 2 ** count, this.#retry.maxMs));
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, to be given back by `done`; undefined when the queue is closed. */
  next(): Promise<string | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const [entry] = this.#ready;
      if (entry === undefined) {
        this.#waiting.push(resolve);
        return;
      }
      const [key, since] = entry;
      this.#ready.delete(key);
      this.#start(key, since, resolve);
    });
  }

  done(key: string): void {
    const since = this.#running.get(key);
    this.#running.delete(key);
    if (since !== undefined) this.observer?.worked(this.#clock.now() - since);
    if (this.#again.delete(key)) this.add(key);
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #start(key: string, since: number, worker: (key: string) => void): void {
    const now = this.#clock.now();
    this.#running.set(key, now);
    this.observer?.waited(now - since);
    worker(key);
  }
}
