import { FileError, type FileStat } from '../files/file-tree.ts';
import { resolvePath } from '../files/path.ts';
import { mayUse } from '../processes/process-files.ts';
import type { ProgramContext } from '../processes/program.ts';

type Place = Pick<ProgramContext, 'files' | 'cwd' | 'user' | 'descriptors'>;

const numeric: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

const texts: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};

const files: Readonly<Record<string, (stat: FileStat, place: Place) => boolean>> = {
  '-d': ({ type }) => type === 'directory',
  '-f': ({ type }) => type === 'file',
  '-b': ({ type }) => type === 'block',
  '-c': ({ type }) => type === 'character',
  '-p': ({ type }) => type === 'fifo',
  '-S': ({ type }) => type === 'socket',
  '-e': () => true,
  '-a': () => true,
  '-s': ({ size }) => size > 0,
  '-r': (stat, { user }) => mayUse(user, stat, 4),
  '-w': (stat, { user }) => mayUse(user, stat, 2),
  '-x': (stat, { user }) => mayUse(user, stat, 1),
  '-u': ({ mode }) => (mode & 0o4000) !== 0,
  '-g': ({ mode }) => (mode & 0o2000) !== 0,
  '-k': ({ mode }) => (mode & 0o1000) !== 0,
  '-O': ({ uid }, { user }) => uid === user.uid,
  '-G': ({ gid }, { user }) => gid === user.gid,
  '-N': () => false,
};

/** Bad arguments, in the words of `test`. */
export class TestError extends Error {}

function stat(path: string, { files: tree, cwd }: Place, isItself = false): FileStat | undefined {
  if (path === '') return undefined;
  try {
    const full = resolvePath(cwd, path);
    return isItself ? tree.lstat(full) : tree.stat(full);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

export function unaryTest(operator: string, value: string, place: Place): boolean {
  switch (operator) {
    case '-n':
      return value !== '';
    case '-z':
      return value === '';
    case '-h':
    case '-L':
      return stat(value, place, true)?.type === 'link';
    case '-t':
      return place.descriptors.get(Number(value))?.channel.terminal !== undefined;
    default: {
      const check = files[operator];
      const found = stat(value, place);
      if (check === undefined || found === undefined) return false;
      // A write to a read-only place fails for everybody.
      return check(found, place);
    }
  }
}

function numberOf(text: string): bigint {
  const trimmed = text.trim();
  if (!/^[-+]?\d+$/.test(trimmed)) throw new TestError(`${text}: bad number`);
  return BigInt(trimmed.replace(/^\+/, ''));
}

export function binaryTest(operator: string, left: string, right: string, place: Place): boolean {
  const text = texts[operator];
  if (text !== undefined) return text(left, right);
  const compare = numeric[operator];
  if (compare !== undefined) return compare(numberOf(left), numberOf(right));
  const [a, b] = [stat(left, place), stat(right, place)];
  switch (operator) {
    case '-nt':
      return a !== undefined && (b === undefined || a.modifiedAt > b.modifiedAt);
    case '-ot':
      return b !== undefined && (a === undefined || a.modifiedAt < b.modifiedAt);
    default:
      return a !== undefined && left === right;
  }
}

const isBinary = (word: string | undefined): boolean =>
  word !== undefined && (texts[word] !== undefined || numeric[word] !== undefined || /^-(nt|ot|ef)$/.test(word));
const isUnary = (word: string | undefined): boolean =>
  word !== undefined && (files[word] !== undefined || /^-[nzhLt]$/.test(word));

/** `test`, `[` without its closing bracket. Throws TestError. */
export function testArguments(args: readonly string[], place: Place): boolean {
  return new Test(args, place).value();
}

class Test {
  readonly #args: readonly string[];
  readonly #place: Place;
  #at = 0;

  constructor(args: readonly string[], place: Place) {
    this.#args = args;
    this.#place = place;
  }

  value(): boolean {
    const args = this.#args;
    const [first = '', second = '', third = ''] = args;
    switch (args.length) {
      case 0:
        return false;
      case 1:
        return first !== '';
      case 2:
        if (first === '!') return second === '';
        if (isUnary(first)) return unaryTest(first, second, this.#place);
        throw new TestError(isBinary(second) ? `${second}: argument expected` : `${second}: unknown operand`);
      case 3:
        if (isBinary(second)) return binaryTest(second, first, third, this.#place);
        break;
      case 4:
        if (first === '!') return !testArguments(args.slice(1), this.#place);
        break;
    }
    const value = this.#either();
    const rest = args[this.#at];
    if (rest !== undefined) throw new TestError(`${rest}: unknown operand`);
    return value;
  }

  #either(): boolean {
    let value = this.#both();
    while (this.#args[this.#at] === '-o') {
      this.#at++;
      value = this.#both() || value;
    }
    return value;
  }

  #both(): boolean {
    let value = this.#one();
    while (this.#args[this.#at] === '-a') {
      this.#at++;
      value = this.#one() && value;
    }
    return value;
  }

  #one(): boolean {
    const args = this.#args;
    const word = args[this.#at];
    if (word === undefined) throw new TestError('argument expected');
    if (isBinary(args[this.#at + 1]) && args[this.#at + 2] !== undefined) {
      this.#at += 3;
      return binaryTest(args[this.#at - 2] ?? '', word, args[this.#at - 1] ?? '', this.#place);
    }
    this.#at++;
    if (word === '!') return !this.#one();
    if (word === '(') {
      const value = this.#either();
      if (args[this.#at++] !== ')') throw new TestError('closing paren expected');
      return value;
    }
    if (isUnary(word) && args[this.#at] !== undefined) return unaryTest(word, args[this.#at++] ?? '', this.#place);
    return word !== '';
  }
}
