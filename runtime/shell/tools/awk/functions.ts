import { dateText } from '../../date-text.ts';
import { dateMs } from '../date-input.ts';
import { printed } from './printed.ts';
import type { AwkRunner } from './runner.ts';
import { AwkError, type Expr } from './syntax.ts';
import { numberOf, textOf, type Value } from './values.ts';

const mathematics: Readonly<Record<string, (...values: number[]) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  atan2: Math.atan2,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  int: Math.trunc,
  and: (a, b) => Number(BigInt(a) & BigInt(b)),
  or: (a, b) => Number(BigInt(a) | BigInt(b)),
  xor: (a, b) => Number(BigInt(a) ^ BigInt(b)),
  lshift: (a, b) => a * 2 ** b,
  rshift: (a, b) => Math.floor(a / 2 ** b),
  compl: (a) => Number(BigInt.asUintN(32, ~BigInt(a))),
};

const record: Expr = { is: 'field', index: { is: 'number', value: 0 } };

/** What `awk` has itself. */
export async function callBuiltin(name: string, args: readonly Expr[], runner: AwkRunner): Promise<Value> {
  const [first] = args;
  switch (name) {
    case 'length': {
      if (first?.is === 'variable' && runner.globals.get(first.name) instanceof Map)
        return runner.array(first.name).size;
      return textOf(await runner.value(first ?? record)).length;
    }
    case 'split':
      return split(args, runner);
    case 'sub':
    case 'gsub':
      return substitute(args, runner, name === 'gsub');
    case 'gensub':
      return general(args, runner);
    case 'match': {
      const found = (await runner.patternOf(args[1] ?? record)).exec(textOf(await runner.value(first ?? record)), 0);
      runner.globals.set('RSTART', found === undefined ? 0 : found.start + 1);
      runner.globals.set('RLENGTH', found === undefined ? -1 : found.end - found.start);
      return found === undefined ? 0 : found.start + 1;
    }
    case 'srand': {
      runner.random = seeded(
        args.length === 0 ? runner.process.clock.now() : numberOf(await runner.value(first ?? record)),
      );
      return 0;
    }
  }
  const values: Value[] = [];
  for (const arg of args) values.push(await runner.value(arg));
  return simple(name, values, runner);
}

async function simple(name: string, values: readonly Value[], runner: AwkRunner): Promise<Value> {
  const [one, two, three] = values;
  const calculate = mathematics[name];
  if (calculate !== undefined) return calculate(...values.map(numberOf));
  switch (name) {
    case 'substr': {
      const text = textOf(one);
      const from = Math.round(numberOf(two));
      const to = three === undefined ? text.length + 1 : from + Math.round(numberOf(three));
      return text.slice(Math.max(0, from - 1), Math.max(0, to - 1));
    }
    case 'index':
      return textOf(one).indexOf(textOf(two)) + 1;
    case 'sprintf':
      return printed(values, runner.text('CONVFMT'));
    case 'tolower':
      return textOf(one).toLowerCase();
    case 'toupper':
      return textOf(one).toUpperCase();
    case 'rand':
      return runner.random();
    case 'systime':
      return Math.floor(runner.process.clock.now() / 1000);
    case 'strftime':
      return dateText(
        one === undefined ? '%a %b %e %H:%M:%S UTC %Y' : textOf(one),
        two === undefined ? runner.process.clock.now() : numberOf(two) * 1000,
      );
    case 'mktime': {
      const [year, month, day, hour, minute, second] = textOf(one).split(' ');
      return (dateMs(`${year}-${month}-${day} ${hour}:${minute}:${second}`, 0) ?? -1000) / 1000;
    }
    case 'system': {
      const exit = await runner.process.spawn({ args: ['sh', '-c', textOf(one)] }).exited;
      return exit.code;
    }
    case 'close':
      return runner.streams.close(textOf(one));
    case 'fflush':
      return 0;
    default:
      throw new AwkError('Call to undefined function');
  }
}

async function split([text, array, separator]: readonly Expr[], runner: AwkRunner): Promise<Value> {
  if (text === undefined || array?.is !== 'variable') throw new AwkError('Too few arguments');
  const by =
    separator === undefined
      ? runner.text('FS')
      : separator.is === 'regex'
        ? separator.source
        : textOf(await runner.value(separator));
  const source = textOf(await runner.value(text));
  const isExpression = separator?.is === 'regex';
  const parts = await runner.record.split(source, isExpression && by.length === 1 ? `(${by})` : by);
  const target = runner.array(array.name);
  target.clear();
  for (const [index, part] of parts.entries()) target.set(String(index + 1), { text: part });
  return parts.length;
}

async function replaceIn(
  text: string,
  pattern: Expr,
  runner: AwkRunner,
  make: (groups: readonly (string | undefined)[], count: number) => string | undefined,
): Promise<{ readonly text: string; readonly count: number }> {
  const expression = await runner.patternOf(pattern);
  let [out, at, count, lastEnd] = ['', 0, 0, -1];
  while (at <= text.length) {
    const match = expression.exec(text, at);
    if (match === undefined) break;
    const isAgain = match.end === match.start && match.start === lastEnd;
    out += text.slice(at, match.start);
    if (isAgain) out += '';
    else {
      const made = make(match.groups, count + 1);
      out += made ?? text.slice(match.start, match.end);
      count++;
    }
    lastEnd = match.end;
    if (match.end === match.start) out += text[match.end] ?? '';
    at = match.end === match.start ? match.end + 1 : match.end;
  }
  return { text: out + text.slice(at), count };
}

/** `&` is what was found, `\\&` an ampersand. */
function filled(replacement: string, groups: readonly (string | undefined)[], hasGroups: boolean): string {
  return replacement.replaceAll(/\\\\|\\&|\\(\d)|&/g, (whole, digit: string | undefined) => {
    if (whole === '&') return groups[0] ?? '';
    if (whole === '\\&') return '&';
    if (digit !== undefined) return hasGroups ? (groups[Number(digit)] ?? '') : whole;
    return '\\';
  });
}

async function substitute(
  [pattern, replacement, target = record]: readonly Expr[],
  runner: AwkRunner,
  isAll: boolean,
): Promise<Value> {
  if (pattern === undefined || replacement === undefined) throw new AwkError('Too few arguments');
  const by = textOf(await runner.value(replacement));
  const before = textOf(await runner.value(target));
  let done = 0;
  const { text } = await replaceIn(before, pattern, runner, (groups, count) => {
    if (!isAll && count > 1) return undefined;
    done++;
    return filled(by, groups, false);
  });
  if (done > 0) await runner.assign(target, text);
  return done;
}

async function general(
  [pattern, replacement, how, target = record]: readonly Expr[],
  runner: AwkRunner,
): Promise<Value> {
  if (pattern === undefined || replacement === undefined || how === undefined) throw new AwkError('Too few arguments');
  const by = textOf(await runner.value(replacement));
  const which = textOf(await runner.value(how));
  const before = textOf(await runner.value(target));
  const { text } = await replaceIn(before, pattern, runner, (groups, count) =>
    /^[gG]/.test(which) || count === Math.max(1, Number(which)) ? filled(by, groups, true) : undefined,
  );
  return text;
}

/** The same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
