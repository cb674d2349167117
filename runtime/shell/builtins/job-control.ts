import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { signalName, signalNames, signalNumber } from '../../processes/signals.ts';
import type { Interpreter } from '../interpreter.ts';
import { childExit, jobLine, jobOf, tellOfDeath } from '../jobs.ts';
import { quotedWord } from '../quote.ts';
import type { Job, Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

/** Its exit code, or undefined when a signal with a trap came first. */
async function ended(shell: Shell, job: Job): Promise<number | undefined> {
  const { interruption } = shell;
  const { promise: interrupted, resolve } = Promise.withResolvers<undefined>();
  const wake = (): void => resolve(undefined);
  interruption.addEventListener('abort', wake, { once: true });
  const exit = await Promise.race([job.ended, interrupted]);
  interruption.removeEventListener('abort', wake);
  if (!job.isTold) tellOfDeath(shell, exit?.signal);
  if (exit !== undefined) job.isTold = true;
  return exit?.code;
}

function interruptedCode({ pending }: Shell): number {
  const [signal = 'TERM'] = pending;
  return 128 + signalNumber(signal);
}

/** Until all of the background has ended, or what is named, or a signal is to be heeded. */
const wait: Builtin = async (args, { shell }) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  if (args.includes('-n')) {
    const running = shell.jobs.filter((job) => !job.isTold);
    if (running.length === 0) return 127;
    const done = await Promise.race(running.map(async (job) => ({ job, code: await ended(shell, job) })));
    done.job.isTold = true;
    shell.jobs = shell.jobs.filter((job) => job !== done.job);
    return done.code ?? interruptedCode(shell);
  }
  if (names.length === 0) {
    for (const job of shell.jobs) if ((await ended(shell, job)) === undefined) return interruptedCode(shell);
    shell.jobs = [];
    return 0;
  }
  let code = 0;
  for (const name of names) {
    const job = name.startsWith('%') ? jobOf(shell, name) : shell.jobs.find(({ pid }) => pid === Number(name));
    if (job === undefined) {
      code = 127;
      continue;
    }
    const found = await ended(shell, job);
    if (found === undefined) return interruptedCode(shell);
    code = found;
    job.isTold = true;
  }
  return code;
};

const jobs: Builtin = (args, { shell }) => {
  for (const job of shell.jobs) {
    if (args.includes('-p')) shell.say(`${job.pid}\n`);
    else if (!job.isTold)
      shell.say(args.includes('-l') ? jobLine(shell, job).replace(/ {2}/, `  ${job.pid} `) : jobLine(shell, job));
    if (job.exit !== undefined) job.isTold = true;
  }
  shell.jobs = shell.jobs.filter((job) => job.exit === undefined);
  return 0;
};

const foreground: Builtin = async ([name = '%%'], { shell }) => {
  const job = jobOf(shell, name);
  if (job === undefined) {
    shell.complain(`${name}: no such job`, 'fg');
    return 2;
  }
  shell.say(`${job.text}\n`);
  shell.jobs = shell.jobs.filter((one) => one !== job);
  const { code } = await childExit(shell, job.ended, job.group);
  return code;
};

const background: Builtin = ([name = '%%'], { shell }) => {
  const job = jobOf(shell, name);
  if (job !== undefined) shell.say(`[${job.id}] ${job.text}\n`);
  return job === undefined ? 2 : 0;
};

/** `kill -l`. */
function listSignals(args: readonly string[], { shell }: Interpreter): number {
  const [wanted] = args;
  if (wanted !== undefined) {
    const name = signalName(/^\d+$/.test(wanted) && Number(wanted) > 128 ? String(Number(wanted) - 128) : wanted);
    if (name === undefined) {
      shell.complain(`bad signal name '${wanted}'`, 'kill');
      return 1;
    }
    shell.say(`${/^\d+$/.test(wanted) ? name : signalNumber(name)}\n`);
    return 0;
  }
  shell.say(signalNames.map((name, at) => `${String(at + 1).padStart(2)}) ${name}\n`).join(''));
  return 0;
}

const kill: Builtin = (args, interpreter) => {
  const { shell } = interpreter;
  let signal = 'TERM';
  let at = 0;
  const [first = ''] = args;
  if (first === '-l') return listSignals(args.slice(1), interpreter);
  if (first === '-s' || first === '-n') {
    signal = args[1] ?? '';
    at = 2;
  } else if (/^-./.test(first) && first !== '--') {
    signal = first.slice(1);
    at = 1;
  }
  if (args[at] === '--') at++;
  const name = signalName(signal);
  if (name === undefined) {
    shell.complainShort(`bad signal name '${signal}'`);
    return 1;
  }
  const targets = args.slice(at);
  if (targets.length === 0) {
    shell.complainShort('you need to specify whom to kill');
    return 1;
  }
  let code = 0;
  for (const target of targets) {
    const job = target.startsWith('%') ? jobOf(shell, target) : undefined;
    if (target.startsWith('%') ? job === undefined : !/^-?\d+$/.test(target)) {
      shell.complainShort(`invalid number '${target}'`);
      code = 1;
      continue;
    }
    try {
      shell.context.kill(job?.pid ?? Number(target), name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      shell.complainShort(`can't kill pid ${target}: ${errorText(error.code)}`);
      code = 1;
    }
  }
  return code;
};

/** Signals that scripts may have taken note of. */
function setTrap(shell: Shell, name: string, action: string | undefined): void {
  if (action === undefined) shell.traps.delete(name);
  else shell.traps.set(name, action);
  if (name === 'EXIT' || name === 'ERR' || name === 'DEBUG' || name === 'RETURN') return;
  const { context } = shell;
  if (action === undefined) context.onSignal(name, undefined);
  else context.onSignal(name, action === '' ? 'ignore' : () => shell.interrupt(name));
}

const trap: Builtin = (given, { shell }) => {
  const args = given[0] === '--' ? given.slice(1) : given;
  const [action] = args;
  if (action === undefined || action === '-p') {
    const order = [...shell.traps].toSorted(([a], [b]) => signalNumber(a) - signalNumber(b));
    for (const [name, script] of order)
      shell.say(`trap -- ${quotedWord(script)} ${shell.isBash && name !== 'EXIT' ? 'SIG' : ''}${name}\n`);
    return 0;
  }
  if (action === '-l') {
    shell.say(signalNames.map((name, at) => `${String(at + 1).padStart(2)}) ${name}\n`).join(''));
    return 0;
  }
  const isReset = action === '-' || (args.length === 1 && signalName(action) !== undefined) || /^\d+$/.test(action);
  const names = action === '-' || !isReset ? args.slice(1) : args;
  let code = 0;
  for (const text of names) {
    const name = signalName(text) ?? (/^(ERR|DEBUG|RETURN)$/.test(text) ? text : undefined);
    if (name === undefined) {
      shell.complain(`${text}: invalid signal specification`, 'trap');
      code = 1;
    } else setTrap(shell, name, isReset ? undefined : action);
  }
  return code;
};

export const jobBuiltins: readonly (readonly [string, Builtin])[] = [
  ['wait', wait],
  ['jobs', jobs],
  ['fg', foreground],
  ['bg', background],
  ['kill', kill],
  ['trap', trap],
  ['disown', () => 0],
];
