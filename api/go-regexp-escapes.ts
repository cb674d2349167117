/** Why an expression is none, as Go's regexp/syntax says it. */
export class GoRegexpError extends Error {
  constructor(code: string, expression: string) {
    super(`error parsing regexp: ${code}: \`${expression}\``);
    this.name = 'GoRegexpError';
  }
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

interface Escaped {
  readonly code: number;
  readonly end: number;
}

function hexEscape(text: string, at: number): Escaped {
  const rest = text.slice(at);
  const braced = /^\\x\{([0-9A-Fa-f]+)\}/.exec(rest);
  if (braced !== null) {
    const code = Number.parseInt(braced[1] ?? '', 16);
    if (code <= 0x10ffff) return { code, end: at + braced[0].length };
  }
  const short = /^\\x([0-9A-Fa-f]{2})/.exec(rest);
  if (short !== null) return { code: Number.parseInt(short[1] ?? '', 16), end: at + 4 };
  if (braced !== null) {
    // Reading stops with the digit that is too much.
    let count = 1;
    while (Number.parseInt((braced[1] ?? '').slice(0, count), 16) <= 0x10ffff) count += 1;
    throw new GoRegexpError('invalid escape sequence', rest.slice(0, 3 + count));
  }
  // What was read when it went wrong: up to the first character that does not fit.
  const read = /^\\x(?:\{[0-9A-Fa-f]*[\s\S]?|[\s\S]{0,2})/u.exec(rest)?.[0] ?? rest;
  throw new GoRegexpError('invalid escape sequence', read);
}

/** The character behind a backslash at `at`. */
export function parseEscape(text: string, at: number): Escaped {
  const code = text.codePointAt(at + 1);
  if (code === undefined) throw new GoRegexpError('trailing backslash at end of expression', '');
  const character = String.fromCodePoint(code);
  const end = at + 1 + character.length;
  if (code < 0x80 && !/[0-9A-Za-z]/.test(character)) return { code, end };
  const control = controls[character];
  if (control !== undefined) return { code: control, end };
  if (character === 'x') return hexEscape(text, at);
  const octal = /^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(text.slice(at))?.[0];
  if (octal !== undefined) return { code: Number.parseInt(octal.slice(1), 8), end: at + octal.length };
  throw new GoRegexpError('invalid escape sequence', text.slice(at, end));
}
