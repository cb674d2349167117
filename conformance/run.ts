import { join } from 'node:path';
import { createCoverage } from './coverage/coverage.ts';
import { loadOperations } from './coverage/operations.ts';
import { createProgress } from './report/progress.ts';
import { countOf, percent, type RunReport } from './report/run-report.ts';
import { tapLine } from './report/tap.ts';
import { writeReports } from './report/write-reports.ts';
import { areaOf, isExpected } from './runner/case.ts';
import { allCases } from './runner/catalog.ts';
import { readGaps, unknownGaps } from './runner/gaps.ts';
import { type ClusterAddress, parseOptions, type RunOptions, UsageError, usage } from './runner/options.ts';
import { allTables } from './runner/run-tables.ts';
import { runTarget, type TargetRun, type Work } from './runner/run-target.ts';
import { attach, startTarget, type Target } from './runner/target.ts';
import { type Connection, connect, connectByKubeconfig } from './tables-runner/connection.ts';

const documents = join(import.meta.dirname, '..', 'api', 'generated', 'openapi', 'v3');

function open({ kubeconfig, server = '', token, insecure }: ClusterAddress): Connection {
  return kubeconfig === undefined ? connect({ server, token, insecure }) : connectByKubeconfig(kubeconfig);
}

async function attachTo(name: string, address: ClusterAddress): Promise<Target> {
  const connection = open(address);
  return attach(name, () => connection);
}

function openers({ cluster, storages, serverFlags }: RunOptions): (() => Promise<Target>)[] {
  if (cluster !== undefined) return [() => attachTo('cluster', cluster)];
  return storages.map((storage) => () => startTarget({ storage, flags: serverFlags }));
}

function selector({ areas, only }: RunOptions): (id: string) => boolean {
  return (id) =>
    (areas.length === 0 || areas.includes(areaOf(id))) && (only.length === 0 || only.some((part) => id.includes(part)));
}

async function runAll(options: RunOptions): Promise<RunReport> {
  const started = new Date();
  const isWanted = selector(options);
  const cases = allCases().filter(({ id }) => isWanted(id));
  const tables = options.tables ? allTables().filter(({ name }) => isWanted(name)) : [];
  const gaps = options.gaps === undefined ? {} : readGaps(options.gaps);
  const coverage = createCoverage(loadOperations(documents));
  const targets = openers(options);
  const progress = createProgress(process.stderr, targets.length * (cases.length + tables.length));
  await using reference = options.reference === undefined ? undefined : await attachTo('reference', options.reference);
  const work: Work = { cases, tables, gaps, parallel: options.parallel, reference, coverage, progress };
  const runs: TargetRun[] = [];
  const names: string[] = [];
  const served = new Set<string>();
  for (const openTarget of targets) {
    await using target = await openTarget();
    names.push(target.name);
    for (const groupVersion of target.groupVersions) served.add(groupVersion);
    runs.push(await runTarget(target, work));
  }
  progress.end();
  const results = runs.flatMap((run) => run.results);
  const isWhole = options.areas.length + options.only.length === 0 && options.tables;
  return {
    started: started.toISOString(),
    durationMs: Date.now() - started.getTime(),
    targets: names,
    results,
    coverage: coverage.summary(served),
    differences: runs.flatMap((run) => run.differences),
    unknownGaps: isWhole
      ? unknownGaps(
          results.map(({ id }) => id),
          gaps,
        )
      : [],
  };
}

function print({ results, differences, unknownGaps, coverage }: RunReport): void {
  process.stdout.write('TAP version 14\n');
  for (const [i, result] of results.entries()) process.stdout.write(tapLine(i + 1, result));
  process.stdout.write(`1..${results.length}\n`);
  for (const { id, target, lines } of differences)
    process.stdout.write(
      `# ${id} (${target}) differs from the reference\n${lines.map((line) => `#   ${line}\n`).join('')}`,
    );
  for (const id of unknownGaps) process.stdout.write(`# known gap without a case: ${id}\n`);
  const { passed, failed, gaps, unexpectedPasses, skipped } = countOf(results);
  const counts = `${passed} passed, ${failed} failed, ${gaps} known gaps, ${unexpectedPasses} unexpected passes, ${skipped} skipped`;
  process.stdout.write(`# ${counts}\n`);
  const { servedCovered, servedOperations, covered, operations } = coverage;
  process.stdout.write(
    `# operations covered: ${servedCovered} of ${servedOperations} served (${percent(servedCovered, servedOperations)}), ${covered} of all ${operations}\n`,
  );
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.list) {
    const isWanted = selector(options);
    const ids = [...allCases().map(({ id }) => id), ...(options.tables ? allTables().map(({ name }) => name) : [])];
    process.stdout.write(
      ids
        .filter(isWanted)
        .map((id) => `${id}\n`)
        .join(''),
    );
    return 0;
  }
  const report = await runAll(options);
  print(report);
  writeReports(options.report, report);
  process.stdout.write(`# reports in ${options.report}\n`);
  const fine = report.results.length > 0 && report.results.every(isExpected);
  return fine && report.differences.length === 0 && report.unknownGaps.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    isUsage ? `${(error as Error).message}\n${usage}` : `${error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 2;
}
