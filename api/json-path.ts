/** A JSONPath as kubectl and custom resources' columns use it; throws where the path does not fit the data. */
export type JsonPath = (data: unknown) => unknown[];

export class JsonPathError extends Error {}

type Step = (input: readonly unknown[]) => unknown[];

interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** One element: `to` follows from `from`. */
  readonly single: boolean;
  readonly step: number | undefined;
}

const dictionaryKey = /^'([^']*)'$/;
const sliceForm = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/;
const comparison = /^([^!<>=]+)([!<>=]+)(.+?)$/;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function membersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isObject(value)) {
    return Object.keys(value)
      .sort()
      .map((key) => value[key]);
  }
  return [];
}

function field(name: string): Step {
  return (input) => input.flatMap((value) => (isObject(value) && Object.hasOwn(value, name) ? [value[name]] : []));
}

const wildcard: Step = (input) => input.flatMap(membersOf);

const recursive: Step = (input) =>
  input.flatMap((value) => {
    const members = membersOf(value);
    return members.length === 0 ? [] : [value, ...recursive(members)];
  });

function endOf(to: number | undefined, single: boolean, length: number): number {
  if (to === undefined) return length;
  return to < 0 || (to === 0 && single) ? to + length : to;
}

function slice({ from = 0, to, single, step = 1 }: Slice): Step {
  return (input) =>
    input.flatMap((value) => {
      if (value === null || value === undefined) return [];
      if (!Array.isArray(value)) throw new JsonPathError('not array or slice');
      const { length } = value;
      const start = from < 0 ? from + length : from;
      const end = endOf(to, single, length);
      if (start === end) return [];
      if (start >= length || start < 0 || end > length || end < 0) throw new JsonPathError('array index out of bounds');
      if (start > end) throw new JsonPathError('starting index is greater than ending index');
      return value.slice(start, end).filter((_, i) => i % step === 0);
    });
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  if (typeof left !== typeof right || typeof left === 'object') throw new JsonPathError('incompatible types');
  const numeric = typeof left === 'number' && Number.isInteger(left) !== Number.isInteger(right);
  if (numeric) throw new JsonPathError('incompatible types for comparison');
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (typeof left === 'boolean') throw new JsonPathError('invalid type for comparison');
  const [a, b] = [left as string, right as string];
  if (operator === '<') return a < b;
  if (operator === '>') return a > b;
  if (operator === '<=') return a <= b;
  if (operator === '>=') return a >= b;
  throw new JsonPathError(`unrecognized filter operator ${operator}`);
}

function filter(keep: (item: unknown) => boolean): Step {
  return (input) =>
    input.flatMap((value) => {
      if (!Array.isArray(value)) throw new JsonPathError('not array or slice and cannot be filtered');
      return value.filter(keep);
    });
}

function filterOf(text: string): Step {
  const parts = comparison.exec(text);
  if (parts === null) {
    const path = steps(text);
    return filter((item) => {
      try {
        return path([item]).length > 0;
      } catch {
        return false;
      }
    });
  }
  const [, leftText = '', operator = '', rightText = ''] = parts;
  const left = steps(leftText);
  const right = steps(rightText);
  return filter((item) => {
    const lefts = left([item]);
    const rights = right([item]);
    if (lefts.length === 0 || rights.length === 0) return false;
    if (lefts.length > 1 || rights.length > 1) throw new JsonPathError('can only compare one element at a time');
    return compare(lefts[0], operator, rights[0]);
  });
}

function arrayOf(given: string): Step {
  const text = given === '*' ? ':' : given;
  const parts = text.split(',');
  if (parts.length > 1) {
    const union = parts.map((part) => steps(`[${part.trim()}]`));
    return (input) => union.flatMap((each) => each(input));
  }
  const key = dictionaryKey.exec(text)?.[1];
  if (key !== undefined) return steps(`.${key}`);
  const found = sliceForm.exec(text);
  if (found === null) throw new JsonPathError(`invalid array index ${text}`);
  const [, from = '', to, step] = found;
  const numberOf = (part: string | undefined): number | undefined =>
    part === undefined || part === '' || part === ':' ? undefined : Number(part.replace(':', ''));
  const first = numberOf(from);
  if (to === undefined) return slice({ from: first, to: (first ?? 0) + 1, single: true, step: undefined });
  return slice({ from: first, to: numberOf(to), single: false, step: numberOf(step) });
}

