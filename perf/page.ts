import { type Comparison, comparesOf, definitionOf, type Scenario } from './catalog.ts';
import { barPlot, escapeText, type Line, linePlot } from './plots.ts';
import { mebibytes, rateCells, timesText } from './report.ts';
import { median, type Results, type Sample, type ServerResult, summaryOf } from './results.ts';

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --faint: #d8dee6; --first: #2f6fde; --second: #e08a2e; }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe5ee; --paper: #14181f; --faint: #38414e; --first: #6ea1ff; --second: #f0a657; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; } h3 { margin: 0; font-size: 1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
.card { border: 1px solid var(--faint); border-radius: 8px; padding: .8rem 1rem; }
.card p { margin: .1rem 0 .5rem; opacity: .75; font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .85rem; }
td, th { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid var(--faint); }
td:first-child, th:first-child, td.text { text-align: left; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--ink); }
.s0 { fill: var(--first); } .s1 { fill: var(--second); }
polyline { fill: none; stroke-width: 1.8; } .l0 { stroke: var(--first); } .l1 { stroke: var(--second); }
.grid { stroke: var(--faint); } .whisker { stroke: var(--ink); stroke-width: 2; }
.legend b:nth-child(1) { color: var(--first); } .legend b:nth-child(2) { color: var(--second); } .legend b { margin-right: 1.5rem; }
.missed { color: #d0453a; }
@media (max-width: 40rem) {
  body { margin: 1rem auto; padding: 0 .6rem; } .card { padding: .6rem; min-width: 0; }
  table { font-size: .68rem; } td, th { padding: .15rem .14rem; }
}
`;

const cells = (tag: 'td' | 'th', texts: readonly string[]) =>
  `<tr>${texts.map((text) => `<${tag}>${escapeText(text)}</${tag}>`).join('')}</tr>`;

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<table>${cells('th', head)}${rows.map((row) => cells('td', row)).join('')}</table>`;
}

const units: Readonly<Record<Comparison, string>> = {
  rate: 'per second, more is better',
  latency: 'median milliseconds, less is better',
  p99: 'milliseconds that 99 of 100 keep within, less is better',
};

/** Bars at the last, largest load. */
function scenarioCard(scenario: Scenario, { servers }: Results): string {
  const compares = comparesOf(scenario);
  const loads = servers.map((server) => server.loads.at(-1));
  const bars = servers.flatMap((server) => {
    const turns = server.loads.at(-1)?.turns[scenario] ?? [];
    const summary = summaryOf(turns);
    if (summary === undefined) return [];
    const times = turns.map((turn) => (compares === 'p99' ? turn['p(99)'] : turn.med));
    return [
      compares === 'rate'
        ? { label: server.name, value: summary.rate, low: summary.lowestRate, high: summary.highestRate }
        : { label: server.name, value: median(times), low: Math.min(...times), high: Math.max(...times) },
    ];
  });
  const head = ['', 'per second', 'spread', 'median ms', 'p99 ms', 'cpu ms each', 'failed'];
  const rows = servers.map((server) => [server.name, ...rateCells(server.loads.at(-1)?.turns[scenario])]);
  const times = servers.length > 1 ? ` · ${timesText(scenario, loads[0], loads[1])}` : '';
  const unit = units[compares];
  return `<section class="card"><h3>${scenario}${times}</h3><p>${escapeText(definitionOf(scenario).what)} (${unit})</p>${barPlot(bars)}${tableOf(head, rows)}</section>`;
}

/** The server's own cost of one request over the stored objects; its median time where the processor's is not known. */
function growthCard(scenario: Scenario, servers: readonly ServerResult[]): string {
  const isCpuKnown = servers.every((server) =>
    server.loads.every((load) => summaryOf(load.turns[scenario])?.cpuMsPerRequest !== undefined),
  );
  const lines: Line[] = servers.map((server) => ({
    label: server.name,
    points: server.loads.flatMap((load) => {
      const summary = summaryOf(load.turns[scenario]);
      const y = isCpuKnown ? summary?.cpuMsPerRequest : summary?.med;
      return y === undefined ? [] : [[load.pods, y] as const];
    }),
  }));
  const y = isCpuKnown ? 'processor ms each' : 'median ms';
  const plot = linePlot(lines, { x: 'stored pods', y, logX: true, dots: true });
  return `<section class="card"><h3>${scenario}</h3>${plot}</section>`;
}

function sampleCard(title: string, servers: readonly ServerResult[], y: string, of: (s: Sample) => number): string {
  const lines = servers.map((server) => ({
    label: server.name,
    points: server.samples.map((sample) => [sample.atMs / 1000, of(sample)] as const),
  }));
  const plot = linePlot(lines, { x: 'seconds', y });
  return plot === '' ? '' : `<section class="card"><h3>${title}</h3>${plot}</section>`;
}

function memoryTable({ servers }: Results): string {
  const rows = servers.flatMap((server) =>
    server.loads.map((load) => [
      server.name,
      server.version ?? '-',
      server.readyMs === undefined ? '-' : `${server.readyMs.toFixed(0)} ms`,
      String(load.pods),
      ...[server.idleBytes, load.loadedBytes, load.peakBytes, load.settledBytes].map(mebibytes),
    ]),
  );
  return tableOf(['', 'version', 'ready', 'pods', 'idle', 'loaded', 'peak', 'settled'], rows);
}

/** The whole run as one page that needs nothing else. `remarks` are missed promises and regressions. */
export function resultsPage(results: Results, remarks: readonly string[]): string {
  const { servers, scenarios, skipped, machine, versions, rounds, duration, clients } = results;
  const list = (items: readonly string[], kind = '') =>
    items.length === 0
      ? ''
      : `<ul class="${kind}">${items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`;
  const facts = Object.entries({ ...machine, ...versions, rounds, duration, clients });
  const growth =
    (servers[0]?.loads.length ?? 0) > 1
      ? `<h2>Growth with stored objects</h2><div class="cards">${scenarios.map((s) => growthCard(s, servers)).join('')}</div>`
      : '';
  const samples = [
    sampleCard('Memory of the process tree', servers, 'MiB', (s) => s.rssBytes / 2 ** 20),
    sampleCard('Processors in use by the server', servers, 'processors', (s) => s.processors),
    sampleCard('Memory of its clients', servers, 'MiB', (s) => s.clientRssBytes / 2 ** 20),
    sampleCard('Processors in use by its clients', servers, 'processors', (s) => s.clientProcessors),
  ].join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Performance, ${results.date.slice(0, 10)}</title><style>${style}</style></head><body>
<h1>Performance, ${results.date.slice(0, 10)}</h1>
<p class="legend">${servers.map((server) => `<b>${escapeText(server.name)}</b>`).join('')}</p>
<p>${facts.map(([name, value]) => escapeText(`${name}: ${value}`)).join(' · ')}</p>
${list(remarks, 'missed')}${memoryTable(results)}
<h2>Scenarios</h2><div class="cards">${scenarios.map((scenario) => scenarioCard(scenario, results)).join('')}</div>
${list(skipped.map(({ scenario, why }) => `${scenario} skipped: ${why}`))}${growth}
<h2>Memory and processor time</h2><div class="cards">${samples}</div>
</body></html>
`;
}
