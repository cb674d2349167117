export interface FlagNames {
  /** Letters that take no value. */
  readonly letters?: string;
  /** Letters that take one. */
  readonly valued?: string;
  /** Long names; those with `=` at their end take a value. Each may stand for a letter. */
  readonly long?: Readonly<Record<string, string>>;
}

export interface ParsedFlags {
  readonly has: (name: string) => boolean;
  /** The last value given. */
  readonly value: (name: string) => string | undefined;
  readonly values: (name: string) => readonly string[];
  readonly operands: readonly string[];
}

export class FlagError extends Error {
  /** As it was written. */
  readonly flag: string;
  readonly isMissingValue: boolean;

  constructor(flag: string, isMissingValue: boolean) {
    super(flag);
    this.flag = flag;
    this.isMissingValue = isMissingValue;
  }
}

/** As getopt_long reads a command line: operands and flags in any order, `--` ends the flags. */
export function parseFlags(args: readonly string[], names: FlagNames): ParsedFlags {
  const found = new Map<string, string[]>();
  const operands: string[] = [];
  const rest = [...args];
  const line: CommandLine = {
    note: (name, value = '') => void found.set(name, [...(found.get(name) ?? []), value]),
    next: (flag) => {
      const value = rest.shift();
      if (value === undefined) throw new FlagError(flag, true);
      return value;
    },
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') operands.push(...rest.splice(0));
    else if (arg.startsWith('--')) longFlag(arg, names.long ?? {}, line);
    else if (arg.startsWith('-') && arg.length > 1) letterFlags(arg, names, line);
    else operands.push(arg);
  }
  return {
    has: (name) => found.has(name),
    value: (name) => found.get(name)?.at(-1),
    values: (name) => found.get(name) ?? [],
    operands,
  };
}

interface CommandLine {
  note(name: string, value?: string): void;
  next(flag: string): string;
}

function longFlag(arg: string, long: Readonly<Record<string, string>>, line: CommandLine): void {
  const [name = '', ...rest] = arg.slice(2).split('=');
  const isValued = Object.hasOwn(long, `${name}=`);
  if (!isValued && !Object.hasOwn(long, name)) throw new FlagError(arg, false);
  const canonical = long[isValued ? `${name}=` : name] || name;
  if (!isValued) line.note(canonical);
  else line.note(canonical, rest.length > 0 ? rest.join('=') : line.next(arg));
}

function letterFlags(arg: string, { letters = '', valued = '' }: FlagNames, line: CommandLine): void {
  for (let at = 1; at < arg.length; at++) {
    const letter = arg.charAt(at);
    if (letters.includes(letter)) line.note(letter);
    else if (valued.includes(letter)) {
      line.note(letter, at + 1 < arg.length ? arg.slice(at + 1) : line.next(`-${letter}`));
      return;
    } else throw new FlagError(`-${letter}`, false);
  }
}
