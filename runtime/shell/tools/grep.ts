import { resolvePath } from '../../files/path.ts';
import { compile, type Expression, ExpressionError } from '../regular-expression.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import type { Reader } from '../streams.ts';
import { linesOf, openInput, pause } from './input.ts';
import { type Options, parseOptions } from './options.ts';
import { join, statOf } from './tree-walk.ts';

const form = {
  letters: 'EFGPovqcnilLwxhHsrRam:e:f:A:B:C:z',
  long: {
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'only-matching': 'o',
    'invert-match': 'v',
    quiet: 'q',
    silent: 'q',
    count: 'c',
    'line-number': 'n',
    'ignore-case': 'i',
    'files-with-matches': 'l',
    'files-without-match': 'L',
    'word-regexp': 'w',
    'line-regexp': 'x',
    'no-filename': 'h',
    'with-filename': 'H',
    'no-messages': 's',
    recursive: 'r',
    text: 'a',
    'max-count': 'm',
    regexp: 'e',
    file: 'f',
    'after-context': 'A',
    'before-context': 'B',
    context: 'C',
  },
};

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

async function expressionOf(patterns: readonly string[], options: Options, isFixed: boolean): Promise<Expression> {
  const isExtended = options.has('E') || options.has('P');
  const parts = patterns.map((pattern) => (isFixed ? escaped(pattern) : pattern));
  const isBasic = !isExtended && !isFixed;
  const [open, bar, close] = isBasic ? ['\\(', '\\|', '\\)'] : ['(', '|', ')'];
  let source = parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => `${open}${part}${close}`).join(bar);
  if (options.has('x')) source = `^${open}${source}${close}$`;
  else if (options.has('w')) source = `\\b${open}${source}${close}\\b`;
  return compile(options.has('P') ? source.replaceAll('\\d', '[0-9]') : source, {
    isExtended: !isBasic,
    isCaseless: options.has('i'),
  });
}

const grep: ShellProgram = async (args, process) => {
  const name = process.args[0] ?? 'grep';
  const options = parseOptions(
    args.flatMap((arg) => (/^-\d+$/.test(arg) ? ['-C', arg.slice(1)] : arg.startsWith('--color') ? [] : [arg])),
    form,
    process,
  );
  if (options === undefined) return 2;
  const words = [...options.words];
  const patterns = options.values('e').flatMap((text) => text.split('\n'));
  for (const path of options.values('f')) {
    const input = openInput(process, 'grep', path);
    if (input === undefined) return 2;
    patterns.push(...linesOf(await input.reader.rest()));
    input.file?.release();
  }
  if (!options.has('e') && !options.has('f')) {
    const given = words.shift();
    if (given === undefined) {
      process.stderr.write(
        'BusyBox v1.37.0 multi-call binary.\n\nUsage: grep [-HhnlLoqvsrRiwFEz] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...\n',
      );
      return 2;
    }
    patterns.push(...given.split('\n'));
  }
  let expression: Expression;
  try {
    const isFixed = options.has('F') || /fgrep$/.test(name);
    const isExtended = /egrep$/.test(name);
    expression = await expressionOf(
      patterns,
      isExtended ? { ...options, has: (letter) => letter === 'E' || options.has(letter) } : options,
      isFixed,
    );
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    process.stderr.write(`grep: bad regex '${patterns.join('\n')}': ${error.message}\n`);
    return 2;
  }
  const isRecursive = options.has('r') || options.has('R');
  const paths = words.length === 0 ? [isRecursive ? '.' : '-'] : words;
  const search = new Search(
    process,
    options,
    expression,
    !options.has('h') && (paths.length > 1 || isRecursive || options.has('H')),
  );
  let code = 0;
  for (const path of paths) {
    for (const file of isRecursive ? filesBelow(process, path) : [path]) {
      const input = openInput(options.has('s') ? quiet(process) : process, 'grep', file);
      if (input === undefined) {
        code = 2;
        continue;
      }
      await search.run(file === '-' ? '(standard input)' : file, input.reader);
      input.file?.release();
      if (search.isFound && options.has('q')) return 0;
    }
  }
  if (search.isFound) return code === 2 && !options.has('q') ? 2 : 0;
  return code === 0 ? 1 : code;
};

