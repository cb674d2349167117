import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkTable, overTables, recordTable, type StepResult } from './tables-runner/check.ts';
import { type Connection, connect, connectByKubeconfig } from './tables-runner/connection.ts';
import { loadTables, type Table } from './tables-runner/table.ts';

const usage = `usage: node conformance/tables.ts record|check
  --server URL --token T [--insecure] | --kubeconfig FILE
  [--only AREA]... [--json FILE]
`;

const tablesFolder = join(import.meta.dirname, 'tables');
const recordedFolder = join(import.meta.dirname, 'recorded');
const tablesAtOnce = 4;

async function record(connection: Connection, tables: readonly Table[]): Promise<boolean> {
  const failures = await overTables(tables, tablesAtOnce, async (table) => {
    try {
      process.stdout.write(`${table.name}: ${await recordTable(connection, table, recordedFolder)} steps recorded\n`);
      return 0;
    } catch (error) {
      process.stdout.write(`${table.name}: ${error instanceof Error ? error.message : error}\n`);
      return 1;
    }
  });
  return failures.every((failed) => failed === 0);
}

function print({ table, step, differences }: StepResult): void {
  process.stdout.write(`not ok ${table}: ${step}\n${differences.map((line) => `    ${line}\n`).join('')}`);
}

async function check(connection: Connection, tables: readonly Table[], jsonFile: string | undefined): Promise<boolean> {
  const results = (
    await overTables(tables, tablesAtOnce, (table) => checkTable(connection, table, recordedFolder))
  ).flat();
  const failed = results.filter(({ differences }) => differences.length > 0);
  failed.forEach(print);
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(results, null, 1)}\n`);
  process.stdout.write(`${results.length - failed.length} passed, ${failed.length} failed\n`);
  return failed.length === 0;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      server: { type: 'string' },
      token: { type: 'string' },
      insecure: { type: 'boolean' },
      kubeconfig: { type: 'string' },
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
    },
  });
  const [command] = positionals;
  const { server, token, insecure = false, kubeconfig } = values;
  if ((command !== 'record' && command !== 'check') || (server === undefined && kubeconfig === undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  const tables = loadTables(tablesFolder, values.only);
  using connection =
    kubeconfig === undefined ? connect({ server: server ?? '', token, insecure }) : connectByKubeconfig(kubeconfig);
  const fine = command === 'record' ? await record(connection, tables) : await check(connection, tables, values.json);
  return fine ? 0 : 1;
}

process.exitCode = await main();
