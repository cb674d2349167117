import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startServer } from './clients/server.ts';
import { isTableStep } from './runner/gaps.ts';
import { checkTable, overTables } from './tables-runner/check.ts';
import { connect } from './tables-runner/connection.ts';
import { loadTables } from './tables-runner/table.ts';

const token = 'tables';

t.test('our server answers every request table as kube-apiserver did', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kubefacade-tables-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const tokens = join(dataDir, 'tokens.csv');
  await writeFile(tokens, `${token},admin,admin,"system:masters"\n`);
  await using server = await startServer({ dataDir, flags: ['--token-auth-file', tokens] });
  using connection = connect({ server: server.url, token, insecure: true });
  const tables = loadTables(join(import.meta.dirname, 'tables'));
  t.ok(tables.length > 0, 'there are tables');
  const gaps = JSON.parse(await readFile(join(import.meta.dirname, 'known-gaps.json'), 'utf8')) as Readonly<
    Record<string, string>
  >;
  const results = await overTables(tables, 4, (table) =>
    checkTable(connection, table, join(import.meta.dirname, 'recorded')),
  );
  const seen = new Set<string>();
  for (const { table, step, differences } of results.flat()) {
    const id = `${table}: ${step}`;
    seen.add(id);
    if (gaps[id] === undefined) t.same(differences, [], id);
    else t.not(differences.length, 0, `${id} is a known gap: when it passes, take it off the list`);
  }
  t.same(
    Object.keys(gaps).filter((id) => isTableStep(id) && !seen.has(id)),
    [],
    'known gaps are steps that exist',
  );
});
