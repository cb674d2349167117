import { type CaseResult, isExpected } from '../runner/case.ts';
import { byKey, countOf, percent, type RunReport } from './run-report.ts';

function escaped(text: string | number): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return String(text).replace(/[&<>"]/g, (c) => named[c] ?? c);
}

const style = `
body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1200px;padding:0 1em;color:#1c2733}
h2{margin-top:2em}table{border-collapse:collapse;margin:.6em 0;display:block;max-width:100%;overflow-x:auto}td,th{border:1px solid #d5dce3;padding:.25em .6em;text-align:left;vertical-align:top}
th{background:#f2f5f8}td.n{text-align:right}.passed{background:#dcf3e3}.failed{background:#f9d9d6}.gap{background:#fbeecb}.skipped{background:#eceff2;color:#667}
.bar{background:#eceff2;width:160px;height:.9em}.bar i{display:block;height:100%;background:#4a9d6b}
pre{background:#f6f8fa;padding:.7em;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}details{margin:.3em 0}summary{cursor:pointer}
.legend span{padding:.1em .6em;margin-right:.5em}input{padding:.35em;width:24em;max-width:100%;box-sizing:border-box}
@media(prefers-color-scheme:dark){body{background:#14191f;color:#d7dee6}th,pre,.bar{background:#222a33}td,th{border-color:#37424e}.passed{background:#1d4a2e}.failed{background:#64262a}.gap{background:#57461b}.skipped{background:#2a323b;color:#9ab}}
`;

const filterScript = `
document.querySelector('input').addEventListener('input', (event) => {
  for (const row of document.querySelectorAll('#matrix tbody tr')) row.hidden = !row.textContent.includes(event.target.value);
});
`;

function row(cells: readonly (string | number)[]): string {
  return `<tr>${cells.map((cell) => `<td${typeof cell === 'number' ? ' class="n"' : ''}>${escaped(cell)}</td>`).join('')}</tr>`;
}

function table(head: readonly string[], rows: readonly string[], attributes = ''): string {
  const top = head.map((cell) => `<th>${escaped(cell)}</th>`).join('');
  return `<table${attributes}><thead><tr>${top}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function stateOf(results: readonly CaseResult[]): string {
  if (results.some((result) => !isExpected(result))) return 'failed';
  if (results.some(({ gap, outcome }) => gap !== undefined && outcome === 'failed')) return 'gap';
  return results.every(({ outcome }) => outcome === 'skipped') ? 'skipped' : 'passed';
}

/** The start of `area/resource/behaviour`; a table's step is `area/name: step`. */
function subjectOf({ id, area }: CaseResult): string {
  const rest = id.slice(area.length + 1);
  const end = rest.search(/[:/]/);
  return `${area}/${end < 0 ? rest : rest.slice(0, end)}`;
}

/** A line per area and resource, a column per cluster; a cell counts what passed. */
function matrix({ results, targets }: RunReport): string {
  const rows = [...byKey(results, subjectOf)].map(([subject, all]) => {
    const cells = targets.map((target) => {
      const own = all.filter((result) => result.target === target);
      if (own.length === 0) return '<td></td>';
      const { passed } = countOf(own);
      const title = own
        .filter((result) => result.outcome !== 'passed')
        .map(({ id, gap, messages }) => `${id}: ${gap ?? messages[0] ?? ''}`);
      return `<td class="${stateOf(own)}" title="${escaped(title.slice(0, 20).join('\n'))}">${passed} / ${own.length}</td>`;
    });
    return `<tr><td>${escaped(subject)}</td>${cells.join('')}</tr>`;
  });
  return table(['', ...targets], rows, ' id="matrix"');
}

function bar(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (100 * part) / whole;
  return `<div class="bar"><i style="width:${share.toFixed(1)}%"></i></div>`;
}

function coverageSection({ coverage }: RunReport): string {
  const { rows, requestTypes, responseTypes, statuses, parameters } = coverage;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([key, count]) => `${escaped(key || '(none)')} ${count}`)
      .join(', ');
  const lines = rows.map(({ groupVersion, resource, operations, covered, missing }) => {
    const open =
      missing.length === 0
        ? ''
        : `<details><summary>${missing.length} missing</summary>${missing.map(escaped).join('<br>')}</details>`;
    return `<tr><td>${escaped(groupVersion)}</td><td>${escaped(resource)}</td><td class="n">${covered} / ${operations}</td><td>${bar(covered, operations)}</td><td>${open}</td></tr>`;
  });
  return [
    `<p><b>${coverage.covered} of ${coverage.operations}</b> operations of the OpenAPI documents (${percent(coverage.covered, coverage.operations)}); of the served group-versions <b>${coverage.servedCovered} of ${coverage.servedOperations}</b> (${percent(coverage.servedCovered, coverage.servedOperations)}). An operation counts when a case asserted both status and body of its answer.</p>`,
    `<p>Query parameters of served operations: ${parameters.used} of ${parameters.known}. Operations by type of request: ${list(requestTypes)}; of answer: ${list(responseTypes)}; by status: ${list(statuses)}.</p>`,
    table(['group', 'resource', 'covered', '', ''], lines),
  ].join('\n');
}

/** One page without anything to load. */
export function htmlReport(report: RunReport): string {
  const { results, targets, differences } = report;
  const { passed, failed, gaps, unexpectedPasses, skipped } = countOf(results);
  const troubles = results.filter((result) => !isExpected(result));
  const gapGroups = [
    ...byKey(
      results.filter(({ gap, outcome }) => gap !== undefined && outcome === 'failed'),
      ({ gap = '' }) => gap,
    ),
  ];
  const slowest = [...results].sort((a, b) => b.durationMs - a.durationMs).slice(0, 20);
  const sections = [
    `<h1>Conformance of ${escaped(targets.join(', '))}</h1>`,
    `<p>${escaped(report.started)}, ${(report.durationMs / 1000).toFixed(1)} s: ${passed} passed, ${failed} failed, ${gaps} known gaps, ${unexpectedPasses} unexpected passes, ${skipped} skipped.</p>`,
    '<h2>Not as expected</h2>',
    troubles.length === 0 ? '<p>Nothing.</p>' : '',
    ...troubles.map(
      ({ id, target, messages, gap }) =>
        `<details open><summary><b>${escaped(id)}</b> (${escaped(target)})</summary><pre>${escaped(messages.join('\n') || `known gap passes: ${gap}`)}</pre></details>`,
    ),
    '<h2>Features</h2><p class="legend"><span class="passed">passed</span><span class="gap">known gaps</span><span class="failed">failed</span><span class="skipped">skipped</span></p><p><input placeholder="filter"></p>',
    matrix(report),
    '<h2>Known gaps</h2>',
    table(
      ['reason', 'cases'],
      gapGroups.map(([gap, all]) => row([gap, new Set(all.map(({ id }) => id)).size])),
    ),
    '<h2>Coverage of the API</h2>',
    coverageSection(report),
    '<h2>Slowest cases</h2>',
    table(
      ['case', 'cluster', 'ms'],
      slowest.map(({ id, target, durationMs }) => row([id, target, Math.round(durationMs)])),
    ),
  ];
  if (differences.length > 0)
    sections.push(
      '<h2>Differences from the reference</h2>',
      ...differences.map(
        ({ id, target, lines }) =>
          `<details><summary>${escaped(id)} (${escaped(target)})</summary><pre>${escaped(lines.join('\n'))}</pre></details>`,
      ),
    );
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Conformance</title><style>${style}</style></head>\n<body>\n${sections.join('\n')}\n<script>${filterScript}</script></body></html>\n`;
}
