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
  let left = burst;
  let filledAt = clock.now();
  let sinceBreath = 0;
  let used = 0;
  let steady = { cores: 0, since: 0 };
  const steadily = (): number => steady.cores * (clock.now() - steady.since) * 1e6;
  const charge = (steps: number): void => {
    left -= steps;
    sinceBreath += steps;
    used += nanosecondsPerStep * steps;
  };
  return {
    charge,
    breathe: (steps = 1) => {
      charge(steps);
      if (sinceBreath < stepsBetweenBreaths) return undefined;
      sinceBreath = 0;
      const now = clock.now();
      left = Math.min(burst, left + (now - filledAt) * stepsPerMs);
      filledAt = now;
      const rest = left > 0 ? 0 : Math.max(restMs, Math.min(-left / stepsPerMs, longestRestMs));
      used += rest * 1e6;
      return new Promise((resolve) => void clock.after(rest, resolve));
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
