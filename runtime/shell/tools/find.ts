import type { FileStat } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { dateText } from '../date-text.ts';
import { parseMode } from '../file-mode.ts';
import { Pattern } from '../pattern.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { idByName } from './accounts.ts';
import { pause, reason } from './input.ts';
import { typeAndMode } from './listing.ts';
import { baseName, join, statOf } from './tree-walk.ts';

interface Found {
  readonly path: string;
  readonly full: string;
  readonly stat: FileStat;
  readonly depth: number;
  isPruned: boolean;
}

type Test = (found: Found) => boolean | Promise<boolean>;

class UsageError extends Error {}

/** Reads what `find` is to do with each file. */
class Expression {
  readonly #args: readonly string[];
  readonly #process: ShellProcess;
  #at = 0;
  hasAction = false;
  minDepth = 0;
  maxDepth = Number.POSITIVE_INFINITY;
  isDepthFirst = false;
  isQuit = false;
  /** What `-exec … +` gathered, run at the end. */
  readonly #gathered: { readonly words: readonly string[]; readonly paths: string[] }[] = [];

  constructor(args: readonly string[], process: ShellProcess) {
    this.#args = args;
    this.#process = process;
  }

  parse(): Test {
    const test = this.#args.length === 0 ? () => true : this.#either();
    const rest = this.#args[this.#at];
    if (rest !== undefined) throw new UsageError(`unrecognized: ${rest}`);
    return test;
  }

  async finish(): Promise<void> {
    for (const { words, paths } of this.#gathered) if (paths.length > 0) await this.#run([...words, ...paths]);
  }

  #take(): string {
    const word = this.#args[this.#at++];
    if (word === undefined) throw new UsageError(`${this.#args.at(-1)} requires an argument`);
    return word;
  }

  #either(): Test {
    let left = this.#both();
    while (this.#args[this.#at] === '-o' || this.#args[this.#at] === '-or') {
      this.#at++;
      const [one, other] = [left, this.#both()];
      left = async (found) => (await one(found)) || other(found);
    }
    return left;
  }

  #both(): Test {
    let left = this.#one();
    for (;;) {
      const word = this.#args[this.#at];
      if (word === undefined || word === '-o' || word === '-or' || word === ')') return left;
      if (word === '-a' || word === '-and') this.#at++;
      const [one, other] = [left, this.#one()];
      left = async (found) => (await one(found)) && other(found);
    }
  }

  #one(): Test {
    const word = this.#take();
    switch (word) {
      case '!':
      case '-not': {
        const inner = this.#one();
        return async (found) => !(await inner(found));
      }
      case '(': {
        const inner = this.#either();
        if (this.#take() !== ')') throw new UsageError("missing ')'");
        return inner;
      }
      default:
        return this.#action(word) ?? this.#test(word);
    }
  }

