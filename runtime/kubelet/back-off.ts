const firstMs = 10_000;
export const maxBackOffMs = 300_000;

/** Upstream: the crash loop's back-off, doubling from 10 s to 5 min. The first restart is at once. */
export function restartDelay(restarts: number, maxMs = maxBackOffMs): number {
  return restarts === 0 ? 0 : Math.min(firstMs * 2 ** (restarts - 1), maxMs);
}

/** A container that ran for twice the longest back-off begins anew. */
export function isForgiven(ranMs: number, maxMs = maxBackOffMs): boolean {
  return ranMs > 2 * maxMs;
}

/** As in messages: `10s`, `1m20s`. */
export function backOffText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
