import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** One version for all, so that results of different days and machines can be compared. */
export const k6Version = 'v1.8.1';

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: both mean no.
    return false;
  }
}

function findInPath(name: string, { PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  return PATH.split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** The program's path from an environment variable (a file), or from PATH. */
export function findProgram(name: string, override: string | undefined): string | undefined {
  if (override !== undefined && override !== '') return isExecutable(override) ? override : undefined;
  return findInPath(name, process.env);
}

/** Of the reference: from the folder KUBEFACADE_REFERENCE_BIN, or from PATH. */
export function referenceProgram(name: string): string {
  const folder = process.env['KUBEFACADE_REFERENCE_BIN'];
  const path = findProgram(name, folder === undefined ? undefined : join(folder, name));
  if (path === undefined) throw new Error(`${name} not found: set KUBEFACADE_REFERENCE_BIN to the folder that has it`);
  return path;
}

/** With more than two processors the servers get the first two and k6 the others; with two, all share them. */
export function pinned(command: readonly string[], side: 'server' | 'clients'): readonly string[] {
  const processors = availableParallelism();
  if (processors <= 2 || findProgram('taskset', undefined) === undefined) return command;
  return ['taskset', '-c', side === 'server' ? '0,1' : `2-${processors - 1}`, ...command];
}

/** The version in the first line that `k6 version` prints. */
export function versionIn(text: string): string | undefined {
  return /\bk6(?:\.exe)? (v\d+\.\d+\.\d+\S*)/.exec(text)?.[1];
}

const versionOf = (k6: string) => versionIn(execFileSync(k6, ['version'], { encoding: 'utf8' }));

export interface K6Search {
  readonly env: NodeJS.ProcessEnv;
  readonly versionOf: (path: string) => string | undefined;
  readonly build: (go: string, folder: string) => Promise<void>;
  readonly say: (text: string) => void;
}

/** `$K6` whatever its version; the one in PATH or built before, if it is the pinned one; else Go builds it into a cache folder. */
export async function locateK6(say: (text: string) => void, search: Partial<K6Search> = {}): Promise<string> {
  const { env, versionOf: version, build } = { env: process.env, versionOf, build: buildK6, ...search };
  if (env['K6'] !== undefined && env['K6'] !== '') {
    if (!isExecutable(env['K6'])) throw new Error(`K6=${env['K6']} is no program`);
    const found = version(env['K6']);
    if (found !== k6Version)
      say(`K6 is ${found ?? 'of unknown version'}; results compare with those of ${k6Version} only`);
    return env['K6'];
  }
  const inPath = (name: string) => findInPath(name, env);
  const installed = inPath('k6');
  if (installed !== undefined && version(installed) === k6Version) return installed;
  const folder = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubefacade', `k6-${k6Version}`);
  const built = join(folder, 'k6');
  if (isExecutable(built)) return built;
  const go = inPath('go');
  const why = installed === undefined ? 'k6 is not in PATH' : `the k6 in PATH is ${version(installed) ?? 'another'}`;
  if (go === undefined) {
    throw new Error(
      `${why}, and Go, which would build k6 ${k6Version}, is not in PATH either: set K6 to the program, or install one of them`,
    );
  }
  say(`${why}: building k6 ${k6Version} into ${folder}, once`);
  mkdirSync(folder, { recursive: true });
  await build(go, folder);
  if (!isExecutable(built)) throw new Error(`go install left no k6 in ${folder}`);
  return built;
}

function buildK6(go: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(go, ['install', `go.k6.io/k6@${k6Version}`], {
      env: { ...process.env, GOBIN: folder, GOFLAGS: '' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`go install k6 ended with ${code}`))));
  });
}