function isTerminator(letter: string | undefined): boolean {
  return letter === undefined || ' \t\r\n.,[]$@{}'.includes(letter);
}

/** Where the word that begins at `at` ends; a backslash takes its next letter along. */
function wordEnd(text: string, at: number): number {
  let end = at;
  while (!isTerminator(text[end])) end += text[end] === '\\' ? 2 : 1;
  return Math.min(end, text.length);
}

function quoteEnd(text: string, at: number): number {
  const quote = text[at];
  for (let i = at + 1; i < text.length; i++) if (text[i] === quote && text[i - 1] !== '\\') return i;
  throw new JsonPathError('unterminated quoted string');
}

function filterEnd(text: string, at: number): number {
  let quote: string | undefined;
  for (let i = at; i < text.length; i++) {
    const letter = text[i];
    if (quote !== undefined) {
      if (letter === quote && text[i - 1] !== '\\') quote = undefined;
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === ')') {
      if (text[i + 1] !== ']') throw new JsonPathError('unclosed array expect ]');
      return i;
    }
  }
  throw new JsonPathError('unterminated filter');
}

function constant(value: unknown): Step {
  return () => [value];
}

function fieldOrAll(name: string): Step {
  return name === '*' ? wildcard : field(name.replaceAll('\\', ''));
}

/** The next step at a place of the text, and where the one after it begins. */
function stepAt(text: string, at: number): readonly [Step | undefined, number] {
  const letter = text[at] ?? '';
  if (text.startsWith('[?(', at)) {
    const end = filterEnd(text, at + 3);
    return [filterOf(text.slice(at + 3, end)), end + 2];
  }
  if (text.startsWith('..', at)) {
    const end = wordEnd(text, at + 2);
    if (end === at + 2) return [recursive, end];
    const next = fieldOrAll(text.slice(at + 2, end));
    return [(input) => next(recursive(input)), end];
  }
  if (letter === ' ' || letter === '@' || letter === '$') return [undefined, at + 1];
  if (letter === '[') {
    const end = text.indexOf(']', at);
    if (end < 0) throw new JsonPathError('unterminated array');
    return [arrayOf(text.slice(at + 1, end)), end + 1];
  }
  if (letter === '"' || letter === "'") {
    const end = quoteEnd(text, at);
    return [constant(text.slice(at + 1, end).replaceAll(/\\(.)/g, '$1')), end + 1];
  }
  if (letter === '.') {
    const end = wordEnd(text, at + 1);
    return [fieldOrAll(text.slice(at + 1, end)), end];
  }
  const number = /^[+-]?[\d.]+/.exec(text.slice(at))?.[0];
  if (number !== undefined && !Number.isNaN(Number(number))) return [constant(Number(number)), at + number.length];
  const end = wordEnd(text, at);
  const word = text.slice(at, end);
  if (word === 'true' || word === 'false') return [constant(word === 'true'), end];
  throw new JsonPathError(`unrecognized character in action: ${letter}`);
}

function steps(text: string): Step {
  const all: Step[] = [];
  for (let at = 0; at < text.length; ) {
    const [step, next] = stepAt(text, at);
    if (step !== undefined) all.push(step);
    at = next;
  }
  return (input) => all.reduce((values: readonly unknown[], step) => step(values), input) as unknown[];
}

/** Compiles what stands between braces elsewhere: `.spec.containers[0].image`. Missing members lead to no results. */
export function parseJsonPath(text: string): JsonPath {
  const all = steps(text);
  return (data) => all([data]);
}
