import type { ShellProcess } from '../shell-process.ts';

export interface Options {
  /** Whether a flag was given. */
  has(letter: string): boolean;
  /** The last value of an option. */
  value(letter: string): string | undefined;
  /** All values of it. */
  values(letter: string): readonly string[];
  readonly words: readonly string[];
}

export interface OptionForm {
  /** Letters of flags, and of options with a value, each followed by a colon: `an:`. */
  readonly letters: string;
  /** Long names, and their letters. */
  readonly long?: Readonly<Record<string, string>>;
  /** Options end where the first word stands. */
  readonly stopsAtWords?: boolean;
}

/** Undefined when they are wrong, which is said. */
export function parseOptions(
  args: readonly string[],
  form: OptionForm,
  { stderr, args: [name = ''] }: Pick<ShellProcess, 'stderr' | 'args'>,
): Options | undefined {
  const tool = name.slice(name.lastIndexOf('/') + 1);
  const found = new Map<string, string[]>();
  const words: string[] = [];
  const add = (letter: string, value = ''): void => void found.set(letter, [...(found.get(letter) ?? []), value]);
  const isValued = (letter: string): boolean => form.letters.includes(`${letter}:`);
  const fail = (text: string): undefined => {
    stderr.write(`${tool}: ${text}\n`);
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      words.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      if (form.stopsAtWords === true) {
        words.push(...args.slice(at));
        break;
      }
      words.push(arg);
      continue;
    }
    if (arg.startsWith('--')) {
      const [long = '', value] = [
        arg.slice(2).replace(/=.*$/s, ''),
        arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined,
      ];
      const letter = form.long?.[long];
      if (letter === undefined) return fail(`unrecognized option '${arg}'`);
      if (isValued(letter)) add(letter, value ?? args[++at] ?? '');
      else add(letter);
      continue;
    }
    for (let letterAt = 1; letterAt < arg.length; letterAt++) {
      const letter = arg[letterAt] ?? '';
      if (letter === ':' || !form.letters.includes(letter)) return fail(`invalid option -- '${letter}'`);
      if (!isValued(letter)) {
        add(letter);
        continue;
      }
      const value = arg.slice(letterAt + 1) || args[++at];
      if (value === undefined) return fail(`option requires an argument -- '${letter}'`);
      add(letter, value);
      break;
    }
  }
  return {
    has: (letter) => found.has(letter),
    value: (letter) => found.get(letter)?.at(-1),
    values: (letter) => found.get(letter) ?? [],
    words,
  };
}
