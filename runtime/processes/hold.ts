import type { Clock } from '../../api/clock.ts';
import type { Budget } from './budget.ts';

/** The signals that stop a process which does nothing about them. */
const stopping: ReadonlySet<string> = new Set(['STOP', 'TSTP', 'TTIN', 'TTOU']);

export function stops(name: string): boolean {
  return stopping.has(name);
}

/** What keeps a stopped process from going on. Signals wait with it. */
export class Hold {
  /** What stopped it. */
  readonly signal: string;
  readonly released: Promise<void>;
  /** In the order in which they came. */
  readonly pending = new Set<string>();
  readonly release: () => void;

  constructor(signal: string) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.signal = signal;
    this.released = promise;
    this.release = resolve;
  }

  keep(name: string): void {
    if (!stops(name)) this.pending.add(name);
  }
}

/** Where all that a process does passes: closed while it is stopped. */
export class Gate {
  #hold: Hold | undefined;
  #waiting: ((hold: Hold) => void)[] | undefined;

  get hold(): Hold | undefined {
    return this.#hold;
  }

  close(signal: string): void {
    const hold = new Hold(signal);
    this.#hold = hold;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const tell of waiting) tell(hold);
  }

  /** The signals that came meanwhile. */
  open(): Iterable<string> {
    const before = this.#hold;
    this.#hold = undefined;
    before?.release();
    return before?.pending ?? [];
  }

  /** Now when it is closed, or once it is. */
  closed(): Promise<Hold> {
    if (this.#hold !== undefined) return Promise.resolve(this.#hold);
    this.#waiting ??= [];
    const waiting = this.#waiting;
    return new Promise((resolve) => void waiting.push(resolve));
  }

  /** Now, or as soon as it is open. */
  pass(run: () => void): void {
    if (this.#hold === undefined) run();
    else void this.#hold.released.then(() => this.pass(run));
  }
}

/** The time of a process that may be stopped: what falls due meanwhile comes afterwards. */
export class GatedClock implements Clock {
  readonly #gate: Gate;
  readonly #clock: Clock;

  constructor(gate: Gate, clock: Clock) {
    this.#gate = gate;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(...[ms, callback]: Parameters<Clock['after']>): ReturnType<Clock['after']> {
    let isCancelled = false;
    const timer = this.#clock.after(ms, () => {
      this.#gate.pass(() => {
        if (!isCancelled) callback();
      });
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }
}

/** The share of a process that may be stopped. */
export class GatedBudget implements Budget {
  readonly #gate: Gate;
  readonly #budget: Budget;

  constructor(gate: Gate, budget: Budget) {
    this.#gate = gate;
    this.#budget = budget;
  }

  breathe(steps?: number): Promise<void> | undefined {
    const { hold } = this.#gate;
    return hold === undefined ? this.#budget.breathe(steps) : hold.released.then(() => this.breathe(steps));
  }

  charge(steps: number): void {
    this.#budget.charge(steps);
  }

  spend(nanoseconds: number): void {
    this.#budget.spend(nanoseconds);
  }

  useSteadily(cores: number): void {
    this.#budget.useSteadily(cores);
  }

  cpuNanoseconds(): number {
    return this.#budget.cpuNanoseconds();
  }
}
