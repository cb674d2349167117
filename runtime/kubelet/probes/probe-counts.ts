import type { ProbeOutcome } from './probe.ts';

type Result = 'successful' | 'failed' | 'unknown';

const results: Readonly<Record<ProbeOutcome['is'], Result>> = {
  success: 'successful',
  warning: 'successful',
  failure: 'failed',
  error: 'unknown',
};

/** How often the probes of a container have ended how, for `prober_probe_total`. Most containers have none: nothing is made before the first. */
export class ProbeCounts {
  #counts: Map<string, number> | undefined;

  count(kind: string, outcome: ProbeOutcome['is']): void {
    this.#counts ??= new Map();
    const key = `${kind} ${results[outcome]}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  all(): readonly { readonly kind: string; readonly result: string; readonly count: number }[] {
    return [...(this.#counts ?? [])].map(([key, count]) => {
      const [kind = '', result = ''] = key.split(' ');
      return { kind, result, count };
    });
  }
}
