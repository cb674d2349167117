import { ExpansionError } from '../control.ts';
import type { Interpreter } from '../interpreter.ts';
import { quotedInAsh } from '../quote.ts';
import type { Shell } from '../shell.ts';
import type { Variable } from '../variables.ts';
import type { Builtin } from './builtin.ts';

const nameForm = /^[A-Za-z_]\w*$/;

/** `name` or `name=value`. */
function parted(arg: string): readonly [name: string, value: string | undefined] {
  const at = arg.indexOf('=');
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
}

function listing(shell: Shell, command: string, isWanted: (variable: Variable) => boolean): void {
  for (const name of shell.variables.names()) {
    const entry = shell.variables.entry(name);
    if (entry === undefined || !isWanted(entry)) continue;
    const value =
      entry.value === undefined
        ? ''
        : shell.isBash
          ? `="${entry.value.replaceAll(/["$`\\]/g, '\\$&')}"`
          : `=${quotedInAsh(entry.value)}`;
    shell.say(`${shell.isBash ? `declare -${letters(entry)}` : command} ${name}${value}\n`);
  }
}

function letters({ array, isAssociative, isInteger, isReadonly, isExported }: Variable): string {
  const text = `${array === undefined ? '' : isAssociative === true ? 'A' : 'a'}${isInteger === true ? 'i' : ''}${isReadonly === true ? 'r' : ''}${isExported === true ? 'x' : ''}`;
  return text === '' ? '-' : text;
}

const marking =
  (command: 'export' | 'readonly'): Builtin =>
  (given, { shell }) => {
    const isUndone = command === 'export' && given[0] === '-n';
    const args = given.filter((arg) => !/^-[pnf]$/.test(arg) && arg !== '--');
    const key = command === 'export' ? 'isExported' : 'isReadonly';
    if (args.length === 0) {
      listing(shell, command, (entry) => entry[key] === true);
      return 0;
    }
    let code = 0;
    for (const arg of args) {
      const [name, value] = parted(arg);
      if (!nameForm.test(name)) {
        shell.complain(shell.isBash ? `\`${arg}': not a valid identifier` : `${arg}: bad variable name`, command);
        if (!shell.isBash) throw new ExpansionError('');
        code = 1;
        continue;
      }
      if (value !== undefined) shell.variables.set(name, value);
      shell.variables.flags(name)[key] = !isUndone;
    }
    return code;
  };

const local: Builtin = (args, interpreter) => {
  const { shell } = interpreter;
  if (!shell.variables.isInFunction) {
    if (!shell.isBash) throw new ExpansionError('local: line 0: not in a function');
    shell.complain('can only be used in a function', 'local');
    return 1;
  }
  return declareAll(args, interpreter, true);
};

/** `-a`, `-A`, `-i`, `-r`, `-x`, `-g`, `-p`. */
function declareAll(given: readonly string[], { shell, expander }: Interpreter, isLocal: boolean): number {
  const flags = new Set(given.filter((arg) => /^-[a-zA-Z]+$/.test(arg)).flatMap((arg) => [...arg.slice(1)]));
  const args = given.filter((arg) => !/^[-+][a-zA-Z]*$/.test(arg));
  if (flags.has('p') || (args.length === 0 && !isLocal)) {
    listing(shell, 'declare', () => true);
    return 0;
  }
  if (flags.has('f') || flags.has('F')) return Number(!args.every((name) => shell.functions.has(name)));
  for (const arg of args) {
    const [name, value] = parted(arg);
    if (!nameForm.test(name)) throw new ExpansionError(`${arg}: bad variable name`);
    const isHidden =
      isLocal && !flags.has('g') && (value !== undefined || shell.variables.entry(name)?.array === undefined);
    if (isHidden) shell.variables.local(name);
    declareOne(shell.variables.writable(name), flags);
    if (value !== undefined) {
      const isInteger = shell.variables.entry(name)?.isInteger === true;
      shell.variables.set(name, isInteger ? String(expander.evaluate(value)) : cased(value, flags));
    }
    if (flags.has('r')) shell.variables.flags(name).isReadonly = true;
  }
  return 0;
}

function cased(value: string, flags: ReadonlySet<string>): string {
  if (flags.has('u')) return value.toUpperCase();
  return flags.has('l') ? value.toLowerCase() : value;
}

function declareOne(entry: Variable, flags: ReadonlySet<string>): void {
  if (flags.has('a') || flags.has('A')) entry.array ??= new Map();
  if (flags.has('A')) entry.isAssociative = true;
  if (flags.has('i')) entry.isInteger = true;
  if (flags.has('x')) entry.isExported = true;
}

const declare: Builtin = (args, interpreter) => declareAll(args, interpreter, interpreter.shell.variables.isInFunction);

const unset: Builtin = async (args, { shell, expander }) => {
  const isFunction = args[0] === '-f';
  let code = 0;
  for (const arg of args.filter((one) => !/^-[fv]$/.test(one))) {
    const [, array, index] = /^([A-Za-z_]\w*)\[(.*)\]$/.exec(arg) ?? [];
    if (isFunction) shell.functions.delete(arg);
    else if (array !== undefined && index !== undefined) {
      const key = await expander.subscript(array, [{ is: 'text', text: index, quoted: true }]);
      shell.variables.entry(array)?.array?.delete(key);
    } else if (!nameForm.test(arg)) {
      shell.complain(`${arg}: bad variable name`, 'unset');
      code = 1;
    } else if (shell.variables.entry(arg) === undefined && shell.isBash) shell.functions.delete(arg);
    else if (shell.variables.entry(arg)?.isReadonly === true)
      throw new ExpansionError(`unset: line 0: ${arg}: is read only`);
    else shell.variables.unset(arg);
  }
  return code;
};

export const variableBuiltins: readonly (readonly [string, Builtin])[] = [
  ['export', marking('export')],
  ['readonly', marking('readonly')],
  ['local', local],
  ['declare', declare],
  ['typeset', declare],
  ['unset', unset],
];
