import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { checkTable, overTables } from './tables-runner/check.ts';
import { connectByKubeconfig } from './tables-runner/connection.ts';
import { loadTables } from './tables-runner/table.ts';

const root = join(import.meta.dirname, '..');

interface Server extends AsyncDisposable {
  readonly kubeconfig: string;
}

/** Fails with the server's own words when it ends, or stays silent for 30 s, before it is ready. */
async function startServer(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kubefacade-tables-'));
  const args = [
    'bin/kubefacade.mjs',
    'start',
    '--storage',
    'memory',
    '--secure-port',
    '0',
    '--data-dir',
    dataDir,
    '--nodes',
    '0',
  ];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    return { kubeconfig: await readyLine(child), [Symbol.asyncDispose]: () => stop(child, dataDir) };
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
      const kubeconfig = /^ready \S+ kubeconfig=(.+)$/.exec(line)?.[1];
      if (kubeconfig !== undefined) return kubeconfig;
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
  using connection = connectByKubeconfig(server.kubeconfig);
  const tables = loadTables(join(import.meta.dirname, 'tables'));
  t.ok(tables.length > 0, 'there are tables');
  const results = await overTables(tables, 4, (table) =>
    checkTable(connection, table, join(import.meta.dirname, 'recorded')),
  );
  for (const { table, step, differences } of results.flat()) t.same(differences, [], `${table}: ${step}`);
});
