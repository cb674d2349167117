import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Access } from './api-client.ts';

export const scenarios = ['create', 'get', 'list-500', 'list-all', 'label-selection', 'merge-patch'] as const;
export type Scenario = (typeof scenarios)[number];

/** What k6 measured in one turn. Times in milliseconds. */
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
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: both mean no.
    return false;
  }
}

/** The program's path from an environment variable (a file), or from PATH. */
export function findProgram(name: string, override: string | undefined): string | undefined {
  if (override !== undefined && override !== '') return isExecutable(override) ? override : undefined;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** With more than two processors the servers get the first two and k6 the others; with two, all share them. */
export function pinned(command: readonly string[], side: 'server' | 'clients'): readonly string[] {
  const processors = availableParallelism();
  if (processors <= 2 || findProgram('taskset', undefined) === undefined) return command;
  return ['taskset', '-c', side === 'server' ? '0,1' : `2-${processors - 1}`, ...command];
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
    const script = fileURLToPath(new URL(`./scenarios/${scenario}.js`, import.meta.url));
    const command = pinned([k6, 'run', '--quiet', '--no-usage-report', '--log-output=none', script], 'clients');
    const text = await output(command, {
      ...files,
      TARGET: access.url,
      ...(access.token === undefined ? {} : { TOKEN: access.token }),
      VUS: String(options.clients),
      DURATION: options.duration,
      PODS: String(options.pods),
      RUN: options.run,
    });
    const line = text.split('\n').find((l) => l.startsWith('{'));
    if (line === undefined) throw new Error(`k6 said nothing of ${scenario}: ${text.slice(0, 500)}`);
    return JSON.parse(line) as Turn;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function output(command: readonly string[], env: Record<string, string>): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`k6 ended with ${code}: ${err}${out}`))));
  });
}
