import type { Case, CaseResult, Exchange } from './case.ts';
import { areaOf, CaseFailure } from './case.ts';
import { openContext } from './context.ts';
import { compareValues, type Difference } from './differences.ts';
import { normaliseExchanges } from './normalise-exchanges.ts';
import type { Target } from './target.ts';

const caseTimeoutMs = 90_000;

export interface CaseRun {
  readonly result: CaseResult;
  readonly exchanges: readonly Exchange[];
  /** What two clusters are compared by; empty when the case did not run. */
  readonly comparable: readonly unknown[];
}

function reasonToSkip({ needs = [], groupVersion }: Case, target: Target): string | undefined {
  const missing = needs.filter((need) => !target.offers.has(need));
  if (missing.length > 0) return `needs ${missing.join(' and ')}`;
  if (groupVersion !== undefined && !target.groupVersions.has(groupVersion)) return `${groupVersion} is not served`;
  return undefined;
}

async function withTimeout(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new CaseFailure(`not finished within ${caseTimeoutMs / 1000} s`)), caseTimeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs one case; never throws. */
export async function runCase(wanted: Case, target: Target, gaps: Readonly<Record<string, string>>): Promise<CaseRun> {
  const { id, proves } = wanted;
  const base = { id, area: areaOf(id), target: target.name, proves, gap: gaps[id] };
  const skip = reasonToSkip(wanted, target);
  if (skip !== undefined)
    return { result: { ...base, outcome: 'skipped', durationMs: 0, messages: [skip] }, exchanges: [], comparable: [] };
  const start = performance.now();
  const opened = openContext({
    connection: target.connection,
    restart: target.restart,
    namespacesEmptyThemselves: target.offers.has('controllers'),
  });
  const messages: string[] = [];
  try {
    await withTimeout(wanted.run(opened.context));
  } catch (error) {
    const text = error instanceof CaseFailure ? error.message : error instanceof Error ? error.stack : String(error);
    messages.push(...(text ?? '').split('\n'));
  }
  const durationMs = performance.now() - start;
  await opened[Symbol.asyncDispose]();
  const comparable = normaliseExchanges(opened.exchanges, opened.names, wanted.free ?? []);
  const outcome = messages.length === 0 ? 'passed' : 'failed';
  return { result: { ...base, outcome, durationMs, messages }, exchanges: opened.exchanges, comparable };
}

/** The differences between two runs of one case, in the order of its requests. */
export function compareRuns(ours: CaseRun, theirs: CaseRun): Difference[] {
  if (ours.comparable.length === 0 || theirs.comparable.length === 0) return [];
  return compareValues(ours.comparable, theirs.comparable);
}

/** Runs `work` over all items, `atOnce` of them at a time, results in their order. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
