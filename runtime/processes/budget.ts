import type { Clock } from '../../api/clock.ts';

/** Small steps of programs that may run without a rest. */
const burst = 50_000;
/** A step takes about five microseconds: a container that never rests uses some two percent of a core. */
const stepsPerMs = 5;
const stepsBetweenBreaths = 64;
const restMs = 20;
/** As its own statistics count: a busy program is at work all the time that it has. */
const nanosecondsPerStep = 1000;

/** The small share of the processor that a container has. */
export interface Budget {
  /** Called by loops, once a turn. When it answers with a promise, that is to be awaited. */
  breathe(): Promise<void> | undefined;
  /** Counts work that is only said to be done. */
  spend(nanoseconds: number): void;
  /** From now on so much of a core, whatever the programs do. */
  useSteadily(cores: number): void;
  /** What the container's programs used, as they would on a processor of their own. */
  cpuNanoseconds(): number;
}

export function createBudget(clock: Clock): Budget {
  let left = burst;
  let filledAt = clock.now();
  let turns = 0;
  let used = 0;
  let steady = { cores: 0, since: 0 };
  const steadily = (): number => steady.cores * (clock.now() - steady.since) * 1e6;
  return {
    breathe: () => {
      left--;
      used += nanosecondsPerStep;
      if (++turns % stepsBetweenBreaths !== 0) return undefined;
      const now = clock.now();
      left = Math.min(burst, left + (now - filledAt) * stepsPerMs);
      filledAt = now;
      const isTired = left <= 0;
      if (isTired) used += restMs * 1e6;
      return new Promise((resolve) => void clock.after(isTired ? restMs : 0, resolve));
    },
    spend: (nanoseconds) => {
      used += nanoseconds;
    },
    useSteadily: (cores) => {
      used += steadily();
      steady = { cores, since: clock.now() };
    },
    cpuNanoseconds: () => used + steadily(),
  };
}
