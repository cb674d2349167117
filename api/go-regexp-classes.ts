import { GoRegexpError } from './go-regexp-escapes.ts';

const perl: Readonly<Record<string, string>> = {
  d: '0-9',
  D: '\\u{0}-\\u{2f}\\u{3a}-\\u{10ffff}',
  s: '\\t\\n\\f\\r ',
  S: '\\u{0}-\\u{8}\\u{b}\\u{e}-\\u{1f}\\u{21}-\\u{10ffff}',
  w: '0-9A-Z_a-z',
  W: '\\u{0}-\\u{2f}\\u{3a}-\\u{40}\\u{5b}-\\u{5e}\\u{60}\\u{7b}-\\u{10ffff}',
};

const posix: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  ascii: [[0, 0x7f]],
  blank: [
    [9, 9],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  digit: [[0x30, 0x39]],
  graph: [[0x21, 0x7e]],
  lower: [[0x61, 0x7a]],
  print: [[0x20, 0x7e]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [9, 13],
    [0x20, 0x20],
  ],
  upper: [[0x41, 0x5a]],
  word: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
};

const categories = new Set(
  'C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs'.split(
    ' ',
  ),
);

function complement(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [low, high] of ranges) {
    if (low > next) rest.push([next, low - 1]);
    next = high + 1;
  }
  rest.push([next, 0x10ffff]);
  return rest;
}

/** What stands between the brackets of a JavaScript class. */
export class ClassItems {
  readonly #items: string[] = [];

  add(item: string): void {
    this.#items.push(item);
  }

  source(): string {
    return this.#items.join('');
  }
}

interface Found {
  readonly js: string;
  readonly end: number;
}

/** `\d` and its kind at `at`, as items of a class: ASCII alone. */
export function perlClass(text: string, at: number): string | undefined {
  return text[at] === '\\' ? perl[text[at + 1] ?? ''] : undefined;
}

/** `[:alpha:]` or `[:^alpha:]` at `at`, inside of a class. */
export function parsePosixClass(text: string, at: number): Found | undefined {
  if (!text.startsWith('[:', at) || at + 2 >= text.length) return undefined;
  const close = text.indexOf(':]', at + 2);
  if (close < 0) return undefined;
  const name = text.slice(at + 2, close);
  const isNegated = name.startsWith('^');
  const ranges = posix[isNegated ? name.slice(1) : name];
  if (ranges === undefined) throw new GoRegexpError('invalid character class range', text.slice(at, close + 2));
  const items = (isNegated ? complement(ranges) : ranges).map(
    ([low, high]) => `\\u{${low.toString(16)}}-\\u{${high.toString(16)}}`,
  );
  return { js: items.join(''), end: close + 2 };
}

function isScript(name: string): boolean {
  if (!/^[A-Z][A-Za-z_]+$/.test(name)) return false;
  try {
    new RegExp(`\\p{Script=${name}}`, 'u');
    return true;
  } catch {
    return false; // That is the question.
  }
}

/** `\pL`, `\p{Greek}` and their negations at `at`. */
export function parsePropertyClass(text: string, at: number): Found | undefined {
  const letter = text[at + 1];
  if (text[at] !== '\\' || (letter !== 'p' && letter !== 'P')) return undefined;
  if (at + 2 >= text.length) throw new GoRegexpError('invalid character class range', text.slice(at));
  const close = text[at + 2] === '{' ? text.indexOf('}', at) : at + 2;
  if (close < 0) throw new GoRegexpError('invalid character class range', text.slice(at));
  const braced = text[at + 2] === '{';
  const whole = braced ? text.slice(at + 3, close) : (text[close] ?? '');
  const flips = braced && whole.startsWith('^');
  const name = flips ? whole.slice(1) : whole;
  const isNegated = (letter === 'P') !== flips;
  const end = close + 1;
  const property = isNegated ? 'P' : 'p';
  if (name === 'Any') return { js: `\\${property}{Any}`, end };
  if (categories.has(name)) return { js: `\\${property}{${name}}`, end };
  if (isScript(name)) return { js: `\\${property}{Script=${name}}`, end };
  throw new GoRegexpError('invalid character class range', text.slice(at, end));
}
