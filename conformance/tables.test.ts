import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { isTableStep } from './runner/gaps.ts';
import { checkTable, overTables } from './tables-runner/check.ts';
import { connect } from './tables-runner/connection.ts';
import { loadTables } from './tables-runner/table.ts';

const root = join(import.meta.dirname, '..');
const token = 'tables';

interface Server extends AsyncDisposable {
  readonly url: string;
}

/** Fails with the server's own words when it ends, or stays silent for 30 s, before it is ready. */
async function startServer(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kubefacade-tables-'));
  await writeFile(join(dataDir, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  const args = [
    'bin/kubefacade.mjs',
    'start',
    '--storage',
    'memory',
    '--secure-port',
    '0',
    '--data-dir',
    dataDir,
    // The reference that gave the answers ran these two and no other controllers.
    '--controllers=serviceaccount-controller,root-ca-certificate-publisher-controller',
    '--token-auth-file',
    join(dataDir, 'tokens.csv'),
  ];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    return { url: await readyLine(child), [Symbol.asyncDispose]: () => stop(child, dataDir) };
  } catch (error) {
    await stop(child, dataDir);
    throw error;
  }
}

async function readyLine(child: ChildProcess): Promise<string> {
  const errors: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const timeout = setTimeout(() => child.kill('SIGKILL'), 30_000);
  try {
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      const url = /^ready (\S+) /.exec(line)?.[1];
      if (url !== undefined) return url;
    }
  } finally {
    clearTimeout(timeout);
  }
  throw new Error(`the server did not become ready: ${errors.join('') || 'it said nothing'}`);
}

async function stop(child: ChildProcess, dataDir: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  await rm(dataDir, { recursive: true, force: true });
}

t.test('our server answers every request table as kube-apiserver did', async (t) => {
  await using server = await startServer();
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
