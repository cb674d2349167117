import { CurlError } from './curl-options.ts';
import type { ParsedFlags } from './flags.ts';
import type { NetworkProcess } from './place.ts';

/** One URL on its way: what it has been told of itself so far, for `--write-out`. */
export interface Transfer {
  readonly flags: ParsedFlags;
  readonly process: NetworkProcess;
  readonly index: number;
  readonly startedAt: number;
  readonly limit: { readonly signal: AbortSignal; readonly hasPassed: () => boolean };
  readonly facts: Record<string, string>;
  say(text: string): void;
}

export function timedOut({ process, startedAt }: Transfer, received: number): CurlError {
  const ms = process.clock.now() - startedAt;
  return new CurlError(28, `Operation timed out after ${ms} milliseconds with ${received} bytes received`);
}
