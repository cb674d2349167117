import type { Clock } from '../../api/clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

export interface Scheduled {
  cancel(): void;
}

/** All that is due at some time, in a heap with one timer for the earliest: thousands of probes and leases cost no timers. */
export class Schedule {
  readonly #clock: Clock;
  readonly #heap: Entry[] = [];
  #order = 0;
  #timer: { readonly at: number; cancel(): void } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait, cancelled ones not yet due among them. */
  get size(): number {
    return this.#heap.length;
  }

  at(at: number, run: () => void): Scheduled {
    const entry: Entry = { at, order: this.#order++, run, isCancelled: false };
    this.#push(entry);
    this.#arm();
    return {
      cancel: () => {
        entry.isCancelled = true;
      },
    };
  }

  #arm(): void {
    const [first] = this.#heap;
    if (first === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined && this.#timer.at <= first.at) return;
    this.#timer?.cancel();
    const delay = Math.max(0, first.at - this.#clock.now());
    this.#timer = { at: first.at, ...this.#clock.after(delay, () => this.#runDue()) };
  }

  #runDue(): void {
    this.#timer = undefined;
    for (let [first] = this.#heap; first !== undefined; [first] = this.#heap) {
      if (!first.isCancelled && first.at > this.#clock.now()) break;
      this.#pop();
      if (!first.isCancelled) first.run();
    }
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const [left, right] = [heap[child], heap[child + 1]];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const below = isRight ? right : left;
      if (below === undefined || !isBefore(below, last)) break;
      heap[at] = below;
      at = isRight ? child + 1 : child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
