import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Case } from '../runner/case.ts';
import { allCases } from '../runner/catalog.ts';
import { inParallel, runCase } from '../runner/run-cases.ts';
import { startTarget, type Target } from '../runner/target.ts';
import { checkTable } from '../tables-runner/check.ts';
import { type Connection, connect } from '../tables-runner/connection.ts';
import { loadTables, type Table } from '../tables-runner/table.ts';
import { answerDefects } from './answer-defects.ts';
import { type Defect, type Hooks, type Part, partName } from './defect.ts';
import { descriptionDefects } from './description-defects.ts';
import { listDefects } from './list-defects.ts';
import { objectDefects } from './object-defects.ts';
import { type Certificate, proxyCertificate, startProxy } from './proxy.ts';
import { requestDefects } from './request-defects.ts';
import { watchDefects } from './watch-defects.ts';

const suite = join(import.meta.dirname, '..');
const defects: readonly Defect[] = [
  ...objectDefects,
  ...answerDefects,
  ...requestDefects,
  ...listDefects,
  ...watchDefects,
  ...descriptionDefects,
];
const nothing: Hooks = {};

interface Suite {
  readonly tables: ReadonlyMap<string, Table>;
  readonly cases: ReadonlyMap<string, Case>;
  readonly tableGaps: Readonly<Record<string, string>>;
}

interface Run {
  readonly failures: readonly string[];
  readonly changes: number;
}

function loadSuite(): Suite {
  return {
    tables: new Map(loadTables(join(suite, 'tables')).map((table) => [table.name, table])),
    cases: new Map(allCases().map((one) => [one.id, one])),
    tableGaps: JSON.parse(readFileSync(join(suite, 'known-gaps.json'), 'utf8')) as Record<string, string>,
  };
}

function stepsUntil(table: Table, until: string | undefined): Table {
  if (until === undefined) return table;
  const end = table.steps.findIndex(({ id }) => id === until);
  if (end < 0) throw new Error(`${table.name} has no step ${JSON.stringify(until)}`);
  return { ...table, steps: table.steps.slice(0, end + 1) };
}

async function failuresOf(part: Part, { tables, cases, tableGaps }: Suite, target: Target): Promise<string[]> {
  if ('case' in part) {
    const found = cases.get(part.case);
    if (found === undefined) throw new Error(`there is no case ${JSON.stringify(part.case)}`);
    const { result } = await runCase(found, target, {});
    return result.outcome === 'passed' ? [] : [result.messages[0] ?? result.outcome];
  }
  const table = tables.get(part.table);
  if (table === undefined) throw new Error(`there is no table ${JSON.stringify(part.table)}`);
  const results = await checkTable(target.connection(), stepsUntil(table, part.until), join(suite, 'recorded'));
  return results
    .filter(({ step }) => tableGaps[`${table.name}: ${step}`] === undefined)
    .flatMap(({ step, differences }) => differences.map((difference) => `${step}: ${difference}`));
}

async function runThrough(
  hooks: Hooks,
  part: Part,
  all: Suite,
  target: Target,
  certificate: Certificate,
): Promise<Run> {
  await using proxy = await startProxy(target.connection().server, certificate, hooks);
  using connection: Connection = connect({ server: proxy.url, token: 'conformance', insecure: true });
  const failures = await failuresOf(part, all, { ...target, connection: () => connection });
  return { failures, changes: proxy.changes() };
}

/**
 * What runs beside each other. Cases keep to themselves; the requests of a table may name what there is only once in a cluster, so its
 * defects run one after another. Cases first: those that wait for what never comes take longest.
 */
function inBatches(): Defect[][] {
  const [ofTables, ofCases] = [true, false].map((wanted) => defects.filter(({ part }) => 'table' in part === wanted));
  const tables = Map.groupBy(ofTables ?? [], ({ part }) => ('table' in part ? part.table : ''));
  return [...(ofCases ?? []).map((defect) => [defect]), ...tables.values()];
}

t.test('the suite notices every defect of a server', async (t) => {
  const all = loadSuite();
  const certificate = proxyCertificate();
  await using target = await startTarget({ storage: 'memory', flags: [] });
  const run = (hooks: Hooks, part: Part): Promise<Run> => runThrough(hooks, part, all, target, certificate);
  const noticed: string[] = [];

  const batches = inBatches();
  const passUndisturbed = (when: string): Promise<unknown> => {
    const parts = new Map(batches.flat().map(({ part }) => [partName(part), part]));
    const byTable = Map.groupBy(parts.values(), (part) => ('case' in part ? part.case : part.table));
    return inParallel([...byTable.values()], 4, async (group) => {
      for (const part of group)
        t.same(await run(nothing, part), { failures: [], changes: 0 }, `${when} the defects ${partName(part)} passes`);
    });
  };

  await passUndisturbed('before');
  await inParallel(batches, 12, async (batch) => {
    for (const { name, part, inject } of batch) {
      const { failures, changes } = await run(inject(), part);
      t.ok(changes > 0, `${name}: happened`);
      t.ok(failures.length > 0, `${name}: noticed by ${partName(part)}`);
      noticed.push(`${name} -> ${partName(part)} -> ${(failures[0] ?? 'NOT NOTICED').slice(0, 160)}`);
    }
  });
  await passUndisturbed('after');

  t.ok(defects.length >= 30, 'there are at least 30 defects');
  t.equal(new Set(defects.map(({ name }) => name)).size, defects.length, 'every defect has a name of its own');
  t.comment(['defect -> part of the suite -> what it said', ...noticed].join('\n'));
});
