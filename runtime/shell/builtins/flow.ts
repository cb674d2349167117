import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { lookUp } from '../../processes/execute.ts';
import { ExpansionError, Leave } from '../control.ts';
import type { Interpreter } from '../interpreter.ts';
import { keepsShell } from '../jobs.ts';
import { ShellSyntaxError } from '../language/syntax.ts';
import { runProgram } from '../program-command.ts';
import type { Builtin } from './builtin.ts';

function numberOf(text: string, command: string, { shell }: Interpreter): number {
  if (/^\d+$/.test(text)) return Number(text);
  shell.complain(`Illegal number: ${text}`, command);
  throw new Leave('exit', 2);
}

const leaveWith =
  (what: 'exit' | 'return'): Builtin =>
  ([value], interpreter) => {
    const { shell } = interpreter;
    if (what === 'exit' && shell.isInteractive && shell.isBash) shell.context.stderr.write('exit\n');
    if (what === 'exit' && keepsShell(shell)) return 1;
    throw new Leave(what, value === undefined ? interpreter.shell.lastCode : numberOf(value, what, interpreter) & 0xff);
  };

const leaveLoop =
  (what: 'break' | 'continue'): Builtin =>
  ([value = '1'], interpreter) => {
    const levels = numberOf(value, what, interpreter);
    if (interpreter.shell.loopDepth === 0) return 0;
    throw new Leave(what, Math.min(Math.max(levels, 1), interpreter.shell.loopDepth));
  };

const shift: Builtin = ([count = '1'], interpreter) => {
  const { shell } = interpreter;
  const by = numberOf(count, 'shift', interpreter);
  if (by > shell.parameters.length) return 1;
  shell.parameters = shell.parameters.slice(by);
  return 0;
};

const evaluate: Builtin = async (args, interpreter) => {
  const { shell } = interpreter;
  const text = args.join(' ');
  if (text.trim() === '') return 0;
  shell.lastCode = 0;
  try {
    return await interpreter.source(text, shell.line);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError) || shell.isBash || error.message.startsWith('eval:')) throw error;
    throw new ShellSyntaxError(`eval: line ${shell.hasLines ? shell.line : 0}: ${error.message}`);
  }
};

const source: Builtin = async ([name, ...args], interpreter) => {
  const { shell } = interpreter;
  const { context } = shell;
  if (name === undefined) {
    shell.complain('filename argument required', '.');
    return 2;
  }
  const path = name.includes('/')
    ? resolvePath(context.cwd, name)
    : (lookUp(name, shell.variables.get('PATH') ?? '', context) ??
      (shell.isBash ? resolvePath(context.cwd, name) : undefined));
  if (path === undefined) {
    shell.complain(`${name}: not found`, '.');
    throw new Leave('exit', 2);
  }
  let text: string;
  try {
    const file = context.open(path, { read: true });
    text = await file.reader.rest();
    file.release();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (shell.isBash) {
      shell.complain(`${name}: ${errorText(error.code)}`);
      return 1;
    }
    shell.complain(`can't open '${name}': ${errorText(error.code)}`, shell.isBash ? undefined : '.');
    throw new Leave('exit', 2);
  }
  const { parameters } = shell;
  if (args.length > 0) shell.parameters = args;
  shell.lastCode = 0;
  try {
    return await interpreter.source(text);
  } catch (error) {
    if (error instanceof Leave && error.what === 'return') return error.value;
    throw error;
  } finally {
    if (args.length > 0) shell.parameters = parameters;
  }
};

const execute: Builtin = async (args, interpreter) => {
  const { shell } = interpreter;
  const words = args[0] === '--' ? args.slice(1) : args;
  if (words.length === 0) {
    shell.keepsRedirections = true;
    return 0;
  }
  const code = await runProgram(interpreter, words, true);
  if (shell.isInteractive && (code === 126 || code === 127)) return code;
  // What the shell would do at its end is not done: it is another program now.
  shell.traps.clear();
  throw new Leave('exit', code);
};

const time: Builtin = (_args, { shell }) => {
  shell.say('0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n');
  return 0;
};

const calculate: Builtin = (args, { expander }) => {
  if (args.length === 0) throw new ExpansionError('let: expression expected');
  let value = 0n;
  for (const arg of args) value = expander.evaluate(arg);
  return Number(value === 0n);
};

export const flowBuiltins: readonly (readonly [string, Builtin])[] = [
  [':', () => 0],
  ['true', () => 0],
  ['false', () => 1],
  ['exit', leaveWith('exit')],
  ['return', leaveWith('return')],
  ['break', leaveLoop('break')],
  ['continue', leaveLoop('continue')],
  ['shift', shift],
  ['eval', evaluate],
  ['.', source],
  ['source', source],
  ['exec', execute],
  ['times', time],
  ['let', calculate],
];
