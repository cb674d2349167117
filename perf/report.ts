import { comparesOf, type Scenario } from './catalog.ts';
import { type Load, type Results, summaryOf, type TurnResult, timesBetter } from './results.ts';

export const mebibytes = (bytes: number | undefined) =>
  bytes === undefined ? '-' : `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined || b === 0 ? '-' : (a / b).toFixed(2);

export function rateCells(turns: readonly TurnResult[] | undefined): string[] {
  const summary = summaryOf(turns);
  if (summary === undefined) return ['-', '-', '-', '-', '-', '-'];
  return [
    summary.rate.toFixed(1),
    `±${Math.round(summary.spread * 100)} %`,
    summary.med.toFixed(2),
    summary.p99.toFixed(1),
    summary.cpuMsPerRequest?.toFixed(2) ?? '-',
    `${(summary.failed * 100).toFixed(1)} %`,
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}

/** One cell for each comparison of the subject with the other server. */
export function timesText(scenario: Scenario, ours: Load | undefined, theirs: Load | undefined): string {
  const compares = comparesOf(scenario);
  const times = timesBetter(compares, summaryOf(ours?.turns[scenario]), summaryOf(theirs?.turns[scenario]));
  if (times === undefined) return '-';
  return `${times.toFixed(2)} ${{ rate: 'times the rate', latency: 'times as soon', p99: 'times as soon (p99)' }[compares]}`;
}

function turnsText({ servers, scenarios }: Results, load: number, title: string): string {
  const loads = servers.map((server) => ({ name: server.name, load: server.loads[load] }));
  const rates = [['scenario', 'server', 'per second', 'spread', 'median ms', 'p99 ms', 'cpu ms each', 'failed']];
  const ratios = [['scenario', '', 'compared']];
  for (const scenario of scenarios) {
    for (const server of loads) rates.push([scenario, server.name, ...rateCells(server.load?.turns[scenario])]);
    if (loads.length > 1) ratios.push([scenario, '', timesText(scenario, loads[0]?.load, loads[1]?.load)]);
  }
  const parts = [title, table(rates), loads.length > 1 ? table(ratios) : ''];
  return parts.filter((part) => part !== '').join('\n\n');
}

function memoryText({ servers }: Results): string {
  const rows = [['pods', 'server', 'ready ms', 'idle', 'loaded', 'peak', 'settled']];
  for (const [index, load] of (servers[0]?.loads ?? []).entries()) {
    const loads = servers.map((server) => server.loads[index]);
    for (const [i, { name, readyMs, idleBytes }] of servers.entries()) {
      const { loadedBytes, peakBytes, settledBytes } = loads[i] ?? {};
      const sizes = [idleBytes, loadedBytes, peakBytes, settledBytes].map(mebibytes);
      rows.push([String(load.pods), name, readyMs?.toFixed(0) ?? '-', ...sizes]);
    }
    if (servers.length < 2) continue;
    const [subject, other] = servers;
    rows.push([
      '',
      'ratio',
      ratio(subject?.readyMs, other?.readyMs),
      ratio(subject?.idleBytes, other?.idleBytes),
      ratio(loads[0]?.loadedBytes, loads[1]?.loadedBytes),
      ratio(loads[0]?.peakBytes, loads[1]?.peakBytes),
      ratio(loads[0]?.settledBytes, loads[1]?.settledBytes),
    ]);
  }
  return table(rows);
}

/** What a person reads after a run. */
export function reportText(results: Results): string {
  const loads = results.servers[0]?.loads ?? [];
  const parts = loads.map((load, index) => turnsText(results, index, loads.length > 1 ? `${load.pods} pods` : ''));
  const skipped = results.skipped.map(({ scenario, why }) => `skipped ${scenario}: ${why}`).join('\n');
  return [...parts, memoryText(results), skipped].filter((part) => part !== '').join('\n\n');
}
