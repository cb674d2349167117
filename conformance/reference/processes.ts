import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProgramName, programPath, UsageError } from './programs.ts';

/** A program that goes on when this command ends. Its process id and its log are in the run folder. */
export interface Started {
  readonly name: ProgramName;
  readonly log: string;
  /** Throws with the end of the log when the program is no longer there. */
  check(): void;
}

export class AlreadyRunning extends UsageError {}

/** A run folder holds one program of each name. */
export function refuseRunning(runFolder: string, names: readonly ProgramName[]): void {
  for (const name of names) {
    const pid = runningPid(runFolder, name);
    if (pid === undefined) continue;
    throw new AlreadyRunning(`${name} runs already as process ${pid} (${runFolder}): end it with "down" first`);
  }
}

export function start(runFolder: string, name: ProgramName, args: readonly string[]): Started {
  mkdirSync(runFolder, { recursive: true });
  refuseRunning(runFolder, [name]);
  const log = join(runFolder, `${name}.log`);
  const file = openSync(log, 'w');
  const child = spawn(programPath(name), args, { detached: true, stdio: ['ignore', file, file] });
  closeSync(file);
  // An error is an exit that `check` finds.
  child.on('error', () => undefined);
  child.unref();
  writeFileSync(join(runFolder, `${name}.pid`), String(child.pid ?? ''));
  return { name, log, check: () => check(child, name, log) };
}

function check(child: ChildProcess, name: string, log: string): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) return;
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
  throw new UsageError(`${name} ended with ${child.exitCode ?? child.signalCode ?? 'an error'}: ${tail}`);
}

/** Asks until the answer is yes, as long as the programs live. */
export async function waitUntil(
  what: string,
  isReady: () => Promise<boolean>,
  programs: readonly Started[],
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    for (const program of programs) program.check();
    if (await isReady()) return;
    await sleep(100);
  }
  throw new UsageError(`${what} is not ready after 60 s; see ${programs.map(({ log }) => log).join(' ')}`);
}

/** Ends every program of a run folder, last dependants first, and says which. */
export async function stopAll(runFolder: string): Promise<string[]> {
  const order: readonly ProgramName[] = ['kwok', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];
  const ended: string[] = [];
  for (const name of order) {
    const pid = runningPid(runFolder, name);
    if (pid !== undefined) {
      await end(pid);
      ended.push(name);
    }
    rmSync(join(runFolder, `${name}.pid`), { force: true });
  }
  return ended;
}

async function end(pid: number): Promise<void> {
  const signal = (which: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(pid, which);
    } catch {
      // Ended in between, which is what is wanted.
      return false;
    }
  };
  signal('SIGTERM');
  for (let waited = 0; waited < 100; waited++) {
    if (!signal(0)) return;
    await sleep(100);
  }
  signal('SIGKILL');
}

/** The process id in the file, if that process is still the program: ids are used again. */
function runningPid(runFolder: string, name: ProgramName): number | undefined {
  try {
    if (!readdirSync(runFolder).includes(`${name}.pid`)) return undefined;
    const pid = Number(readFileSync(join(runFolder, `${name}.pid`), 'utf8'));
    process.kill(pid, 0);
    if (process.platform !== 'linux') return pid;
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)[0]?.endsWith(`/${name}`) === true
      ? pid
      : undefined;
  } catch {
    return undefined;
  }
}

/** Ports of loopback that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    ports.push(typeof address === 'object' && address !== null ? address.port : 0);
  }
  for (const server of servers) server.close();
  return ports;
}
