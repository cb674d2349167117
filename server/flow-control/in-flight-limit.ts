export interface InFlightLimit {
  /** The way out; undefined: full. */
  enter(): (() => void) | undefined;
}

/** At most so many at once; 0: any number. */
export function createInFlightLimit(max: number): InFlightLimit {
  let inFlight = 0;
  return {
    enter() {
      if (max > 0 && inFlight >= max) return undefined;
      inFlight++;
      let isIn = true;
      return () => {
        if (isIn) inFlight--;
        isIn = false;
      };
    },
  };
}
