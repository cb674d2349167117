import type { CaseResult } from '../runner/case.ts';
import { byKey, type RunReport } from './run-report.ts';

function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  const printable = [...text].filter((c) => c >= ' ' || c === '\n' || c === '\t').join('');
  return printable.replace(/[&<>"]/g, (c) => named[c] ?? c);
}

function inner({ outcome, gap, messages }: CaseResult): string {
  if (outcome === 'skipped') return `<skipped message="${escaped(messages.join('; '))}"/>`;
  if (outcome === 'failed' && gap !== undefined) return `<skipped message="known gap: ${escaped(gap)}"/>`;
  if (outcome === 'passed' && gap !== undefined) return '<failure message="a known gap passes: take it off the list"/>';
  if (outcome === 'passed') return '';
  return `<failure message="${escaped(messages[0] ?? 'failed')}">${escaped(messages.join('\n'))}</failure>`;
}

/** A suite per cluster and area. */
export function junitReport({ results }: RunReport): string {
  const suites = [...byKey(results, ({ target, area }) => `${target}.${area}`)].map(([name, cases]) => {
    const seconds = (ms: number): string => (ms / 1000).toFixed(3);
    const total = seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0));
    const lines = cases.map(
      (result) =>
        `    <testcase classname="${escaped(name)}" name="${escaped(result.id)}" time="${seconds(result.durationMs)}">${inner(result)}</testcase>`,
    );
    const count = (part: string): number => lines.filter((line) => line.includes(part)).length;
    const facts = `tests="${cases.length}" failures="${count('<failure')}" skipped="${count('<skipped')}" time="${total}"`;
    return `  <testsuite name="${escaped(name)}" ${facts}>\n${lines.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="conformance">\n${suites.join('\n')}\n</testsuites>\n`;
}
