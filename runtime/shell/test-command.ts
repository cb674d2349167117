import { resolvePath } from '../files/path.ts';
import type { ShellProcess } from './shell-process.ts';

const numeric: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

function unary(operator: string, value: string, { files, cwd }: ShellProcess): boolean {
  const path = resolvePath(cwd, value);
  const text = files.read(path);
  switch (operator) {
    case '-n':
      return value !== '';
    case '-z':
      return value === '';
    case '-d':
      return files.isDirectory(path);
    case '-f':
      return text !== undefined;
    case '-s':
      return text !== undefined && text !== '';
    case '-e':
    case '-r':
    case '-w':
    case '-x':
      return text !== undefined || files.isDirectory(path);
    default:
      return false;
  }
}

function binary(left: string, operator: string, right: string): boolean | undefined {
  if (operator === '=' || operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  const compare = numeric[operator];
  return compare === undefined ? undefined : compare(Number(left), Number(right));
}

/** `test`, `[` and `[[`, without their closing bracket. */
export function test(args: readonly string[], process: ShellProcess): number {
  const either = args.findIndex((arg, index) => index > 0 && (arg === '-o' || arg === '||'));
  if (either > 0) return Math.min(test(args.slice(0, either), process), test(args.slice(either + 1), process));
  const both = args.findIndex((arg, index) => index > 0 && (arg === '-a' || arg === '&&'));
  if (both > 0) return Math.max(test(args.slice(0, both), process), test(args.slice(both + 1), process));
  const [first = '', second = '', third = ''] = args;
  if (first === '!' && args.length > 1) return Number(test(args.slice(1), process) === 0);
  if (args.length === 0) return 1;
  if (args.length === 1) return Number(first === '');
  if (args.length === 2) return Number(!unary(first, second, process));
  const result = binary(first, second, third);
  if (result !== undefined) return Number(!result);
  process.stderr.write(`sh: ${second}: unknown operand\n`);
  return 2;
}
