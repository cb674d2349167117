import type { Turn } from './turn.ts';

export interface WriteRecord {
  /** When the writer had its answer; never, if it failed. */
  acknowledged: number | undefined;
  /** When each watcher saw the event. */
  readonly seen: number[];
}

/** The value below which a share of the sorted values lies, by nearest rank. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** Latencies of all watchers and writes; what a watcher did not see has failed. An event before its acknowledgement took no time. */
export function fanOutTurn(writes: readonly WriteRecord[], watchers: number, seconds: number): Turn {
  const latencies: number[] = [];
  for (const { acknowledged, seen } of writes) {
    if (acknowledged !== undefined) latencies.push(...seen.map((time) => Math.max(0, time - acknowledged)));
  }
  latencies.sort((a, b) => a - b);
  const wanted = writes.length * watchers;
  return {
    requests: latencies.length,
    rate: seconds === 0 ? 0 : latencies.length / seconds,
    failed: wanted === 0 ? 1 : Math.max(0, wanted - latencies.length) / wanted,
    med: quantile(latencies, 0.5),
    'p(95)': quantile(latencies, 0.95),
    'p(99)': quantile(latencies, 0.99),
    max: latencies.at(-1) ?? 0,
  };
}
