import type { Scenario, Turn } from './k6.ts';

export interface ServerResult {
  readonly name: string;
  readonly readyMs: number | undefined;
  readonly idleBytes: number | undefined;
  readonly loadedBytes: number | undefined;
  readonly peakBytes: number | undefined;
  readonly turns: Readonly<Partial<Record<Scenario, readonly TurnResult[]>>>;
}

export interface TurnResult extends Turn {
  /** Processor seconds that the server used in the turn. */
  readonly cpuSeconds: number | undefined;
}

/** perf/thresholds.json: how many times the other's rate, what part of its memory, and how soon ready. */
export interface Thresholds {
  readonly rates: Readonly<Record<Scenario, number>>;
  readonly idleMemory: number;
  readonly loadedMemory: number;
  readonly readyMs: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

const rateOf = (turns: readonly TurnResult[] | undefined) => median((turns ?? []).map((turn) => turn.rate));

function spreadOf(turns: readonly TurnResult[]): string {
  const rates = turns.map((turn) => turn.rate);
  const middle = median(rates);
  return middle === 0 ? '-' : `±${Math.round(((Math.max(...rates) - Math.min(...rates)) / 2 / middle) * 100)} %`;
}

function rateCells(turns: readonly TurnResult[] | undefined): string[] {
  if (turns === undefined || turns.length === 0) return ['-', '-', '-', '-', '-', '-'];
  const cpu = turns.map((turn) => ((turn.cpuSeconds ?? Number.NaN) / turn.requests) * 1000);
  const failed = Math.max(...turns.map((turn) => turn.failed));
  return [
    median(turns.map((turn) => turn.rate)).toFixed(1),
    spreadOf(turns),
    median(turns.map((turn) => turn.med)).toFixed(2),
    median(turns.map((turn) => turn['p(99)'])).toFixed(1),
    Number.isNaN(median(cpu)) ? '-' : median(cpu).toFixed(2),
    `${(failed * 100).toFixed(1)} %`,
  ];
}

const mebibytes = (bytes: number | undefined) => (bytes === undefined ? '-' : `${(bytes / 2 ** 20).toFixed(0)} MiB`);
const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined || b === 0 ? '-' : (a / b).toFixed(2);

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}

/** What a person reads after a run. `other` is absent when one server was measured alone. */
export function reportText(scenarios: readonly Scenario[], subject: ServerResult, other?: ServerResult): string {
  const servers = other === undefined ? [subject] : [subject, other];
  const rates = [['scenario', 'server', 'req/s', 'spread', 'median ms', 'p99 ms', 'cpu ms/req', 'failed']];
  const ratios = [['scenario', '', 'times the rate']];
  for (const scenario of scenarios) {
    for (const server of servers) rates.push([scenario, server.name, ...rateCells(server.turns[scenario])]);
    if (other !== undefined) {
      ratios.push([scenario, '', ratio(rateOf(subject.turns[scenario]), rateOf(other.turns[scenario]))]);
    }
  }
  const memory = [['', 'server', 'ready ms', 'idle', 'loaded', 'peak']];
  for (const { name, readyMs, idleBytes, loadedBytes, peakBytes } of servers) {
    const ready = readyMs === undefined ? '-' : readyMs.toFixed(0);
    memory.push(['', name, ready, mebibytes(idleBytes), mebibytes(loadedBytes), mebibytes(peakBytes)]);
  }
  if (other !== undefined) {
    memory.push([
      '',
      'ratio',
      ratio(subject.readyMs, other.readyMs),
      ratio(subject.idleBytes, other.idleBytes),
      ratio(subject.loadedBytes, other.loadedBytes),
      ratio(subject.peakBytes, other.peakBytes),
    ]);
  }
  return [table(rates), other === undefined ? '' : table(ratios), table(memory)].filter((t) => t !== '').join('\n\n');
}

/** What falls short of the thresholds, in words; nothing when all are met. */
export function shortfalls(
  thresholds: Thresholds,
  scenarios: readonly Scenario[],
  subject: ServerResult,
  other: ServerResult,
): string[] {
  const found: string[] = [];
  for (const scenario of scenarios) {
    const times = rateOf(subject.turns[scenario]) / rateOf(other.turns[scenario]);
    const wanted = thresholds.rates[scenario];
    if (!(times >= wanted)) found.push(`${scenario}: ${times.toFixed(2)} times the rate, wanted ${wanted}`);
    const failed = Math.max(0, ...(subject.turns[scenario] ?? []).map((turn) => turn.failed));
    if (failed > 0) found.push(`${scenario}: ${(failed * 100).toFixed(2)} % of the requests failed`);
  }
  const part = (what: string, ours: number | undefined, theirs: number | undefined, most: number) => {
    if (ours === undefined || theirs === undefined) return;
    if (ours > theirs * most)
      found.push(`${what}: ${(ours / theirs).toFixed(2)} of the memory, wanted at most ${most}`);
  };
  part('idle', subject.idleBytes, other.idleBytes, thresholds.idleMemory);
  part('loaded', subject.loadedBytes, other.loadedBytes, thresholds.loadedMemory);
  if ((subject.readyMs ?? 0) > thresholds.readyMs) {
    found.push(`ready after ${subject.readyMs?.toFixed(0)} ms, wanted ${thresholds.readyMs}`);
  }
  return found;
}
