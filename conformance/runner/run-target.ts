import type { CoverageRecorder } from '../coverage/coverage.ts';
import type { Progress } from '../report/progress.ts';
import type { CaseDifferences } from '../report/run-report.ts';
import type { Table } from '../tables-runner/table.ts';
import type { Case, CaseResult } from './case.ts';
import { differenceLines } from './differences.ts';
import { type Gaps, gapsOf } from './gaps.ts';
import { compareRuns, inParallel, runCase } from './run-cases.ts';
import { compareTable, runTableCases } from './run-tables.ts';
import type { Target } from './target.ts';

export interface Work {
  readonly cases: readonly Case[];
  readonly tables: readonly Table[];
  readonly gaps: Gaps;
  readonly parallel: number;
  readonly reference: Target | undefined;
  readonly coverage: CoverageRecorder;
  readonly progress: Progress;
}

export interface TargetRun {
  readonly results: readonly CaseResult[];
  readonly differences: readonly CaseDifferences[];
}

/** Everything against one cluster, and beside it against the reference if there is one. */
export async function runTarget(target: Target, work: Work): Promise<TargetRun> {
  const { cases, tables, parallel, reference, coverage, progress } = work;
  const gaps = {
    ...work.gaps,
    ...gapsOf(
      cases.map(({ id }) => id),
      work.gaps,
    ),
  };

  const oneCase = async (wanted: Case): Promise<TargetRun> => {
    const [ours, theirs] = await Promise.all([
      runCase(wanted, target, gaps),
      reference === undefined ? undefined : runCase(wanted, reference, {}),
    ]);
    coverage.add(ours.exchanges);
    progress.step([ours.result]);
    if (theirs === undefined || ours.result.gap !== undefined) return { results: [ours.result], differences: [] };
    const lines = compareRuns(ours, theirs).flatMap(differenceLines);
    if (theirs.result.outcome === 'failed') lines.unshift('the reference fails:', ...theirs.result.messages);
    const differences = lines.length === 0 ? [] : [{ id: wanted.id, target: target.name, lines }];
    return { results: [ours.result], differences };
  };

  const oneTable = async (table: Table): Promise<TargetRun> => {
    const { results, exchanges } = await runTableCases(table, target, gaps);
    coverage.add(exchanges);
    progress.step(results);
    if (reference === undefined) return { results, differences: [] };
    const found = [...(await compareTable(table, target, reference))].filter(([id]) => gaps[id] === undefined);
    return { results, differences: found.map(([id, lines]) => ({ id, target: target.name, lines })) };
  };

  // Cases that restart the server must be alone.
  const isLonely = ({ needs = [] }: Case): boolean => needs.includes('restart');
  const runs = [
    ...(await inParallel(
      cases.filter((wanted) => !isLonely(wanted)),
      parallel,
      oneCase,
    )),
    ...(await inParallel(tables, parallel, oneTable)),
    ...(await inParallel(cases.filter(isLonely), 1, oneCase)),
  ];
  return {
    results: runs.flatMap(({ results }) => results),
    differences: runs.flatMap(({ differences }) => differences),
  };
}
