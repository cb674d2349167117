import { hidePaths, type Names, normalise } from '../tables-runner/normalise.ts';
import type { Exchange } from './case.ts';

/** What two clusters are compared by: requests and answers without what differs from run to run. */
export function normaliseExchanges(exchanges: readonly Exchange[], names: Names, free: readonly string[]): unknown[] {
  const now = Date.now();
  // The same value stands in the object itself, in a list of it and in watch events.
  const paths = free.flatMap((path) => [path, `items[*].${path}`, `[*].object.${path}`]);
  return exchanges
    .filter(({ unstable }) => !unstable)
    .map(({ method, path, status, contentType, warnings, body }) => {
      const shown = normalise({ request: `${method} ${path}`, status, contentType, warnings, body }, names, now) as {
        body: unknown;
      };
      hidePaths(shown.body, paths);
      return shown;
    });
}
