import type { Child, ProcessExit } from '../processes/program.ts';
import { signalNumber, signalTexts } from '../processes/signals.ts';
import type { TerminalModes } from '../processes/terminal.ts';
import { Break } from './control.ts';
import type { Shell } from './shell.ts';

/** Processes that a shell started together: beside it, or stopped. */
export interface Job {
  readonly id: number;
  readonly children: readonly Child[];
  /** Of the last program of its pipeline, which is `$!`. */
  readonly pid: number;
  /** Of its own; undefined: it belongs to the shell's. */
  readonly group: number | undefined;
  readonly text: string;
  exit: ProcessExit | undefined;
  /** The signal that stopped it. */
  stop: string | undefined;
  /** Whether somebody was told of its end or stop. */
  isTold: boolean;
  /** How it had the terminal when it was stopped. */
  modes: TerminalModes | undefined;
  /** Who waits for its end or stop. */
  readonly waiting: Set<() => void>;
}

const maxJobs = 1000;

/** Remembers what runs in the background. */
export function addJob(shell: Shell, child: Child, { text, isGroup }: { text: string; isGroup: boolean }): Job {
  const job = createJob(shell, [child], isGroup ? child.pid : undefined, text);
  // Those that have ended and were never asked for are forgotten, oldest first.
  if (shell.jobs.length >= maxJobs) shell.jobs.pop();
  placeRunning(shell, job);
  shell.lastJob = child.pid;
  if (isGroup) void watch(shell, job);
  return job;
}

function createJob(shell: Shell, children: readonly Child[], group: number | undefined, text: string): Job {
  const job: Job = {
    id: freeId(shell),
    children,
    pid: children.at(-1)?.pid ?? 0,
    group,
    text,
    exit: undefined,
    stop: undefined,
    isTold: false,
    modes: undefined,
    waiting: new Set(),
  };
  void Promise.all(children.map(({ exited }) => exited)).then((exits) => {
    job.exit = exits.at(-1) ?? { code: 0 };
    changed(shell, job);
  });
  return job;
}

function freeId({ jobs, isBash }: Shell): number {
  if (isBash) return jobs.reduce((max, job) => Math.max(max, job.id), 0) + 1;
  let id = 1;
  while (jobs.some((job) => job.id === id)) id++;
  return id;
}

function changed(shell: Shell, job: Job): void {
  job.isTold = false;
  for (const wake of job.waiting) wake();
  job.waiting.clear();
  shell.onJobChange?.();
}

/** The last that was stopped is the current one, then come those that run, the newest first. */
function placeRunning(shell: Shell, job: Job): void {
  const others = shell.jobs.filter((one) => one !== job);
  const at = others.findIndex(({ stop }) => stop === undefined);
  others.splice(at < 0 ? others.length : at, 0, job);
  shell.jobs = others;
}

function forget(shell: Shell, job: Job): void {
  shell.jobs = shell.jobs.filter((one) => one !== job);
}

/** Takes note of signals that stop it, until it ends. */
async function watch(shell: Shell, job: Job): Promise<void> {
  for (;;) {
    const hold = await stopOf(job.children);
    if (hold === undefined) return;
    job.stop = hold.signal;
    shell.jobs = [job, ...shell.jobs.filter((one) => one !== job)];
    changed(shell, job);
    await hold.released;
    // Other shells only believe what they did themselves.
    if (shell.isBash) job.stop = undefined;
  }
}

/** What holds them, when none of them runs any more; undefined: all have ended. */
async function stopOf(children: readonly Child[]): Promise<{ signal: string; released: Promise<void> } | undefined> {
  for (;;) {
    const holds = await Promise.all(
      children.map((child) => Promise.race([child.exited.then(() => undefined), child.stopped()])),
    );
    const hold = holds.find((one) => one !== undefined);
    if (hold === undefined || children.some((child, at) => holds[at] !== undefined && child.isStopped === true))
      return hold;
  }
}

