import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newestBaseline, writeBaseline } from './baselines.ts';
import { machineFacts, versionFacts } from './machine.ts';
import { measureAll, type Plan, type Subject } from './measure.ts';
import { skippedScenarios } from './needs.ts';
import { type Options, parseOptions, usage } from './options.ts';
import { resultsPage } from './page.ts';
import { locateK6 } from './programs.ts';
import { regressions, shortfalls, type Thresholds } from './promises.ts';
import { reportText } from './report.ts';
import type { Results } from './results.ts';
import { openSubject } from './subject.ts';

const baselines = fileURLToPath(new URL('./baselines', import.meta.url));
const say = (text: string) => process.stderr.write(`${text}\n`);

async function measured(options: Options): Promise<Results> {
  const k6 = await locateK6(say);
  await using servers = new AsyncDisposableStack();
  const subjects: Subject[] = [];
  const begin = performance.now();
  for (const what of options.against === undefined ? [options.subject] : [options.subject, options.against]) {
    subjects.push(await openSubject(what, { options, servers, begin, say }));
  }
  const { rounds, duration, clients, loads } = options;
  const skipped = skippedScenarios(options.scenarios, subjects);
  for (const { scenario, why } of skipped) say(`skipped ${scenario}: ${why}`);
  const scenarios = options.scenarios.filter((name) => !skipped.some(({ scenario }) => scenario === name));
  const plan: Plan = { k6, scenarios, rounds, duration, clients, loads, say };
  return {
    date: new Date().toISOString(),
    machine: machineFacts(),
    versions: versionFacts(k6),
    ...{ rounds, duration, clients, scenarios, skipped },
    servers: await measureAll(subjects, plan),
  };
}

/** Missed promises and regressions, as far as they are asked for. */
function judge(options: Options, results: Results): string[] {
  const thresholds = JSON.parse(readFileSync(new URL('./thresholds.json', import.meta.url), 'utf8')) as Thresholds;
  const [subject, other] = results.servers;
  const found: string[] = [];
  if (options.check && subject !== undefined && other !== undefined) {
    const missed = shortfalls(thresholds, results.scenarios, subject, other);
    found.push(...missed.map((text) => `missed: ${text}`));
    if (missed.length === 0) say('all thresholds met');
  }
  if (options.regression) {
    const baseline = newestBaseline(baselines, results.servers.length);
    if (baseline === undefined) throw new Error('no baseline to compare with: --baseline NAME makes one');
    const worse = regressions(results, baseline, thresholds.regression);
    found.push(...worse.map((text) => `regression: ${text}`));
    if (worse.length === 0) say(`nothing is worse than on ${baseline.date.slice(0, 10)}`);
  }
  return found;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const results = await measured(options);
  process.stdout.write(`${reportText(results)}\n`);
  // First what was measured, so that a failing judgement does not lose it; a new baseline is not judged by itself.
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  const remarks = judge(options, results);
  if (options.html !== undefined) writeFileSync(options.html, resultsPage(results, remarks));
  if (options.baseline !== undefined) say(`wrote ${writeBaseline(baselines, options.baseline, results)}`);
  for (const text of remarks) process.stdout.write(`${text}\n`);
  return remarks.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 2;
});
