import type { Clock } from '../../api/clock.ts';

/** Small steps of programs that may run without a rest. */
const burst = 200_000;
/** A step takes about five microseconds: a container that never rests uses some two percent of a core. */
const stepsPerMs = 5;
const stepsBetweenBreaths = 64;
const restMs = 20;
const longestRestMs = 1000;
/** As its own statistics count: a busy program is at work all the time that it has. */
const nanosecondsPerStep = 1000;

/** The small share of the processor that a container has. */
export interface Budget {
  /** Called by loops, once a turn, which is a step or a part of one. When it answers with a promise, that is to be awaited. */
  breathe(steps?: number): Promise<void> | undefined;
  /** Steps that were done without a rest. */
  charge(steps: number): void;
  /** Counts work that is only said to be done. */
  spend(nanoseconds: number): void;
  /** From now on so much of a core, whatever the programs do. */
  useSteadily(cores: number): void;
  /** What the container's programs used, as they would on a processor of their own. */
  cpuNanoseconds(): number;
}

export function createBudget(clock: Clock): Budget {
  return new TokenBudget(clock);
}

class TokenBudget implements Budget {
  readonly #clock: Clock;
  #left = burst;
  #filledAt: number;
  #sinceBreath = 0;
  #used = 0;
  #steadyCores = 0;
  #steadySince = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledAt = clock.now();
  }

  charge(steps: number): void {
    this.#left -= steps;
    this.#sinceBreath += steps;
    this.#used += nanosecondsPerStep * steps;
  }

  breathe(steps = 1): Promise<void> | undefined {
    this.charge(steps);
    if (this.#sinceBreath < stepsBetweenBreaths) return undefined;
    this.#sinceBreath = 0;
    const now = this.#clock.now();
    this.#left = Math.min(burst, this.#left + (now - this.#filledAt) * stepsPerMs);
    this.#filledAt = now;
    const rest = this.#left > 0 ? 0 : Math.max(restMs, Math.min(-this.#left / stepsPerMs, longestRestMs));
    this.#used += rest * 1e6;
    return new Promise((resolve) => void this.#clock.after(rest, resolve));
  }

  spend(nanoseconds: number): void {
    this.#used += nanoseconds;
  }

  useSteadily(cores: number): void {
    this.#used = this.cpuNanoseconds();
    this.#steadyCores = cores;
    this.#steadySince = this.#clock.now();
  }

  cpuNanoseconds(): number {
    return this.#used + this.#steadyCores * (this.#clock.now() - this.#steadySince) * 1e6;
  }
}
