import { errorText } from '../files/errors.ts';
import { FileError } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { defaultPath, executableName, lookUp } from '../processes/execute.ts';
import type { Program, ProgramContext } from '../processes/program.ts';
import { takeOptions } from './builtins/settings.ts';
import { Interpreter } from './interpreter.ts';
import { Cursor } from './language/cursor.ts';
import { Parser } from './language/parser.ts';
import { tryParse } from './language/try-parse.ts';
import { Shell } from './shell.ts';

/** `sh`, `ash`, `bash`: a script in `-c`, in a file, from stdin, or somebody who types. */
export const shellProgram: Program = async (context) => {
  const [name = 'sh', ...args] = context.args;
  const isBash = /(^|\/)-?bash$/.test(name);
  const shell = Shell.create(context, { isBash, name });
  importVariables(shell, context);
  const given = parseArguments(args);
  const interpreter = new Interpreter(shell);
  return interpreter.contained(async () => {
    const rest = takeOptions(shell, given.options) ?? [];
    const words = [...rest, ...given.words];
    if (given.isCommand) return runCommand(interpreter, words);
    const [file, ...parameters] = words;
    if (file !== undefined && !given.isInput) {
      shell.name = file;
      shell.parameters = parameters;
      return runFile(interpreter, file);
    }
    shell.parameters = words;
    const isOnTerminal =
      context.descriptors.get(0)?.channel.terminal !== undefined &&
      context.descriptors.get(2)?.channel.terminal !== undefined;
    if (!given.isInteractive && !isOnTerminal) return runInput(interpreter);
    const { interact } = await import('./interactive.ts');
    return interact(interpreter);
  });
};

interface Arguments {
  readonly options: readonly string[];
  readonly words: readonly string[];
  readonly isCommand: boolean;
  readonly isInput: boolean;
  readonly isInteractive: boolean;
}

function parseArguments(args: readonly string[]): Arguments {
  const options: string[] = [];
  let [isCommand, isInput, isInteractive] = [false, false, false];
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '-' || arg === '--') {
      at++;
      break;
    }
    if (/^--\w/.test(arg)) continue;
    if (!/^[-+]./.test(arg)) break;
    let letters = arg.slice(1);
    if (arg.startsWith('-')) {
      isCommand ||= letters.includes('c');
      isInput ||= letters.includes('s');
      isInteractive ||= letters.includes('i');
      letters = letters.replaceAll(/[csil]/g, '');
    }
    if (letters === '') continue;
    options.push(`${arg[0]}${letters}`);
    if (letters.endsWith('o')) options.push(args[++at] ?? '');
  }
  return { options, words: args.slice(at), isCommand, isInput, isInteractive };
}

/** Names that no script can say are taken along for the programs it runs. */
function importVariables(shell: Shell, { environment, cwd, facts }: ProgramContext): void {
  const { variables } = shell;
  for (const [name, value] of environment) {
    variables.set(name, value);
    variables.flags(name).isExported = true;
  }
  if (variables.get('PATH') === undefined) variables.set('PATH', defaultPath);
  variables.set('IFS', ' \t\n');
  variables.flags('IFS').isExported = false;
  variables.set('PS1', shell.isBash ? '\\u@\\h:\\w\\$ ' : '\\w \\$ ');
  variables.set('PS2', '> ');
  variables.set('PS4', '+ ');
  variables.set('OPTIND', '1');
  variables.set('PPID', String(shell.context.parent));
  if (shell.isBash && variables.get('HOSTNAME') === undefined) variables.set('HOSTNAME', facts.hostname);
  variables.set('SHLVL', String((Number(variables.get('SHLVL')) || 0) + 1));
  variables.flags('SHLVL').isExported = true;
  variables.set('PWD', cwd);
  variables.flags('PWD').isExported = true;
  if (variables.get('HOME') === undefined) setHome(shell);
}

/** Container runtimes give it from /etc/passwd; so does the first shell that lacks it. */
function setHome({ context, variables }: Shell): void {
  const users = (context.files.read('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  const home = users.find(([, , id]) => id === String(context.user.uid))?.[5];
  if (home !== undefined) variables.set('HOME', home);
}

async function runCommand(interpreter: Interpreter, [text, ...words]: readonly string[]): Promise<number> {
  const { shell } = interpreter;
  if (text === undefined) {
    shell.complain(shell.isBash ? '-c: option requires an argument' : '-c requires an argument');
    return 2;
  }
  const [name, ...parameters] = words;
  shell.isCommand = true;
  if (name !== undefined) shell.name = name;
  shell.parameters = parameters;
  return runText(interpreter, text);
}

async function runText(interpreter: Interpreter, text: string): Promise<number> {
  const parser = new Parser(new Cursor(text, interpreter.shell.aliases));
  let list = parser.line();
  while (list !== undefined) {
    // The line after is read only when this one has run: it may be wrong, or use a new alias.
    const rest = parser.cursor.text.slice(parser.cursor.at);
    if (rest.trim() === '') return interpreter.last(list);
    await interpreter.list(list);
    list = parser.line();
  }
  return interpreter.shell.lastCode;
}

async function runFile(interpreter: Interpreter, file: string): Promise<number> {
  const { shell } = interpreter;
  const { context } = shell;
  let text: string;
  try {
    const isFound = file.includes('/') || context.files.stat(resolvePath(context.cwd, file)) !== undefined;
    const path = isFound ? file : (lookUp(file, shell.variables.get('PATH') ?? defaultPath, context) ?? file);
    const opened = context.open(path, { read: true });
    if (context.files.isDirectory(resolvePath(context.cwd, path)))
      throw new FileError('EISDIR', `${path}: Is a directory`);
    text = await opened.reader.rest();
    opened.release();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const label = context.args[0]?.slice((context.args[0]?.lastIndexOf('/') ?? -1) + 1) ?? 'sh';
    const message = shell.isBash
      ? `${file}: ${errorText(error.code)}`
      : `can't open '${file}': ${errorText(error.code)}`;
    context.stderr.write(`${label}: ${message}\n`);
    return shell.isBash ? (error.code === 'ENOENT' ? 127 : 126) : 2;
  }
  if (executableName(text) !== undefined || text.slice(0, 256).includes('\0')) {
    context.stderr.write(`${file}: ${file}: cannot execute binary file\n`);
    return 126;
  }
  shell.hasLines = true;
  return interpreter.source(text);
}

/** Commands one after the other, as they come: what they read themselves is no command any more. */
async function runInput(interpreter: Interpreter): Promise<number> {
  const { shell } = interpreter;
  const { stdin } = shell.context;
  let text = '';
  for (let line = await stdin.line(); line !== undefined; line = await stdin.line()) {
    text += line;
    const list = tryParse(text, shell.aliases);
    if (list === undefined) continue;
    text = '';
    await interpreter.list(list);
  }
  if (text.trim() !== '') await interpreter.source(text);
  return shell.lastCode;
}
