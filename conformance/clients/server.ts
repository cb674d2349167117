import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

/** Our server in its own process. Disposing it removes its data too, unless the folder was given. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  readonly kubeconfig: string;
  /** Ends the process with a signal and waits for it; the data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServerOptions {
  readonly storage?: 'memory' | 'leveldb';
  readonly dataDir?: string;
  readonly port?: number;
  readonly flags?: readonly string[];
}

// The reference that gave the recorded answers ran these two and no other controllers.
const quietControllers = '--controllers=serviceaccount-controller,root-ca-certificate-publisher-controller';

/** Fails with the server's own words when it ends, or stays silent for 30 s, before it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { storage = 'memory', port = 0, flags = [] } = options;
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'kubefacade-clients-')));
  const args = ['bin/kubefacade.mjs', 'start', '--storage', storage, '--secure-port', String(port)];
  const child = spawn(process.execPath, [...args, '--data-dir', dataDir, quietControllers, ...flags], {
    cwd: root,
    // The test runner's hooks do not strip types from what the server requires late.
    env: { ...process.env, _TAPJS_PROCESSINFO_EXCLUDE_: '/\\.ts$/' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const dispose = async (): Promise<void> => {
    await stop(child);
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const ready = await readyLine(child);
    return { ...ready, stop: (signal) => stop(child, signal), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function readyLine(child: ChildProcess): Promise<{ url: string; kubeconfig: string }> {
  const errors: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const timeout = setTimeout(() => child.kill('SIGKILL'), 30_000);
  try {
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      const [, url, kubeconfig] = /^ready (\S+) kubeconfig=(.+)$/.exec(line) ?? [];
      if (url !== undefined && kubeconfig !== undefined) return { url, kubeconfig };
    }
  } finally {
    clearTimeout(timeout);
  }
  throw new Error(`the server did not become ready: ${errors.join('') || 'it said nothing'}`);
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
