import type { Comparison, Scenario } from './catalog.ts';
import type { Turn } from './turn.ts';

export interface TurnResult extends Turn {
  /** Processor seconds that the server used in the turn. */
  readonly cpuSeconds?: number;
}

/** What was measured with one number of stored pods. */
export interface Load {
  readonly pods: number;
  readonly loadedBytes?: number;
  /** The most during the turns. */
  readonly peakBytes?: number;
  /** After the turns, when all is quiet again. */
  readonly settledBytes?: number;
  readonly turns: Readonly<Partial<Record<Scenario, readonly TurnResult[]>>>;
}

/** Use of one server's process tree, and of the clients', at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly doing: string;
  readonly rssBytes: number;
  /** Processors in use since the sample before: 1 is one of them all the time. */
  readonly processors: number;
  readonly clientRssBytes: number;
  readonly clientProcessors: number;
}

/** Memory and time are absent when the server's processes are not ours. */
export interface ServerResult {
  readonly name: string;
  readonly version?: string;
  readonly readyMs?: number;
  readonly idleBytes?: number;
  readonly loads: readonly Load[];
  readonly samples: readonly Sample[];
}

export interface Skipped {
  readonly scenario: Scenario;
  readonly why: string;
}

export interface Results {
  readonly date: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly duration: string;
  readonly clients: number;
  readonly scenarios: readonly Scenario[];
  readonly skipped: readonly Skipped[];
  readonly servers: readonly ServerResult[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** The medians of all turns of a scenario. */
export interface Summary {
  readonly rate: number;
  readonly lowestRate: number;
  readonly highestRate: number;
  /** Half the distance from the lowest to the highest rate, as a part of the median. */
  readonly spread: number;
  readonly med: number;
  readonly p99: number;
  /** The worst turn's. */
  readonly failed: number;
  readonly cpuMsPerRequest?: number;
}

export function summaryOf(turns: readonly TurnResult[] | undefined): Summary | undefined {
  if (turns === undefined || turns.length === 0) return undefined;
  const rates = turns.map((turn) => turn.rate);
  const rate = median(rates);
  const [lowestRate, highestRate] = [Math.min(...rates), Math.max(...rates)];
  const cpu = turns.flatMap(({ cpuSeconds, requests }) =>
    cpuSeconds === undefined || requests === 0 ? [] : [(cpuSeconds / requests) * 1000],
  );
  return {
    rate,
    lowestRate,
    highestRate,
    spread: rate === 0 ? 0 : (highestRate - lowestRate) / 2 / rate,
    med: median(turns.map((turn) => turn.med)),
    p99: median(turns.map((turn) => turn['p(99)'])),
    failed: Math.max(...turns.map((turn) => turn.failed)),
    ...(cpu.length === 0 ? {} : { cpuMsPerRequest: median(cpu) }),
  };
}

/** The number that a scenario is about. */
export function figureOf(compares: Comparison, { rate, med, p99 }: Summary): number {
  return { rate, latency: med, p99 }[compares];
}

/** How many times better the first is; undefined when there is nothing to divide. */
export function timesBetter(
  compares: Comparison,
  ours: Summary | undefined,
  theirs: Summary | undefined,
): number | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  const [own, other] = [figureOf(compares, ours), figureOf(compares, theirs)];
  const [high, low] = compares === 'rate' ? [own, other] : [other, own];
  return low === 0 ? undefined : high / low;
}
