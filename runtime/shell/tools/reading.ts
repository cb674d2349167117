import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { eachInput, linesOf, openInput, pause, textOfInputs } from './input.ts';
import { type OptionForm, parseOptions } from './options.ts';

const cat: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'uAnbvteET', long: { 'show-all': 'A', number: 'n' } }, process);
  if (options === undefined) return 1;
  const isPlain = !'AnbvteET'.split('').some((letter) => options.has(letter));
  let line = 0;
  const decorate = (text: string): string => {
    let shown = text;
    if (options.has('v') || options.has('A') || options.has('e') || options.has('t'))
      shown = shown.replaceAll(/[^\n\t -~]/g, visible);
    if (options.has('A') || options.has('T') || options.has('t')) shown = shown.replaceAll('\t', '^I');
    if (options.has('A') || options.has('E') || options.has('e')) shown = shown.replace(/\n$/, '$\n');
    const isNumbered = options.has('n') || (options.has('b') && text !== '\n');
    return isNumbered ? `${String(++line).padStart(6)}\t${shown}` : shown;
  };
  let code = 0;
  for (const path of options.words.length === 0 ? ['-'] : options.words) {
    const input = openForCat(process, path);
    if (input === undefined) {
      code = 1;
      continue;
    }
    for (;;) {
      const piece = isPlain ? await input.reader.chunk() : await input.reader.line();
      if (piece === undefined) break;
      process.stdout.write(isPlain ? piece : decorate(piece));
      await pause(process);
    }
    input.file?.release();
  }
  return code;
};

function openForCat(process: ShellProcess, path: string) {
  return openInput(withOpenWords(process, 'cat'), 'cat', path);
}

/** Their words for a file that cannot be opened are others than those of most. */
function withOpenWords(process: ShellProcess, tool: string): ShellProcess {
  const { stderr } = process;
  const form = new RegExp(`^${tool}: (?!read error)(.*): ([^:]*)\\n$`, 's');
  const write = (text: string): void => stderr.write(text.replace(form, `${tool}: can't open '$1': $2\n`));
  return { ...process, stderr: { ...stderr, write } };
}

function visible(char: string): string {
  const code = char.charCodeAt(0);
  if (code >= 128) return `M-${visible7(code - 128)}`;
  return visible7(code);
}

function visible7(code: number): string {
  if (code < 32) return `^${String.fromCharCode(code + 64)}`;
  return code === 127 ? '^?' : String.fromCharCode(code);
}

const units: Readonly<Record<string, number>> = { b: 512, k: 1024, K: 1024, m: 2 ** 20, M: 2 ** 20 };

/** `10`, `-5`, `+3`, `1k`. */
function countOf(text: string): { readonly sign: string; readonly count: number } | undefined {
  const [, sign = '', digits, unit = ''] = /^([-+]?)(\d+)([bkKmM]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : { sign, count: Number(digits) * (units[unit] ?? 1) };
}

/** `-5` stands for `-n 5`. */
function modernArgs(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    if (/^-[nc]$/.test(args[index - 1] ?? '') || !/^[-+]\d+$/.test(arg)) return [arg];
    return ['-n', arg.replace('-', '')];
  });
}

/** Which part of its inputs a program is to show; undefined: it was told wrongly, and has said so. */
function partOf(name: string, args: readonly string[], form: OptionForm, process: ShellProcess) {
  const options = parseOptions(modernArgs(args), form, process);
  if (options === undefined) return undefined;
  const isBytes = options.has('c');
  const wanted = countOf(options.value(isBytes ? 'c' : 'n') ?? '10');
  if (wanted === undefined) {
    process.stderr.write(`${name}: invalid number '${options.value(isBytes ? 'c' : 'n')}'\n`);
    return undefined;
  }
  const hasTitles = (options.words.length > 1 || options.has('v')) && !options.has('q');
  return { options, isBytes, wanted, hasTitles };
}

const headForm = { letters: 'n:c:qv', long: { lines: 'n', bytes: 'c', quiet: 'q', verbose: 'v' } };

