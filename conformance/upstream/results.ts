import type { Outcome, TestResult } from './junit.ts';
import { durationText } from './progress.ts';
import { type SuiteTest, sigOf } from './suite.ts';

export function countOf(results: readonly TestResult[], outcome: Outcome): number {
  return results.filter((result) => result.outcome === outcome).length;
}

/** All that ran passed, all that were meant to run did, and that was not nothing. */
export function isSuccess(results: readonly TestResult[], selected: readonly SuiteTest[]): boolean {
  const passed = new Set(results.filter(({ outcome }) => outcome !== 'failed').map(({ name }) => name));
  return (
    results.length === passed.size && countOf(results, 'passed') > 0 && selected.every(({ name }) => passed.has(name))
  );
}

/** Markdown: a row for each tier and sig, a sum for each tier and for all, then every failure with its first line. */
export function resultsText(
  results: readonly TestResult[],
  selected: readonly SuiteTest[],
  all: readonly SuiteTest[],
): string {
  const tierOf = new Map(all.map(({ name, tier }) => [name, tier]));
  const rows = results.map((result) => ({
    ...result,
    tier: tierOf.get(result.name) ?? 'none',
    sig: sigOf(result.name),
  }));
  const lines = ['| tier | sig | passed | failed | skipped | time |', '| --- | --- | ---: | ---: | ---: | ---: |'];
  for (const tier of sorted(rows.map((row) => row.tier))) {
    const ofTier = rows.filter((row) => row.tier === tier);
    for (const sig of sorted(ofTier.map((row) => row.sig))) {
      lines.push(
        rowText(
          tier,
          sig,
          ofTier.filter((row) => row.sig === sig),
        ),
      );
    }
    lines.push(rowText(`**${tier}**`, '', ofTier));
  }
  lines.push(rowText('**all**', '', rows), '');
  const ran = new Set(results.map(({ name }) => name));
  const missing = selected.filter(({ name }) => !ran.has(name));
  const failures = rows.filter(({ outcome }) => outcome === 'failed');
  if (failures.length > 0) lines.push('Failed:', '');
  for (const { name, message } of failures) lines.push(`- ${name}`, `  ${gist(message)}`);
  if (failures.length > 0) lines.push('');
  if (missing.length > 0) lines.push('Did not run:', '', ...missing.map(({ name }) => `- ${name}`), '');
  return lines.join('\n');
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

function rowText(tier: string, sig: string, results: readonly TestResult[]): string {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const counts = (['passed', 'failed', 'skipped'] as const).map((outcome) => countOf(results, outcome));
  return `| ${[tier, sig, ...counts, durationText(seconds)].join(' | ')} |`;
}

/** What a failure is about, in one line of bearable length. */
function gist(message: string): string {
  const line = message.replace(/^\[\w+\] /, '').replaceAll(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
