import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareAnswer } from './compare.ts';
import type { Connection } from './connection.ts';
import { runTable, type StepObserver } from './run.ts';
import type { Answer, Table } from './table.ts';

/** What became of one step; `differences` is empty when it agrees with the recorded answer. */
export interface StepResult {
  readonly table: string;
  readonly step: string;
  readonly differences: readonly string[];
}

function recordedFile(folder: string, table: Table): string {
  return join(folder, `${table.name}.json`);
}

export function readRecorded(folder: string, table: Table): Answer[] {
  const file = recordedFile(folder, table);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Answer[]) : [];
}

// A line of facts and a line of body per step keeps diffs of recorded files short.
function line({ body, ...facts }: Answer): string {
  return `${JSON.stringify(facts).slice(0, -1)},\n "body": ${JSON.stringify(body)}}`;
}

export async function recordTable(connection: Connection, table: Table, folder: string): Promise<number> {
  const answers = await runTable(connection, table);
  const file = recordedFile(folder, table);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `[\n${answers.map(line).join(',\n')}\n]\n`);
  return answers.length;
}

/** A table that cannot be run to its end fails as one step. */
export async function checkTable(
  connection: Connection,
  table: Table,
  folder: string,
  observe?: StepObserver,
): Promise<StepResult[]> {
  const expected = new Map(readRecorded(folder, table).map((answer) => [answer.id, answer]));
  try {
    const answers = await runTable(connection, table, observe);
    return answers.map((answer) => ({
      table: table.name,
      step: answer.id,
      differences: compareAnswer(expected.get(answer.id), answer),
    }));
  } catch (error) {
    return [
      { table: table.name, step: '(table)', differences: [error instanceof Error ? error.message : String(error)] },
    ];
  }
}

/** Runs `work` over all tables, a few at a time, results in the tables' order. */
export async function overTables<T>(
  tables: readonly Table[],
  atOnce: number,
  work: (table: Table) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  const queue = tables.entries();
  const worker = async (): Promise<void> => {
    for (const [i, table] of queue) results[i] = await work(table);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