  #action(word: string): Test | undefined {
    const { stdout, files } = this.#process;
    switch (word) {
      case '-print':
      case '-print0':
        this.hasAction = true;
        return ({ path }) => {
          stdout.write(path + (word === '-print' ? '\n' : '\0'));
          return true;
        };
      case '-printf': {
        this.hasAction = true;
        const format = this.#take();
        return (found) => {
          stdout.write(printed(format, found));
          return true;
        };
      }
      case '-ls':
        this.hasAction = true;
        return ({ path, stat }) => {
          stdout.write(
            `${typeAndMode(stat)} ${stat.uid} ${stat.gid} ${stat.size} ${dateText('%b %e %H:%M', stat.modifiedAt)} ${path}\n`,
          );
          return true;
        };
      case '-delete':
        this.hasAction = true;
        this.isDepthFirst = true;
        return ({ full, path, stat }) => {
          if (path === '.') return true;
          if (stat.type === 'directory' && files.list(full).length > 0) {
            this.#process.stderr.write(`find: ${path}: Directory not empty\n`);
            return false;
          }
          files.remove(full);
          return true;
        };
      case '-prune':
        return (found) => {
          found.isPruned = true;
          return true;
        };
      case '-quit':
        this.hasAction = true;
        return () => {
          this.isQuit = true;
          return true;
        };
      case '-exec':
      case '-ok':
        return this.#execution();
      default:
        return undefined;
    }
  }

  #execution(): Test {
    this.hasAction = true;
    const words: string[] = [];
    for (;;) {
      const word = this.#take();
      if (word === ';') break;
      if (word === '+' && words.at(-1) === '{}') {
        const gathered = { words: words.slice(0, -1), paths: [] as string[] };
        this.#gathered.push(gathered);
        return ({ path }) => {
          gathered.paths.push(path);
          return true;
        };
      }
      words.push(word);
    }
    return async ({ path }) => (await this.#run(words.map((word) => word.replaceAll('{}', path)))) === 0;
  }

  async #run(args: readonly string[]): Promise<number> {
    try {
      return (await this.#process.spawn({ args }).exited).code;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ExecError') throw error;
      this.#process.stderr.write(`find: ${args[0]}: No such file or directory\n`);
      return 127;
    }
  }

  #test(word: string): Test {
    const { clock, files, cwd, user } = this.#process;
    switch (word) {
      case '-true':
        return () => true;
      case '-false':
        return () => false;
      case '-name':
      case '-iname': {
        const pattern = this.#pattern(word === '-iname');
        return ({ path }) => pattern.test(baseName(path));
      }
      case '-path':
      case '-wholename':
      case '-ipath': {
        const pattern = this.#pattern(word === '-ipath');
        return ({ path }) => pattern.test(path);
      }
      case '-type': {
        const types = this.#take().split(',');
        return ({ stat }) => types.includes(typeAndMode(stat)[0]?.replace('-', 'f') ?? '');
      }
      case '-empty':
        return ({ stat, full }) => (stat.type === 'directory' ? files.list(full).length === 0 : stat.size === 0);
      case '-size':
        return this.#size();
      case '-mtime':
      case '-mmin':
      case '-ctime':
      case '-cmin':
      case '-atime':
      case '-amin': {
        const unit = word.endsWith('min') ? 60_000 : 86_400_000;
        const compare = comparing(this.#take());
        return ({ stat }) => compare(Math.floor((clock.now() - stat.modifiedAt) / unit));
      }
      case '-newer': {
        const reference = files.stat(resolvePath(cwd, this.#take()))?.modifiedAt ?? 0;
        return ({ stat }) => stat.modifiedAt > reference;
      }
      case '-perm':
        return this.#permissions();
      case '-user': {
        const id = idByName(files, '/etc/passwd', this.#take());
        return ({ stat }) => stat.uid === id;
      }
      case '-group': {
        const id = idByName(files, '/etc/group', this.#take());
        return ({ stat }) => stat.gid === id;
      }
      case '-executable':
        return ({ stat }) => (stat.mode & 0o111) !== 0 || user.uid === 0;
      case '-mindepth':
        this.minDepth = Number(this.#take());
        return () => true;
      case '-maxdepth':
        this.maxDepth = Number(this.#take());
        return () => true;
      case '-depth':
        this.isDepthFirst = true;
        return () => true;
      case '-xdev':
      case '-mount':
      case '-follow':
      case '-noleaf':
        return () => true;
      default:
        throw new UsageError(`unrecognized: ${word}`);
    }
  }

  #pattern(isCaseless: boolean): Pattern {
    return new Pattern([{ text: this.#take(), quoted: false }], isCaseless);
  }

  #size(): Test {
    const [, text = '', unit = 'b'] = /^([-+]?\d+)([cwbkMG]?)$/.exec(this.#take()) ?? [];
    const bytes = { c: 1, w: 2, b: 512, k: 1024, M: 2 ** 20, G: 2 ** 30 }[unit === '' ? 'b' : unit] ?? 512;
    const compare = comparing(text);
    return ({ stat }) => compare(Math.ceil(stat.size / bytes));
  }

  #permissions(): Test {
    const text = this.#take();
    const sign = /^[-/+]/.exec(text)?.[0] ?? '';
    const wanted = parseMode(text.slice(sign.length), 0, false) ?? 0;
    return ({ stat: { mode } }) =>
      sign === '' ? mode === wanted : sign === '-' ? (mode & wanted) === wanted : wanted === 0 || (mode & wanted) !== 0;
  }
}

/** `5`, `+5`, `-5`. */
function comparing(text: string): (value: number) => boolean {
  const wanted = Number(text.replace(/^[-+]/, ''));
  if (text.startsWith('+')) return (value) => value > wanted;
  return text.startsWith('-') ? (value) => value < wanted : (value) => value === wanted;
}

function printed(format: string, { path, stat, depth }: Found): string {
  const fields: Readonly<Record<string, string>> = {
    p: path,
    f: baseName(path),
    h: path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.',
    s: String(stat.size),
    m: stat.mode.toString(8),
    M: typeAndMode(stat),
    y: typeAndMode(stat)[0]?.replace('-', 'f') ?? '',
    u: String(stat.uid),
    U: String(stat.uid),
    g: String(stat.gid),
    G: String(stat.gid),
    l: stat.target ?? '',
    d: String(depth),
    t: dateText('%a %b %e %H:%M:%S.%N %Y', stat.modifiedAt),
    P: path.replace(/^[^/]*\/?/, ''),
    '%': '%',
  };
  return format
    .replaceAll(/\\([nt0\\])/g, (_, key: string) => ({ n: '\n', t: '\t', '0': '\0' })[key] ?? '\\')
    .replaceAll(/%(T@|.)/g, (whole, key: string) =>
      key === 'T@' ? String(stat.modifiedAt / 1000) : (fields[key] ?? whole),
    );
}

export const find: ShellProgram = async (args, process) => {
  const { cwd, files, stderr, stdout } = process;
  const given = args.filter((arg, at) => !(at === 0 && /^-[HLP]$/.test(arg)));
  const isFollowing = args[0] === '-L';
  const end = given.findIndex((arg) => /^[-(!]/.test(arg) && arg !== '-');
  const paths = end < 0 ? given : given.slice(0, end);
  const expression = new Expression(end < 0 ? [] : given.slice(end), process);
  let test: Test;
  try {
    test = expression.parse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`find: ${error.message}\n`);
    return 1;
  }
  let code = 0;
  for (const path of paths.length === 0 ? ['.'] : paths) await visit(path, 0);
  await expression.finish();
  return code;

  async function visit(path: string, depth: number): Promise<void> {
    await pause(process);
    if (expression.isQuit) return;
    const full = resolvePath(cwd, path);
    const stat = statOf(process, full, !isFollowing) ?? statOf(process, full, true);
    if (stat === undefined) {
      stderr.write(`find: ${path}: No such file or directory\n`);
      code = 1;
      return;
    }
    const found: Found = { path, full, stat, depth, isPruned: false };
    if (!expression.isDepthFirst) await consider(found);
    if (stat.type === 'directory' && depth < expression.maxDepth && !found.isPruned) {
      let names: readonly string[] = [];
      try {
        names = files.list(full);
      } catch (error) {
        stderr.write(`find: ${path}: ${reason(error)}\n`);
        code = 1;
      }
      for (const name of names) await visit(join(path, name), depth + 1);
    }
    if (expression.isDepthFirst) await consider(found);
  }

  async function consider(found: Found): Promise<void> {
    if (found.depth < expression.minDepth || expression.isQuit) return;
    try {
      if ((await test(found)) && !expression.hasAction) stdout.write(`${found.path}\n`);
    } catch (error) {
      stderr.write(`find: ${found.path}: ${reason(error)}\n`);
      code = 1;
    }
  }
};

export const findTools: Readonly<Record<string, ShellProgram>> = { find };
