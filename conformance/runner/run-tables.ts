import { join } from 'node:path';
import { checkTable, type StepResult } from '../tables-runner/check.ts';
import { compareAnswer } from '../tables-runner/compare.ts';
import { runTable, type StepObserver } from '../tables-runner/run.ts';
import { loadTables, type Step, type Table } from '../tables-runner/table.ts';
import { areaOf, type CaseResult, type Exchange } from './case.ts';
import type { Gaps } from './gaps.ts';
import type { Target } from './target.ts';

const folder = join(import.meta.dirname, '..');

export function allTables(): Table[] {
  return loadTables(join(folder, 'tables'));
}

export interface TableRun {
  readonly results: readonly CaseResult[];
  readonly exchanges: readonly Exchange[];
}

/** A result per step. Everything of an answer is compared, so all of it counts as asserted. */
export async function runTableCases(table: Table, target: Target, gaps: Gaps): Promise<TableRun> {
  const exchanges: Exchange[] = [];
  const isBusy = target.offers.has('controllers');
  const disturbed = new Set(isBusy ? table.steps.filter(({ quiet }) => quiet).map(({ id }) => id) : []);
  const toSkipped = ({ id: step }: Step): CaseResult => {
    const id = `${table.name}: ${step}`;
    const facts = { area: areaOf(table.name), target: target.name, proves: undefined, durationMs: 0 };
    return { id, ...facts, outcome: 'skipped', messages: ['needs a server without controllers'], gap: gaps[id] };
  };
  if (disturbed.size === table.steps.length) return { results: table.steps.map(toSkipped), exchanges };
  const observe: StepObserver = (step, { status, contentType, warnings }) => {
    const facts = { accept: '', body: undefined, unstable: false, statusAsserted: true, bodyAsserted: true };
    exchanges.push({ ...step, status, contentType, warnings, ...facts });
  };
  const start = performance.now();
  const checked = await checkTable(target.connection(), table, join(folder, 'recorded'), observe);
  const durationMs = (performance.now() - start) / Math.max(1, checked.length);
  const toResult = ({ step, differences }: StepResult): CaseResult => {
    const id = `${table.name}: ${step}`;
    const outcome = differences.length === 0 ? 'passed' : 'failed';
    const facts = { area: areaOf(table.name), target: target.name, proves: undefined, durationMs };
    return { id, ...facts, outcome, messages: differences, gap: gaps[id] };
  };
  const results = checked.map((result) => {
    const step = table.steps.find(({ id }) => id === result.step);
    return step !== undefined && disturbed.has(step.id) ? toSkipped(step) : toResult(result);
  });
  return { results, exchanges };
}

/** Each step of a table whose answers differ between two clusters right now, whatever was recorded. */
export async function compareTable(
  table: Table,
  ours: Target,
  theirs: Target,
): Promise<Map<string, readonly string[]>> {
  const [left, right] = await Promise.all([ours, theirs].map((target) => runTable(target.connection(), table)));
  const differences = new Map<string, readonly string[]>();
  for (const answer of left ?? []) {
    const expected = right?.find(({ id }) => id === answer.id);
    const isQuiet = table.steps.find(({ id }) => id === answer.id)?.quiet === true;
    const lines = isQuiet && theirs.offers.has('controllers') ? [] : compareAnswer(expected, answer);
    if (lines.length > 0) differences.set(`${table.name}: ${answer.id}`, lines);
  }
  return differences;
}
