import type { Budget } from './budget.ts';

/** The signals that stop a process which does nothing about them. */
const stopping: ReadonlySet<string> = new Set(['STOP', 'TSTP', 'TTIN', 'TTOU']);

export function stops(name: string): boolean {
  return stopping.has(name);
}

/** What keeps a stopped process from going on. Signals wait with it. */
export class Hold {
  readonly released: Promise<void>;
  readonly budget: Budget;
  /** In the order in which they came. */
  readonly pending = new Set<string>();
  readonly release: () => void;

  constructor(budget: Budget) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.released = promise;
    this.release = resolve;
    this.budget = {
      breathe: (steps) => promise.then(() => budget.breathe(steps)),
      charge: (steps) => budget.charge(steps),
      spend: (nanoseconds) => budget.spend(nanoseconds),
      useSteadily: (cores) => budget.useSteadily(cores),
      cpuNanoseconds: () => budget.cpuNanoseconds(),
    };
  }

  keep(name: string): void {
    if (!stops(name)) this.pending.add(name);
  }
}
