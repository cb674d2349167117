import type { Child, ProcessExit } from '../processes/program.ts';
import { signalTexts } from '../processes/signals.ts';
import { Break } from './control.ts';
import type { Job, Shell } from './shell.ts';

const maxJobs = 1000;

/** Remembers what runs in the background. */
export function addJob(shell: Shell, child: Child, text: string): Job {
  const id = shell.jobs.reduce((max, job) => Math.max(max, job.id), 0) + 1;
  const job: Job = { id, pid: child.pid, group: child.pid, text, ended: child.exited, exit: undefined, isTold: false };
  void child.exited.then((exit) => {
    job.exit = exit;
  });
  // Those that have ended and were never asked for are forgotten, oldest first.
  if (shell.jobs.length >= maxJobs) shell.jobs.splice(0, 1);
  shell.jobs.push(job);
  shell.lastJob = child.pid;
  return job;
}

/** Waits for what runs in the foreground, which has the terminal meanwhile, and says how it died. */
export async function childExit<T extends ProcessExit | readonly ProcessExit[]>(
  shell: Shell,
  exited: Promise<T>,
  group?: number,
): Promise<T> {
  const { terminal, stderr } = shell.context;
  const owner = terminal?.foreground;
  if (terminal !== undefined && group !== undefined) terminal.foreground = group;
  const exits = await exited;
  if (terminal !== undefined && group !== undefined && owner !== undefined) terminal.foreground = owner;
  const last = Array.isArray(exits) ? (exits.at(-1) as ProcessExit | undefined) : (exits as ProcessExit);
  const signal = last?.signal;
  if (signal === 'INT' && shell.isInteractive) {
    stderr.write('\n');
    throw new Break('interrupted');
  }
  tellOfDeath(shell, signal);
  return exits;
}

export function tellOfDeath({ context }: Shell, signal: string | undefined): void {
  if (signal !== undefined && signal !== 'INT' && signal !== 'PIPE')
    context.stderr.write(`${signalTexts[signal] ?? signal}\n`);
}

/** `%1`, `%%`, `%+`, `%-`, `%text`; undefined: no such job. */
export function jobOf({ jobs }: Shell, text: string): Job | undefined {
  const name = text.slice(1);
  if (name === '' || name === '%' || name === '+') return jobs.at(-1);
  if (name === '-') return jobs.at(-2) ?? jobs.at(-1);
  return /^\d+$/.test(name)
    ? jobs.find(({ id }) => id === Number(name))
    : jobs.find((job) => job.text.startsWith(name));
}

export function jobLine({ jobs }: Shell, job: Job): string {
  const mark = job === jobs.at(-1) ? '+' : job === jobs.at(-2) ? '-' : ' ';
  return `[${job.id}]${mark}  ${stateOf(job).padEnd(27)}${job.text}\n`;
}

function stateOf({ exit }: Job): string {
  if (exit === undefined) return 'Running';
  if (exit.signal !== undefined) return signalTexts[exit.signal] ?? exit.signal;
  return exit.code === 0 ? 'Done' : `Done(${exit.code})`;
}
