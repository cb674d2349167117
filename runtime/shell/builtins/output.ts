import { formatted } from '../format.ts';
import { TestError, testArguments } from '../test-command.ts';
import { unescaped } from '../unescape.ts';
import type { Builtin } from './builtin.ts';

/** What `echo` writes. */
export function echoed(args: readonly string[]): string {
  let at = 0;
  let [ending, isEscaped] = ['\n', false];
  for (; /^-[neE]+$/.test(args[at] ?? ''); at++) {
    for (const letter of (args[at] ?? '').slice(1)) {
      if (letter === 'n') ending = '';
      else isEscaped = letter === 'e';
    }
  }
  const text = args.slice(at).join(' ');
  if (!isEscaped) return text + ending;
  const { text: plain, isCut } = unescaped(text);
  return isCut ? plain : plain + ending;
}

const echo: Builtin = (args, { shell }) => {
  shell.say(echoed(args));
  return 0;
};

const printf: Builtin = (given, { shell, expander }) => {
  const args = given[0] === '--' ? given.slice(1) : given;
  const isStored = args[0] === '-v' && args.length > 2;
  const [format, ...values] = isStored ? args.slice(2) : args;
  if (format === undefined) {
    shell.complainShort(
      shell.isBash ? 'printf: usage: printf [-v var] format [arguments]' : 'usage: printf FORMAT [ARGUMENT...]',
    );
    return 2;
  }
  const { text, errors } = formatted(format, values, shell.context.clock.now());
  if (isStored) {
    const [, array, index] = /^(\w+)\[(.*)\]$/.exec(args[1] ?? '') ?? [];
    if (array === undefined || index === undefined) shell.variables.set(args[1] ?? '', text);
    else {
      const entry = shell.variables.writable(array);
      entry.array ??= new Map();
      entry.array.set(entry.isAssociative === true ? index : String(expander.evaluate(index)), text);
    }
  } else shell.say(text);
  for (const error of errors) shell.complainShort(shell.isBash ? `printf: ${error}` : error);
  return Number(errors.length > 0);
};

const test =
  (closing: string): Builtin =>
  (args, { shell }) => {
    if (closing !== '' && args.at(-1) !== closing) {
      shell.complainShort(`missing ${closing}`);
      return 2;
    }
    try {
      return Number(!testArguments(closing === '' ? args : args.slice(0, -1), shell.context));
    } catch (error) {
      if (!(error instanceof TestError)) throw error;
      shell.complainShort(error.message);
      return 2;
    }
  };

export const outputBuiltins: readonly (readonly [string, Builtin])[] = [
  ['echo', echo],
  ['printf', printf],
  ['test', test('')],
  ['[', test(']')],
];
