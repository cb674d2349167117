import { hidePaths, type Names, normalise } from '../tables-runner/normalise.ts';
import type { Exchange } from './case.ts';

/** Addresses that cases made of their random word (198.18.0.0/15 is for tests), and ages in tables. */
function hideChosen(value: unknown): unknown {
  const text = JSON.stringify(value);
  return JSON.parse(text.replace(/198\.1[89]\.\d+\.\d+/g, '<address>').replace(/"\d{1,2}s"/g, '"<age>"'));
}

/** What two clusters are compared by: requests and answers without what differs from run to run. */
export function normaliseExchanges(exchanges: readonly Exchange[], names: Names, free: readonly string[]): unknown[] {
  const now = Date.now();
  // The same value stands in the object itself, in a list of it and in watch events.
  const paths = free.flatMap((path) => [path, `items[*].${path}`, `[*].object.${path}`]);
  return exchanges
    .filter(({ unstable }) => !unstable)
    .map(({ method, path, status, contentType, warnings, body }) => {
      const answer = { request: `${method} ${path}`, status, contentType, warnings, body };
      const shown = hideChosen(normalise(answer, names, now)) as { body: unknown };
      hidePaths(shown.body, paths);
      return shown;
    });
}
