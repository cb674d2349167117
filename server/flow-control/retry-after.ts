const maxSeconds = 32;

export interface RetryAfter {
  /** Counts one refused request and says after how many seconds the client may come back. */
  refuse(now: number): number;
}

/** One second, doubled while refusals go on and taken back when they cease. */
export function createRetryAfter(): RetryAfter {
  let seconds = 1;
  let changedAt = 0;
  let current = 0;
  let count = 0;
  let history: { readonly second: number; readonly refused: number }[] = [];
  const adjust = (second: number): void => {
    const recent = history
      .filter((entry) => second - entry.second <= seconds && entry.second < second)
      .reduce((all, { refused }) => all + refused, 0);
    if (second - changedAt >= seconds && recent >= 3 * seconds) {
      seconds = Math.min(maxSeconds, seconds * 2);
      changedAt = second;
    } else if (recent < seconds && seconds > 1) seconds--;
  };
  return {
    refuse(now) {
      const second = Math.floor(now / 1000);
      if (second === current) count++;
      else {
        const keep = Math.min(2 * seconds, maxSeconds);
        history = [...history, { second: current, refused: count }].filter((entry) => current - entry.second <= keep);
        current = second;
        count = 1;
        adjust(second);
      }
      return seconds;
    },
  };
}
