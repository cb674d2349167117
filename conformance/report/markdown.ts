import { isExpected } from '../runner/case.ts';
import { byKey, countOf, percent, type RunReport } from './run-report.ts';

function cell(text: string | number): string {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function markdownReport(report: RunReport): string {
  const { results, coverage, differences } = report;
  const areas = [...byKey(results, ({ area }) => area)].map(([area, all]) => {
    const { passed, failed, gaps, skipped, unexpectedPasses } = countOf(all);
    return [area, passed, failed, gaps, unexpectedPasses, skipped];
  });
  const unexpected = results.filter((result) => !isExpected(result));
  const gaps = [
    ...byKey(
      results.filter(({ gap, outcome }) => gap !== undefined && outcome === 'failed'),
      ({ gap = '' }) => gap,
    ),
  ];
  const slowest = [...results].sort((a, b) => b.durationMs - a.durationMs).slice(0, 15);
  const groups = [...byKey(coverage.rows, ({ groupVersion }) => groupVersion)].map(([group, rows]) => {
    const sum = (of: 'operations' | 'covered'): number => rows.reduce((all, row) => all + row[of], 0);
    return [group, sum('operations'), sum('covered'), percent(sum('covered'), sum('operations'))];
  });
  const parts = [
    `# Conformance of ${report.targets.join(', ')}`,
    `${report.started}, ${(report.durationMs / 1000).toFixed(1)} s`,
    table(['area', 'passed', 'failed', 'known gaps', 'unexpected passes', 'skipped'], areas),
    '## Not as expected',
    unexpected.length === 0
      ? 'Nothing.'
      : unexpected
          .map(({ id, target, messages }) => `- **${id}** (${target}): ${cell(messages[0] ?? 'a known gap passes')}`)
          .join('\n'),
    '## Known gaps',
    gaps.length === 0
      ? 'None.'
      : table(
          ['reason', 'cases'],
          gaps.map(([gap, all]) => [gap, new Set(all.map(({ id }) => id)).size]),
        ),
    '## Coverage of the API',
    `${coverage.covered} of ${coverage.operations} operations (${percent(coverage.covered, coverage.operations)}); of those that are served ${coverage.servedCovered} of ${coverage.servedOperations} (${percent(coverage.servedCovered, coverage.servedOperations)}). Query parameters of served operations: ${coverage.parameters.used} of ${coverage.parameters.known}.`,
    table(['group', 'operations', 'covered', ''], groups),
    '## Slowest cases',
    table(
      ['case', 'cluster', 'ms'],
      slowest.map(({ id, target, durationMs }) => [id, target, durationMs.toFixed(0)]),
    ),
  ];
  if (differences.length > 0) {
    parts.push('## Differences from the reference');
    for (const { id, target, lines } of differences)
      parts.push(`### ${id} (${target})\n\n\`\`\`diff\n${lines.join('\n')}\n\`\`\``);
  }
  return `${parts.join('\n\n')}\n`;
}