function quiet(process: ShellProcess): ShellProcess {
  return { ...process, stderr: { write: () => undefined, drained: () => undefined } };
}

function* filesBelow(process: ShellProcess, path: string): Generator<string> {
  const full = resolvePath(process.cwd, path);
  const stat = statOf(process, full, true);
  if (stat?.type !== 'directory') {
    if (stat?.type === 'file' || stat === undefined) yield path;
    return;
  }
  for (const name of process.files.list(full)) yield* filesBelow(process, join(path, name));
}

class Search {
  isFound = false;
  readonly #process: ShellProcess;
  readonly #options: Options;
  readonly #expression: Expression;
  readonly #isNamed: boolean;
  #hasWritten = false;

  constructor(process: ShellProcess, options: Options, expression: Expression, isNamed: boolean) {
    this.#process = process;
    this.#options = options;
    this.#expression = expression;
    this.#isNamed = isNamed;
  }

  async run(name: string, reader: Reader): Promise<void> {
    const { stdout } = this.#process;
    const options = this.#options;
    const after = Number(options.value('A') ?? options.value('C') ?? 0);
    const before = Number(options.value('B') ?? options.value('C') ?? 0);
    const most = Number(options.value('m') ?? Number.POSITIVE_INFINITY);
    const isQuiet = options.has('q') || options.has('l') || options.has('L') || options.has('c');
    const earlier: (readonly [number, string])[] = [];
    let [number, matches, trailing, lastWritten] = [0, 0, 0, 0];
    const write = (at: number, line: string, mark: string): void => {
      if ((after > 0 || before > 0) && this.#hasWritten && at !== lastWritten + 1) stdout.write('--\n');
      this.#hasWritten = true;
      lastWritten = at;
      stdout.write(`${this.#head(name, at, mark)}${line}\n`);
    };
    for (let raw = await reader.line(); raw !== undefined && matches < most; raw = await reader.line()) {
      await pause(this.#process);
      const line = raw.replace(/\n$/, '');
      number++;
      if (this.#expression.test(line) === options.has('v')) {
        if (trailing > 0 && !isQuiet) {
          trailing--;
          write(number, line, '-');
        } else if (before > 0) {
          earlier.push([number, line]);
          if (earlier.length > before) earlier.shift();
        }
        continue;
      }
      matches++;
      this.isFound = true;
      if (options.has('q') || options.has('l') || options.has('L')) break;
      if (isQuiet) continue;
      if (options.has('o') && !options.has('v')) {
        this.#writeParts(name, number, line);
        continue;
      }
      for (const [at, text] of earlier.splice(0)) write(at, text, '-');
      write(number, line, ':');
      trailing = after;
    }
    if (options.has('q')) return;
    if (options.has('c')) stdout.write(`${this.#isNamed ? `${name}:` : ''}${matches}\n`);
    if ((options.has('l') && matches > 0) || (options.has('L') && matches === 0)) stdout.write(`${name}\n`);
  }

  #head(name: string, number: number, mark: string): string {
    return `${this.#isNamed ? `${name}${mark}` : ''}${this.#options.has('n') ? `${number}${mark}` : ''}`;
  }

  #writeParts(name: string, number: number, line: string): void {
    for (let at = 0; at <= line.length; ) {
      const match = this.#expression.exec(line, at);
      if (match === undefined) return;
      if (match.end > match.start)
        this.#process.stdout.write(`${this.#head(name, number, ':')}${line.slice(match.start, match.end)}\n`);
      at = match.end > match.start ? match.end : match.end + 1;
    }
  }
}

export const grepTools: Readonly<Record<string, ShellProgram>> = { grep, egrep: grep, fgrep: grep };
