/** How many seats a priority level could use, over one period. */
export interface DemandOfPeriod {
  readonly average: number;
  readonly deviation: number;
  readonly max: number;
  readonly durationMs: number;
}

export interface SeatDemand {
  set(seats: number, now: number): void;
  /** What was since the last reset. */
  reset(now: number): DemandOfPeriod;
}

/** Integrates over time: an average of what was, weighted by how long it was. */
export function createSeatDemand(start: number): SeatDemand {
  let seats = 0;
  let last = start;
  let durationMs = 0;
  let sum = 0;
  let squares = 0;
  let max = 0;
  const advance = (now: number): void => {
    const passed = now - last;
    if (passed <= 0) return;
    last = now;
    durationMs += passed;
    sum += seats * passed;
    squares += seats * seats * passed;
  };
  return {
    set(value, now) {
      advance(now);
      seats = value;
      if (value > max) max = value;
    },
    reset(now) {
      advance(now);
      const average = durationMs === 0 ? 0 : sum / durationMs;
      const variance = durationMs === 0 ? 0 : squares / durationMs - average * average;
      const period = { average, deviation: Math.sqrt(Math.max(0, variance)), max, durationMs };
      durationMs = 0;
      sum = 0;
      squares = 0;
      max = seats;
      return period;
    },
  };
}
