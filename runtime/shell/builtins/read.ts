import type { Budget } from '../../processes/budget.ts';
import type { OpenFile } from '../../processes/open-file.ts';
import { Ended } from '../../processes/program.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Shell } from '../shell.ts';
import { Interrupted, type Reader } from '../streams.ts';
import type { Variables } from '../variables.ts';
import type { Builtin } from './builtin.ts';
import { interruptedCode } from './job-control.ts';

interface ReadFlags {
  isRaw: boolean;
  isSilent: boolean;
  prompt: string;
  seconds: number | undefined;
  count: number | undefined;
  delimiter: string;
  descriptor: number;
  array: string | undefined;
  /** A letter that is no option. */
  bad: string | undefined;
}

const valued: Readonly<Record<string, (flags: ReadFlags, value: string) => void>> = {
  p: (flags, value) => {
    flags.prompt = value;
  },
  t: (flags, value) => {
    flags.seconds = Number(value);
  },
  n: (flags, value) => {
    flags.count = Number(value);
  },
  N: (flags, value) => {
    flags.count = Number(value);
  },
  d: (flags, value) => {
    flags.delimiter = value === '' ? '\0' : value.slice(0, 1);
  },
  u: (flags, value) => {
    flags.descriptor = Number(value);
  },
  a: (flags, value) => {
    flags.array = value;
  },
};

function parse(args: readonly string[]): readonly [ReadFlags, readonly string[]] {
  const flags: ReadFlags = {
    isRaw: false,
    isSilent: false,
    prompt: '',
    seconds: undefined,
    count: undefined,
    delimiter: '\n',
    descriptor: 0,
    array: undefined,
    bad: undefined,
  };
  let at = 0;
  for (; /^-./.test(args[at] ?? ''); at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return [flags, args.slice(at + 1)];
    for (let letterAt = 1; letterAt < arg.length; letterAt++) {
      const letter = arg[letterAt] ?? '';
      const take = valued[letter];
      if (take !== undefined) {
        take(flags, arg.slice(letterAt + 1) || (args[++at] ?? ''));
        break;
      }
      if (letter === 'r') flags.isRaw = true;
      else if (letter === 's') flags.isSilent = true;
      else if (!/[ei]/.test(letter)) flags.bad = letter;
    }
  }
  return [flags, args.slice(at)];
}

interface Line {
  readonly text: string;
  /** Characters that had a backslash before them: they part no words. */
  readonly escaped: ReadonlySet<number>;
  readonly code: number;
}

async function readLine(
  reader: Reader,
  { isRaw, count, delimiter }: ReadFlags,
  { signal, budget }: { readonly signal: AbortSignal; readonly budget: Budget },
): Promise<Line> {
  const escaped = new Set<number>();
  let text = '';
  let isEscaped = false;
  /** Whether the line is over. */
  const take = (char: string): boolean => {
    if (isEscaped) {
      isEscaped = false;
      if (char === '\n') return false;
      escaped.add(text.length);
      text += char;
    } else if (char === '\\' && !isRaw) isEscaped = true;
    else if (char === delimiter) return true;
    else if (char !== '\0') text += char;
    return false;
  };
  while (count === undefined || text.length < count) {
    const piece = await reader.chunk({ limit: count === undefined ? 65_536 : 1, stop: delimiter, signal });
    if (piece === undefined) return { text, escaped, code: 1 };
    for (const char of piece) if (take(char)) return { text, escaped, code: 0 };
    // What never ends and never waits is not to be read forever.
    await budget.breathe();
    if (signal.aborted) throw new Interrupted('Interrupted system call');
  }
  return { text, escaped, code: 0 };
}

/** Words at separators; the last takes all that is left. */
function words({ text, escaped }: Line, count: number, separators: string): string[] {
  const isSeparator = (at: number): boolean =>
    separators.includes(text[at] ?? '') && !escaped.has(at) && at < text.length;
  const isBlank = (at: number): boolean => isSeparator(at) && /[ \t\n]/.test(text[at] ?? '');
  const found: string[] = [];
  let at = 0;
  while (isBlank(at)) at++;
  while (at < text.length && found.length < count - 1) {
    const from = at;
    while (at < text.length && !isSeparator(at)) at++;
    found.push(text.slice(from, at));
    while (isBlank(at)) at++;
    if (isSeparator(at) && !/[ \t\n]/.test(text[at] ?? '')) {
      at++;
      while (isBlank(at)) at++;
    }
    if (found.length > 0 && at === from) break;
  }
  if (at < text.length || found.length < count) found.push(lastWord(text, at, isSeparator, isBlank));
  return found;
}

