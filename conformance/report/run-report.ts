import type { Coverage } from '../coverage/coverage.ts';
import type { CaseResult } from '../runner/case.ts';

/** Differences of one case between two clusters, as lines to read. */
export interface CaseDifferences {
  readonly id: string;
  readonly target: string;
  readonly lines: readonly string[];
}

/** All that the reports are written from. */
export interface RunReport {
  readonly started: string;
  readonly durationMs: number;
  readonly targets: readonly string[];
  readonly results: readonly CaseResult[];
  readonly coverage: Coverage;
  /** Empty without `--reference`. */
  readonly differences: readonly CaseDifferences[];
  /** Listed as gaps, but no such case ran or could have run. */
  readonly unknownGaps: readonly string[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly gaps: number;
  readonly unexpectedPasses: number;
}

export function countOf(results: readonly CaseResult[]): Counts {
  const count = (is: (result: CaseResult) => boolean): number => results.filter(is).length;
  return {
    passed: count(({ outcome, gap }) => outcome === 'passed' && gap === undefined),
    failed: count(({ outcome, gap }) => outcome === 'failed' && gap === undefined),
    skipped: count(({ outcome }) => outcome === 'skipped'),
    gaps: count(({ outcome, gap }) => outcome === 'failed' && gap !== undefined),
    unexpectedPasses: count(({ outcome, gap }) => outcome === 'passed' && gap !== undefined),
  };
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

export function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
