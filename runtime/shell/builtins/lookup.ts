import { resolvePath } from '../../files/path.ts';
import { defaultPath, lookUp } from '../../processes/execute.ts';
import type { Interpreter } from '../interpreter.ts';
import { keywords } from '../language/cursor.ts';
import { runBuiltin, runProgram } from '../program-command.ts';
import { quotedInAsh, quotedWord } from '../quote.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './builtin.ts';

interface Found {
  readonly kind: 'alias' | 'keyword' | 'function' | 'builtin' | 'file';
  readonly text: string;
}

function find({ shell, builtins }: Interpreter, name: string): Found | undefined {
  const { context, aliases, functions } = shell;
  const alias = aliases.get(name);
  if (alias !== undefined) return { kind: 'alias', text: alias };
  if (keywords.has(name)) return { kind: 'keyword', text: name };
  if (functions.has(name)) return { kind: 'function', text: name };
  if (builtins.has(name)) return { kind: 'builtin', text: name };
  const path = name.includes('/')
    ? context.files.stat(resolvePath(context.cwd, name)) === undefined
      ? undefined
      : name
    : lookUp(name, shell.variables.get('PATH') ?? defaultPath, context);
  return path === undefined ? undefined : { kind: 'file', text: path };
}

function described(shell: Shell, name: string, { kind, text }: Found): string {
  switch (kind) {
    case 'alias':
      return shell.isBash ? `${name} is aliased to \`${text}'` : `${name} is an alias for ${text}`;
    case 'keyword':
      return `${name} is a shell keyword`;
    case 'function':
      return `${name} is a function`;
    case 'builtin':
      return `${name} is a shell builtin`;
    case 'file':
      return `${name} is ${text}`;
  }
}

const type: Builtin = (args, interpreter) => {
  const { shell } = interpreter;
  const isShort = args[0] === '-t';
  let code = 0;
  for (const name of args.filter((arg) => !arg.startsWith('-'))) {
    const found = find(interpreter, name);
    if (found === undefined) {
      if (shell.isBash && !isShort) shell.complain(`${name}: not found`, 'type');
      else if (!isShort) shell.say(`${name}: not found\n`);
      code = shell.isBash ? 1 : 127;
    } else shell.say(`${isShort ? found.kind : described(shell, name, found)}\n`);
  }
  return code;
};

const command: Builtin = async (args, interpreter) => {
  const { shell } = interpreter;
  const [first = ''] = args;
  if (first === '-v' || first === '-V') {
    const name = args[1] ?? '';
    const found = find(interpreter, name);
    if (found === undefined) {
      if (first === '-V') shell.context.stderr.write(`${name}: not found\n`);
      return 127;
    }
    if (first === '-V') shell.say(`${described(shell, name, found)}\n`);
    else shell.say(found.kind === 'alias' ? `alias ${name}=${quotedInAsh(found.text)}\n` : `${found.text}\n`);
    return 0;
  }
  const words = first === '-p' || first === '--' ? args.slice(1) : args;
  const [name, ...rest] = words;
  return name === undefined ? 0 : runWithoutFunctions(interpreter, name, rest);
};

/** As if there were no function of that name. */
function runWithoutFunctions(interpreter: Interpreter, name: string, args: readonly string[]): Promise<number> {
  const builtin = interpreter.builtins.get(name);
  return builtin === undefined
    ? runProgram(interpreter, [name, ...args])
    : runBuiltin(() => builtin(args, interpreter), interpreter.shell, name);
}

const builtin: Builtin = ([name, ...args], interpreter) => {
  if (name === undefined) return 0;
  if (interpreter.builtins.has(name)) return runWithoutFunctions(interpreter, name, args);
  interpreter.shell.complain(`${name}: not a shell builtin`, 'builtin');
  return 1;
};

const alias: Builtin = (args, { shell }) => {
  let code = 0;
  const line = (name: string, text: string): string =>
    `${shell.isBash ? 'alias ' : ''}${name}=${shell.isBash ? quotedWord(text) : quotedInAsh(text)}\n`;
  if (args.length === 0) for (const [name, text] of shell.aliases) shell.say(line(name, text));
  for (const arg of args) {
    const at = arg.indexOf('=');
    const known = shell.aliases.get(arg);
    if (at > 0) shell.aliases.set(arg.slice(0, at), arg.slice(at + 1));
    else if (known === undefined) {
      shell.context.stderr.write(
        `${shell.isBash ? `${shell.label}: ` : ''}alias: ${arg}${shell.isBash ? ':' : ''} not found\n`,
      );
      code = 1;
    } else shell.say(line(arg, known));
  }
  return code;
};

const unalias: Builtin = (args, { shell }) => {
  if (args[0] === '-a') shell.aliases.clear();
  let code = 0;
  for (const arg of args.filter((one) => one !== '-a')) if (!shell.aliases.delete(arg)) code = 1;
  return code;
};

export const lookupBuiltins: readonly (readonly [string, Builtin])[] = [
  ['type', type],
  ['command', command],
  ['builtin', builtin],
  ['alias', alias],
  ['unalias', unalias],
  ['hash', () => 0],
];