/** Without blanks at its end; one separator there goes, too, where nothing else is parted. */
function lastWord(
  text: string,
  from: number,
  isSeparator: (at: number) => boolean,
  isBlank: (at: number) => boolean,
): string {
  let end = text.length;
  while (end > from && isBlank(end - 1)) end--;
  const rest = text.slice(from, end);
  const isParted = [...rest.slice(0, -1)].some((_, index) => isSeparator(from + index));
  return rest.length > 0 && isSeparator(end - 1) && !isParted ? rest.slice(0, -1) : rest;
}

const read: Builtin = async (args, { shell }) => {
  const [flags, names] = parse(args);
  const { context, variables } = shell;
  if (flags.bad !== undefined) {
    shell.complain(shell.isBash ? `-${flags.bad}: invalid option` : `illegal option -${flags.bad}`, 'read');
    return 2;
  }
  const file = context.descriptors.get(flags.descriptor);
  if (file === undefined) {
    shell.complain(`${flags.descriptor}: Bad file descriptor`, 'read');
    return 1;
  }
  // Whether there is something: files always have.
  if (flags.seconds === 0 && file.channel.terminal === undefined && file.channel.name.startsWith('/')) return 0;
  const line = await readWithin(shell, file, flags);
  if (typeof line === 'number') return line;
  store(line, flags.array, names, variables);
  return line.code;
};

/** A number: the code where no line came. */
async function readWithin(shell: Shell, file: OpenFile, flags: ReadFlags): Promise<Line | number> {
  const { context } = shell;
  const { terminal } = file.channel;
  if (flags.prompt !== '' && terminal !== undefined) context.stderr.write(flags.prompt);
  const timeout = new AbortController();
  const timer =
    flags.seconds === undefined ? undefined : context.clock.after(flags.seconds * 1000, () => timeout.abort());
  const modes = flags.isSilent || flags.count !== undefined ? terminal?.modes : undefined;
  if (terminal !== undefined && modes !== undefined)
    terminal.modes = {
      ...modes,
      echo: modes.echo && !flags.isSilent,
      canonical: modes.canonical && flags.count === undefined,
    };
  try {
    const reader = flags.descriptor === 0 ? context.stdin : file.reader;
    const signal = AbortSignal.any([shell.interruption, timeout.signal]);
    return await readLine(reader, flags, { signal, budget: context.budget });
  } catch (error) {
    if (error instanceof Ended || !(error instanceof Interrupted)) throw error;
    return timeout.signal.aborted ? (shell.isBash ? 142 : 1) : interruptedCode(shell);
  } finally {
    timer?.cancel();
    if (terminal !== undefined && modes !== undefined) terminal.modes = modes;
  }
}

function store(line: Line, array: string | undefined, names: readonly string[], variables: Variables): void {
  const separators = variables.get('IFS') ?? ' \t\n';
  if (array !== undefined) {
    const found = words(line, Number.MAX_SAFE_INTEGER, separators).filter(
      (word, at, all) => word !== '' || at < all.length - 1,
    );
    variables.writable(array).array = new Map(found.map((word, at) => [String(at), word]));
    return;
  }
  if (names.length === 0) variables.set('REPLY', line.text);
  const found = words(line, names.length, separators);
  for (const [index, name] of names.entries()) variables.set(name, found[index] ?? '');
}

/** `mapfile`: lines into an array. */
const readArray: Builtin = async (args, interpreter: Interpreter) => {
  const { variables, context } = interpreter.shell;
  const isTrimmed = args.includes('-t');
  const name = args.findLast((arg) => !arg.startsWith('-')) ?? 'MAPFILE';
  const lines = new Map<string, string>();
  for (let line = await context.stdin.line(); line !== undefined; line = await context.stdin.line())
    lines.set(String(lines.size), isTrimmed ? line.replace(/\n$/, '') : line);
  variables.writable(name).array = lines;
  return 0;
};

export const readBuiltins: readonly (readonly [string, Builtin])[] = [
  ['read', read],
  ['mapfile', readArray],
  ['readarray', readArray],
];