/** Until it has ended or was stopped, or the signal comes. */
export function settled(job: Job, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (job.exit !== undefined || job.stop !== undefined) {
      resolve();
      return;
    }
    const wake = (): void => {
      signal?.removeEventListener('abort', wake);
      job.waiting.delete(wake);
      resolve();
    };
    job.waiting.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

/** Waits for what runs in the foreground. With a group it has the terminal meanwhile, and may be stopped. */
export async function inForeground(
  shell: Shell,
  children: readonly Child[],
  group?: number,
): Promise<readonly ProcessExit[]> {
  if (group !== undefined) {
    const job = createJob(shell, children, group, shell.commandText);
    void watch(shell, job);
    return runForeground(shell, job);
  }
  const exits = await Promise.all(children.map(({ exited }) => exited));
  tellOfEnd(shell, exits.at(-1)?.signal);
  return exits;
}

/** Gives a job the terminal until it ends or is stopped. */
export async function runForeground(shell: Shell, job: Job): Promise<readonly ProcessExit[]> {
  const { terminal, stderr } = shell.context;
  const owner = terminal?.foreground;
  const modes = terminal?.modes;
  if (terminal !== undefined && job.group !== undefined) terminal.foreground = job.group;
  if (terminal !== undefined && job.modes !== undefined) terminal.modes = job.modes;
  await settled(job);
  if (terminal !== undefined && job.group !== undefined && owner !== undefined) terminal.foreground = owner;
  if (job.exit !== undefined) {
    forget(shell, job);
    // Who was killed could not give back the terminal as it was.
    if (terminal !== undefined && modes !== undefined && job.exit.signal !== undefined) terminal.modes = modes;
    const exits = await Promise.all(job.children.map(({ exited }) => exited));
    tellOfEnd(shell, job.exit.signal);
    return exits;
  }
  if (terminal !== undefined && modes !== undefined) {
    job.modes = terminal.modes;
    terminal.modes = modes;
  }
  shell.stops++;
  if (shell.isBash && shell.isInteractive) {
    stderr.write(`\n${jobLine(shell, job)}`);
    job.isTold = true;
  }
  const signal = job.stop ?? 'STOP';
  return job.children.map(() => ({ code: 128 + signalNumber(signal) }));
}

/** Lets a stopped one run again. */
export function restart(shell: Shell, job: Job): void {
  job.stop = undefined;
  job.isTold = true;
  placeRunning(shell, job);
  signalJob(shell, job, 'CONT');
}

/** Throws FileError ESRCH or EPERM. */
export function signalJob({ context }: Shell, { group, pid }: Job, name: string): void {
  context.kill(group === undefined ? pid : -group, name);
}

function tellOfEnd(shell: Shell, signal: string | undefined): void {
  if (signal === 'INT' && shell.isInteractive) {
    shell.context.stderr.write('\n');
    throw new Break('interrupted');
  }
  tellOfDeath(shell, signal);
}

export function tellOfDeath({ context }: Shell, signal: string | undefined): void {
  if (signal !== undefined && signal !== 'INT' && signal !== 'PIPE')
    context.stderr.write(`${signalTexts[signal] ?? signal}\n`);
}

/** `%1`, `%%`, `%+`, `%-`, `%text`, `%?text`; a text: what is wrong with it. */
export function jobOf({ jobs, isBash }: Shell, text: string): Job | string {
  const name = text.startsWith('%') ? text.slice(1) : text;
  const missing = `${text}: no such job`;
  if (name === '' || name === '%' || name === '+')
    return jobs[0] ?? (isBash ? (text === '%%' ? 'current: no such job' : missing) : 'No current job');
  if (name === '-') return jobs[1] ?? (isBash ? (jobs[0] ?? missing) : 'No previous job');
  if (/^\d+$/.test(name)) return jobs.find(({ id }) => id === Number(name)) ?? missing;
  const found = jobs.filter((job) =>
    name.startsWith('?') ? job.text.includes(name.slice(1)) : job.text.startsWith(name),
  );
  if (found.length > 1) return isBash ? `${name}: ambiguous job spec` : `${text}: ambiguous`;
  return found[0] ?? missing;
}

/** In the order in which they are listed. */
export function listedJobs({ jobs, isBash }: Shell): readonly Job[] {
  return isBash ? jobs.toSorted((a, b) => a.id - b.id) : jobs;
}

/** As `jobs` shows it. */
export function jobLine(shell: Shell, job: Job, withPid = false): string {
  const { isBash, jobs } = shell;
  const mark = job === jobs[0] ? '+' : job === jobs[1] ? '-' : ' ';
  const state = stateOf(job, isBash);
  const head = `[${job.id}]${mark} `;
  if (!isBash) return `${`${head} ${withPid ? `${job.pid} ` : ''}${state}`.padEnd(33)}${job.text}\n`;
  const runs = job.exit === undefined && job.stop === undefined;
  return `${head}${withPid ? `${job.pid} ` : ' '}${state.padEnd(24)}${job.text}${runs ? ' &' : ''}\n`;
}

const stopTexts: Readonly<Record<string, string>> = {
  STOP: 'Stopped (signal)',
  TTIN: 'Stopped (tty input)',
  TTOU: 'Stopped (tty output)',
};

const endTexts: Readonly<Record<string, string>> = { INT: 'Interrupt', PIPE: 'Broken pipe' };

function stateOf({ exit, stop }: Job, isBash: boolean): string {
  if (exit === undefined) return stop === undefined ? 'Running' : ((isBash ? undefined : stopTexts[stop]) ?? 'Stopped');
  if (exit.signal !== undefined) return endTexts[exit.signal] ?? signalTexts[exit.signal] ?? exit.signal;
  if (exit.code === 0) return 'Done';
  return isBash ? `Exit ${exit.code}` : `Done(${exit.code})`;
}

/** Before the next prompt: what has changed and nobody was told of. */
export function tellOfJobs(shell: Shell): void {
  for (const job of listedJobs(shell)) {
    if (job.isTold || (job.exit === undefined && job.stop === undefined)) continue;
    shell.context.stderr.write(jobLine(shell, job));
    job.isTold = true;
  }
  shell.jobs = shell.jobs.filter((job) => job.exit === undefined || !job.isTold);
}

/** Whether the shell is to stay because of them; the second time it goes. */
export function keepsShell(shell: Shell): boolean {
  if (!shell.isInteractive || shell.exitWarnings > 0 || shell.jobs[0]?.stop === undefined) return false;
  if (shell.jobs[0].exit !== undefined) return false;
  shell.context.stderr.write(shell.isBash ? 'There are stopped jobs.\n' : 'You have stopped jobs.\n');
  shell.exitWarnings = 2;
  return true;
}

/** When the shell has gone nobody could let them run. */
export function hangUpStopped(shell: Shell): void {
  for (const job of shell.jobs) {
    if (job.exit !== undefined || job.stop === undefined) continue;
    signalJob(shell, job, 'HUP');
    signalJob(shell, job, 'CONT');
  }
}
