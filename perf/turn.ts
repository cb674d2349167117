import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Access } from './api-client.ts';
import { definitionOf, type Scenario } from './catalog.ts';
import { pinned } from './programs.ts';

/** What one turn measured. Times in milliseconds. */
export interface Turn {
  readonly requests: number;
  readonly rate: number;
  readonly failed: number;
  readonly med: number;
  readonly 'p(95)': number;
  readonly 'p(99)': number;
  readonly max: number;
}

export interface TurnOptions {
  readonly clients: number;
  readonly duration: string;
  readonly pods: number;
  /** Distinguishes the names that this turn creates. */
  readonly run: string;
  /** Pods made for the turn to use up. */
  readonly stock: number;
  /** Told when the clients' process runs. */
  readonly onStart?: (pid: number) => void;
}

/** Runs one scenario once against a server. */
export async function runTurn(k6: string, scenario: Scenario, access: Access, options: TurnOptions): Promise<Turn> {
  const folder = mkdtempSync(join(tmpdir(), 'perf-k6-'));
  try {
    const files: Record<string, string> = {};
    if (access.cert !== undefined && access.key !== undefined) {
      files['CERT'] = join(folder, 'client.crt');
      files['KEY'] = join(folder, 'client.key');
      writeFileSync(files['CERT'], access.cert);
      writeFileSync(files['KEY'], access.key, { mode: 0o600 });
    }
    const { env = {} } = definitionOf(scenario);
    const text = await output(pinned(commandOf(k6, scenario), 'clients'), options.onStart, {
      ...env,
      ...files,
      TARGET: access.url,
      ...(access.token === undefined ? {} : { TOKEN: access.token }),
      VUS: String(options.clients),
      DURATION: options.duration,
      PODS: String(options.pods),
      RUN: options.run,
      STOCK: String(options.stock),
    });
    const line = text.split('\n').find((l) => l.startsWith('{'));
    if (line === undefined) throw new Error(`the clients said nothing of ${scenario}: ${text.slice(0, 500)}`);
    return JSON.parse(line) as Turn;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function commandOf(k6: string, scenario: Scenario): readonly string[] {
  const { script = `${scenario}.js`, tool = 'k6' } = definitionOf(scenario);
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  if (tool === 'node') return [process.execPath, file(`./${script}`)];
  return [k6, 'run', '--quiet', '--no-usage-report', '--log-output=none', file(`./scenarios/${script}`)];
}

function output(
  command: readonly string[],
  onStart: ((pid: number) => void) | undefined,
  env: Record<string, string>,
): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) onStart?.(child.pid);
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`the clients ended with ${code}: ${err}${out}`)),
    );
  });
}