const head: ShellProgram = async (args, process) => {
  const asked = partOf('head', args, headForm, process);
  if (asked === undefined) return 1;
  const { options, isBytes, wanted, hasTitles } = asked;
  let isFirst = true;
  return eachInput(process, 'head', options.words, async ({ name, reader }) => {
    if (hasTitles) process.stdout.write(`${isFirst ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
    isFirst = false;
    if (wanted.sign === '-') {
      const text = await reader.rest();
      const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      process.stdout.write(
        isBytes
          ? text.slice(0, Math.max(0, text.length - wanted.count))
          : lines.slice(0, Math.max(0, lines.length - wanted.count)).join(''),
      );
      return;
    }
    for (let left = wanted.count; left > 0; ) {
      const piece = isBytes ? await reader.chunk({ limit: Math.min(left, 65_536) }) : await reader.line();
      if (piece === undefined) break;
      process.stdout.write(piece);
      left -= isBytes ? piece.length : 1;
      await pause(process);
    }
  });
};

/** How often `tail -f` looks at a file: inside of it nothing tells of a change. */
const lookEveryMs = 1000;
const tailForm = {
  letters: 'n:c:qvfFs:',
  long: { lines: 'n', bytes: 'c', follow: 'f', quiet: 'q', verbose: 'v', retry: 'F' },
};

const tail: ShellProgram = async (args, process) => {
  const asked = partOf('tail', args, tailForm, process);
  if (asked === undefined) return 1;
  const { options, isBytes, wanted, hasTitles } = asked;
  let isFirst = true;
  let last = '';
  const title = (name: string): void => {
    if (hasTitles && name !== last)
      process.stdout.write(`${isFirst ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
    isFirst = false;
    last = name;
  };
  const seen = new Map<string, number>();
  const code = await eachInput(withOpenWords(process, 'tail'), 'tail', options.words, async ({ name, reader }) => {
    title(name);
    const text = await reader.rest();
    seen.set(name, text.length);
    process.stdout.write(isBytes ? bytesAtEnd(text, wanted) : linesAtEnd(text, wanted));
  });
  if (seen.size === 0 && !options.has('F')) {
    process.stderr.write('tail: no files\n');
    return 1;
  }
  if (!options.has('f') && !options.has('F')) return code;
  const paths = options.words.filter((path) => path !== '-' && (seen.has(path) || options.has('F')));
  if (paths.length === 0) return code;
  await follow(paths, { process, seen, title });
  return 0;
};

function bytesAtEnd(text: string, { sign, count }: { readonly sign: string; readonly count: number }): string {
  return sign === '+' ? text.slice(Math.max(0, count - 1)) : text.slice(Math.max(0, text.length - count));
}

function linesAtEnd(text: string, { sign, count }: { readonly sign: string; readonly count: number }): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return (sign === '+' ? lines.slice(Math.max(0, count - 1)) : count === 0 ? [] : lines.slice(-count)).join('');
}

interface Following {
  readonly process: ShellProcess;
  readonly seen: Map<string, number>;
  title(name: string): void;
}

async function follow(paths: readonly string[], { process, seen, title }: Following): Promise<void> {
  const { clock, killed, stdout } = process;
  while (!killed.aborted) {
    await new Promise<void>((resolve) => void clock.after(lookEveryMs, resolve));
    for (const path of paths) {
      const input = openInput(
        { ...process, stderr: { write: () => undefined, drained: () => undefined } },
        'tail',
        path,
      );
      if (input === undefined) continue;
      const text = await input.reader.rest();
      input.file?.release();
      const before = seen.get(path) ?? 0;
      seen.set(path, text.length);
      const more = text.length < before ? text : text.slice(before);
      if (more === '') continue;
      title(path);
      stdout.write(more);
    }
  }
}

const reversedLines: ShellProgram = async (args, process) => {
  const { text, code } = await textOfInputs(process, 'tac', args);
  process.stdout.write((text.match(/[^\n]*\n|[^\n]+$/g) ?? []).toReversed().join(''));
  return code;
};

const reversedText: ShellProgram = async (args, process) => {
  const { text, code } = await textOfInputs(process, 'rev', args);
  process.stdout.write(
    text
      .split('\n')
      .map((line) => [...line].toReversed().join(''))
      .join('\n'),
  );
  return code;
};

const numbered: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'b:w:s:v:i:n:' }, process);
  if (options === undefined) return 1;
  const { text, code } = await textOfInputs(process, 'nl', options.words);
  const [width, separator] = [Number(options.value('w') ?? 6), options.value('s') ?? '\t'];
  let number = Number(options.value('v') ?? 1);
  const isAll = options.value('b') === 'a';
  for (const line of linesOf(text)) {
    const isNumbered = isAll || line !== '';
    process.stdout.write(
      isNumbered
        ? `${String(number++).padStart(width)}${separator}${line}\n`
        : `${' '.repeat(width + separator.length)}${line}\n`,
    );
  }
  return code;
};

export const readingTools: Readonly<Record<string, ShellProgram>> = {
  cat,
  head,
  tail,
  tac: reversedLines,
  rev: reversedText,
  nl: numbered,
};
