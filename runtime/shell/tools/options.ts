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
  const reader = new OptionReader(args, form);
  const problem = reader.read();
  if (problem !== undefined) {
    stderr.write(`${name.slice(name.lastIndexOf('/') + 1)}: ${problem}\n`);
    return undefined;
  }
  const { found, words } = reader;
  return {
    has: (letter) => found.has(letter),
    value: (letter) => found.get(letter)?.at(-1),
    values: (letter) => found.get(letter) ?? [],
    words,
  };
}

class OptionReader {
  readonly found = new Map<string, string[]>();
  readonly words: string[] = [];
  readonly #args: readonly string[];
  readonly #form: OptionForm;
  #at = 0;

  constructor(args: readonly string[], form: OptionForm) {
    this.#args = args;
    this.#form = form;
  }

  /** What is wrong. */
  read(): string | undefined {
    for (; this.#at < this.#args.length; this.#at++) {
      const arg = this.#args[this.#at] ?? '';
      const isWord = !arg.startsWith('-') || arg === '-';
      if (arg === '--' || (isWord && this.#form.stopsAtWords === true)) {
        this.words.push(...this.#args.slice(this.#at + (isWord ? 0 : 1)));
        return undefined;
      }
      if (isWord) {
        this.words.push(arg);
        continue;
      }
      const problem = arg.startsWith('--') ? this.#long(arg) : this.#short(arg);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #isValued(letter: string): boolean {
    return this.#form.letters.includes(`${letter}:`);
  }

  #add(letter: string, value = ''): void {
    this.found.set(letter, [...(this.found.get(letter) ?? []), value]);
  }

  #long(arg: string): string | undefined {
    const [, long = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    const letter = this.#form.long?.[long];
    if (letter === undefined) return `unrecognized option '${arg}'`;
    if (this.#isValued(letter)) this.#add(letter, value ?? this.#args[++this.#at] ?? '');
    else this.#add(letter);
    return undefined;
  }

  #short(arg: string): string | undefined {
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] ?? '';
      if (letter === ':' || !this.#form.letters.includes(letter)) return `invalid option -- '${letter}'`;
      if (!this.#isValued(letter)) {
        this.#add(letter);
        continue;
      }
      const value = arg.slice(at + 1) || this.#args[++this.#at];
      if (value === undefined) return `option requires an argument -- '${letter}'`;
      this.#add(letter, value);
      return undefined;
    }
    return undefined;
  }
}
