import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { signalName, signalNames, signalNumber } from '../../processes/signals.ts';
import type { Interpreter } from '../interpreter.ts';
import { type Job, jobOf, signalJob } from '../jobs.ts';
import { quotedInAsh, quotedWord } from '../quote.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

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
    if (typeof job === 'string') {
      shell.complain(job, 'kill');
      code = shell.isBash ? 1 : 2;
      continue;
    }
    if (job === undefined && !/^-?\d+$/.test(target)) shell.complainShort(`invalid number '${target}'`);
    else if (send(shell, job ?? Number(target), name)) continue;
    code = 1;
  }
  return code;
};

/** Whether it arrived. */
function send(shell: Shell, target: Job | number, name: string): boolean {
  try {
    if (typeof target === 'number') shell.context.kill(target, name);
    else signalJob(shell, target, name);
    // Who is stopped would not hear of it.
    if (typeof target !== 'number' && shell.isBash && target.stop !== undefined && /^(TERM|HUP)$/.test(name))
      signalJob(shell, target, 'CONT');
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const pid = typeof target === 'number' ? target : target.pid;
    shell.complainShort(`can't kill pid ${pid}: ${errorText(error.code)}`);
    return false;
  }
}

/** Signals that scripts may have taken note of. */
function setTrap(shell: Shell, name: string, action: string | undefined): void {
  if (action === undefined) shell.traps.delete(name);
  else shell.traps.set(name, action);
  if (name === 'EXIT' || name === 'ERR' || name === 'DEBUG' || name === 'RETURN') return;
  const { context } = shell;
  if (action === undefined) context.onSignal(name, undefined);
  else context.onSignal(name, action === '' ? 'ignore' : () => shell.interrupt(name));
}

function listTraps(shell: Shell): void {
  const quote = shell.isBash ? quotedWord : quotedInAsh;
  const order = [...shell.traps].toSorted(([a], [b]) => signalNumber(a) - signalNumber(b));
  for (const [name, script] of order)
    shell.say(`trap -- ${quote(script)} ${shell.isBash && name !== 'EXIT' ? 'SIG' : ''}${name}\n`);
}

const trap: Builtin = (given, { shell }) => {
  const args = given[0] === '--' ? given.slice(1) : given;
  const [action] = args;
  if (action === undefined || action === '-p') {
    listTraps(shell);
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

export const signalBuiltins: readonly (readonly [string, Builtin])[] = [
  ['kill', kill],
  ['trap', trap],
];
