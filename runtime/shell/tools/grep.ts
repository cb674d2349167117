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

const usage =
  'BusyBox v1.37.0 multi-call binary.\n\n' +
  'Usage: grep [-HhnlLoqvsrRiwFEz] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...\n';

/** What is looked for, taken from the options or the first of the words; undefined where there is nothing. */
async function patternsOf(options: Options, words: string[], process: ShellProcess): Promise<string[] | undefined> {
  const patterns = options.values('e').flatMap((text) => text.split('\n'));
  for (const path of options.values('f')) {
    const input = openInput(process, 'grep', path);
    if (input === undefined) return undefined;
    patterns.push(...linesOf(await input.reader.rest()));
    input.file?.release();
  }
  if (options.has('e') || options.has('f')) return patterns;
  const given = words.shift();
  if (given !== undefined) return given.split('\n');
  process.stderr.write(usage);
  return undefined;
}

async function expressionFor(patterns: readonly string[], options: Options, process: ShellProcess) {
  const name = process.args[0] ?? 'grep';
  const extended = { ...options, has: (letter: string) => letter === 'E' || options.has(letter) };
  try {
    const isFixed = options.has('F') || /fgrep$/.test(name);
    return await expressionOf(patterns, /egrep$/.test(name) ? extended : options, isFixed);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    process.stderr.write(`grep: bad regex '${patterns.join('\n')}': ${error.message}\n`);
    return undefined;
  }
}

/** `-3` stands for `-C 3`; colors are not for us. */
function plainArgs(args: readonly string[]): string[] {
  return args
    .filter((arg) => !arg.startsWith('--color'))
    .flatMap((arg) => (/^-\d+$/.test(arg) ? ['-C', arg.slice(1)] : [arg]));
}

const grep: ShellProgram = async (args, process) => {
  const options = parseOptions(plainArgs(args), form, process);
  if (options === undefined) return 2;
  const words = [...options.words];
  const patterns = await patternsOf(options, words, process);
  const expression = patterns === undefined ? undefined : await expressionFor(patterns, options, process);
  if (expression === undefined) return 2;
  const isRecursive = options.has('r') || options.has('R');
  const paths = words.length === 0 ? [isRecursive ? '.' : '-'] : words;
  const isNamed = !options.has('h') && (paths.length > 1 || isRecursive || options.has('H'));
  const search = new Search(process, options, expression, isNamed);
  let hasFailed = false;
  for (const file of paths.flatMap((path) => (isRecursive ? [...filesBelow(process, path)] : [path]))) {
    const input = openInput(options.has('s') ? quiet(process) : process, 'grep', file);
    if (input === undefined) {
      hasFailed = true;
      continue;
    }
    await search.run(file === '-' ? '(standard input)' : file, input.reader);
    input.file?.release();
    if (search.isFound && options.has('q')) return 0;
  }
  if (hasFailed) return 2;
  return search.isFound ? 0 : 1;
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

/** Lines around those that match. */
class Context {
  readonly #before: number;
  readonly #after: number;
  readonly #isQuiet: boolean;
  readonly #write: (number: number, line: string, mark: string) => void;
  readonly #earlier: (readonly [number, string])[] = [];
  #trailing = 0;
  #last = 0;

  constructor(options: Options, write: (number: number, line: string, mark: string) => void) {
    this.#before = Number(options.value('B') ?? options.value('C') ?? 0);
    this.#after = Number(options.value('A') ?? options.value('C') ?? 0);
    this.#isQuiet = ['q', 'l', 'L', 'c', 'o'].some((letter) => options.has(letter));
    this.#write = write;
  }

  #show(number: number, line: string, mark: string): void {
    if ((this.#before > 0 || this.#after > 0) && number !== this.#last + 1) this.#write(number, line, '--');
    this.#last = number;
    this.#write(number, line, mark);
  }

  pass(number: number, line: string): void {
    if (this.#isQuiet) return;
    if (this.#trailing > 0) {
      this.#trailing--;
      this.#show(number, line, '-');
      return;
    }
    this.#earlier.push([number, line]);
    if (this.#earlier.length > this.#before) this.#earlier.shift();
  }

  match(number: number, line: string): void {
    for (const [at, text] of this.#earlier.splice(0)) this.#show(at, text, '-');
    this.#show(number, line, ':');
    this.#trailing = this.#after;
  }
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
    const options = this.#options;
    const most = Number(options.value('m') ?? Number.POSITIVE_INFINITY);
    const isOnce = options.has('q') || options.has('l') || options.has('L');
    const context = new Context(options, (number, line, mark) => this.#write(name, number, line, mark));
    let [number, matches] = [0, 0];
    for (let raw = await reader.line(); raw !== undefined && matches < most; raw = await reader.line()) {
      await pause(this.#process);
      const line = raw.replace(/\n$/, '');
      number++;
      if (this.#expression.test(line) === options.has('v')) {
        context.pass(number, line);
        continue;
      }
      matches++;
      this.isFound = true;
      if (isOnce) break;
      if (options.has('c')) continue;
      if (options.has('o') && !options.has('v')) this.#writeParts(name, number, line);
      else context.match(number, line);
    }
    this.#summarize(name, matches);
  }

  #summarize(name: string, matches: number): void {
    const { stdout } = this.#process;
    const options = this.#options;
    if (options.has('q')) return;
    if (options.has('c')) stdout.write(`${this.#isNamed ? `${name}:` : ''}${matches}\n`);
    if ((options.has('l') && matches > 0) || (options.has('L') && matches === 0)) stdout.write(`${name}\n`);
  }

  #write(name: string, number: number, line: string, mark: string): void {
    if (mark === '--') {
      if (this.#hasWritten) this.#process.stdout.write('--\n');
      return;
    }
    this.#hasWritten = true;
    this.#process.stdout.write(`${this.#head(name, number, mark)}${line}\n`);
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
