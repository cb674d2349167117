import { signalNumber } from '../../processes/signals.ts';
import { Break } from '../control.ts';
import {
  type Job,
  jobLine,
  jobOf,
  listedJobs,
  restart,
  runForeground,
  settled,
  tellOfDeath,
  tellOfJobs,
} from '../jobs.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

/** Its exit code, or undefined when a signal with a trap came first. */
async function codeOf(shell: Shell, job: Job, isNamed = true): Promise<number | undefined> {
  const { interruption } = shell;
  await settled(job, interruption);
  const { exit, stop } = job;
  if (exit === undefined) return stop === undefined ? undefined : 128 + signalNumber(stop);
  if (shell.isInteractive) {
    if (shell.isBash) tellOfJobs(shell);
    return exit.code;
  }
  if (!job.isTold && (isNamed || shell.isBash)) tellOfDeath(shell, exit.signal);
  job.isTold = true;
  return exit.code;
}

/** Of a builtin that a signal ended. Who typed ^C wants a prompt. */
export function interruptedCode({ pending, isInteractive, traps, context }: Shell): number {
  const [signal = 'TERM'] = pending;
  if (isInteractive && signal === 'INT' && !traps.has('INT')) {
    context.stderr.write('\n');
    throw new Break('interrupted');
  }
  return 128 + signalNumber(signal);
}

async function waitForNext(shell: Shell): Promise<number> {
  const running = shell.jobs.filter((job) => job.exit === undefined || !job.isTold);
  if (running.length === 0) return 127;
  const done = await Promise.race(running.map(async (job) => ({ job, code: await codeOf(shell, job) })));
  done.job.isTold = true;
  shell.jobs = shell.jobs.filter((job) => job !== done.job);
  return done.code ?? interruptedCode(shell);
}

/** Until all of the background has ended, or what is named, or a signal is to be heeded. */
const wait: Builtin = async (args, { shell }) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  if (args.includes('-n')) return waitForNext(shell);
  if (names.length === 0) {
    for (const job of [...shell.jobs])
      if ((await codeOf(shell, job, false)) === undefined) return interruptedCode(shell);
    if (!shell.isInteractive) shell.jobs = [];
    return 0;
  }
  let code = 0;
  for (const name of names) {
    const job = name.startsWith('%') ? jobOf(shell, name) : shell.jobs.find(({ pid }) => pid === Number(name));
    if (typeof job === 'string') {
      shell.complain(job, 'wait');
      code = shell.isBash ? 127 : 2;
    } else if (job === undefined) code = 127;
    else {
      const found = await codeOf(shell, job);
      if (found === undefined) return interruptedCode(shell);
      code = found;
    }
  }
  return code;
};

/** The jobs that words name; undefined: one of them is none. */
function named(shell: Shell, words: readonly string[], command: string): readonly Job[] | undefined {
  const found: Job[] = [];
  for (const word of words) {
    const byPid = /^\d+$/.test(word) ? shell.jobs.find(({ pid }) => String(pid) === word) : undefined;
    const job = byPid ?? jobOf(shell, word);
    if (typeof job === 'string') {
      shell.complain(job, command);
      return undefined;
    }
    found.push(job);
  }
  return found;
}

const jobs: Builtin = (args, { shell }) => {
  const letters = args.filter((arg) => arg.startsWith('-')).join('');
  const words = args.filter((arg) => !arg.startsWith('-'));
  const asked = words.length === 0 ? listedJobs(shell) : named(shell, words, 'jobs');
  if (asked === undefined) return shell.isBash ? 1 : 2;
  const isShown = ({ exit, stop }: Job): boolean => {
    if (letters.includes('r')) return exit === undefined && stop === undefined;
    return !letters.includes('s') || (exit === undefined && stop !== undefined);
  };
  for (const job of asked.filter(isShown)) {
    if (letters.includes('p')) shell.say(`${job.group ?? job.pid}\n`);
    else if (job.exit === undefined || !job.isTold) shell.say(jobLine(shell, job, letters.includes('l')));
    if (job.exit !== undefined || job.stop !== undefined) job.isTold = true;
  }
  shell.jobs = shell.jobs.filter((job) => job.exit === undefined || !job.isTold);
  return 0;
};

const foreground: Builtin = async ([name = '%%'], { shell }) => {
  const job = named(shell, [name], 'fg')?.[0];
  if (job === undefined || !inControl(shell, 'fg')) return shell.isBash ? 1 : 2;
  shell.say(`${job.text}\n`);
  restart(shell, job);
  const exits = await runForeground(shell, job);
  return exits.at(-1)?.code ?? 0;
};

const background: Builtin = (args, { shell }) => {
  const asked = named(shell, args.length === 0 ? ['%%'] : args, 'bg');
  if (asked === undefined || !inControl(shell, 'bg')) return shell.isBash ? 1 : 2;
  for (const job of asked) {
    const mark = job === shell.jobs[0] ? '+' : job === shell.jobs[1] ? '-' : ' ';
    shell.say(shell.isBash ? `[${job.id}]${mark} ${job.text} &\n` : `[${job.id}] ${job.text}\n`);
    restart(shell, job);
  }
  return 0;
};

function inControl(shell: Shell, command: string): boolean {
  if (shell.options.has('m')) return true;
  shell.complain(shell.isBash ? 'no job control' : 'job (null) not created under job control', command);
  return false;
}

/** Of bash: the shell knows nothing of them any more. */
const disown: Builtin = (args, { shell }) => {
  if (!shell.isBash) {
    shell.complain('disown: not found');
    return 127;
  }
  const words = args.filter((arg) => !arg.startsWith('-'));
  const letters = args.filter((arg) => arg.startsWith('-')).join('');
  const all = /[ar]/.test(letters) && words.length === 0;
  const asked = all ? shell.jobs : named(shell, words.length === 0 ? ['%%'] : words, 'disown');
  if (asked === undefined) return 1;
  if (letters.includes('h')) return 0;
  const gone = asked.filter(({ stop }) => !letters.includes('r') || stop === undefined);
  shell.jobs = shell.jobs.filter((job) => !gone.includes(job));
  return 0;
};

export const jobBuiltins: readonly (readonly [string, Builtin])[] = [
  ['wait', wait],
  ['jobs', jobs],
  ['fg', foreground],
  ['bg', background],
  ['disown', disown],
];
