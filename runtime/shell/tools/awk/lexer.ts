import { AwkError } from './syntax.ts';

export interface Token {
  readonly is: 'number' | 'string' | 'regex' | 'name' | 'call' | 'function' | 'word' | 'operator' | 'line' | 'end';
  readonly text: string;
}

const words = new Set([
  'BEGIN',
  'END',
  'function',
  'func',
  'if',
  'else',
  'while',
  'for',
  'do',
  'break',
  'continue',
  'next',
  'nextfile',
  'exit',
  'return',
  'delete',
  'in',
  'getline',
  'print',
  'printf',
]);

export const builtinNames: ReadonlySet<string> = new Set(
  'length substr index split sub gsub gensub match sprintf sin cos atan2 exp log sqrt int rand srand tolower toupper system close fflush strftime systime mktime and or xor lshift rshift compl'.split(
    ' ',
  ),
);

const operators = /\*\*=|\*\*|\+\+|--|\+=|-=|\*=|\/=|%=|\^=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>|?:~$=,;(){}[\]]/y;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  '/': '/',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** After these a slash begins an expression; else it divides. */
function dividesAfter(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.is === 'number' || token.is === 'string' || token.is === 'name' || token.is === 'call') return true;
  return token.is === 'operator' && /^(?:\)|\]|\$|\+\+|--)$/.test(token.text);
}

/** Throws AwkError. */
export function tokensOf(text: string): Token[] {
  const reader = new TokenReader(text);
  const tokens: Token[] = [];
  for (let token = reader.next(undefined); ; token = reader.next(tokens.at(-1))) {
    tokens.push(token);
    if (token.is === 'end') return tokens;
  }
}

class TokenReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  next(before: Token | undefined): Token {
    this.#take(/(?:[ \t\r]|\\\r?\n|#[^\n]*)*/y);
    const char = this.#text[this.#at];
    if (char === undefined) return { is: 'end', text: '' };
    if (this.#take(/\n/y) !== undefined) return { is: 'line', text: '\n' };
    if (char === '"') return { is: 'string', text: this.#string() };
    if (char === '/' && !dividesAfter(before)) return { is: 'regex', text: this.#regex() };
    const number = this.#take(/0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y);
    if (number !== undefined) return { is: 'number', text: number };
    const name = this.#take(/[A-Za-z_]\w*/y);
    if (name !== undefined) return { is: this.#kindOf(name), text: name };
    const operator = this.#take(operators);
    if (operator === undefined) throw new AwkError('Unexpected token');
    return { is: 'operator', text: operator };
  }

  #kindOf(name: string): Token['is'] {
    if (words.has(name)) return 'word';
    if (builtinNames.has(name)) return 'function';
    return this.#text[this.#at] === '(' ? 'call' : 'name';
  }

  #string(): string {
    let found = '';
    for (this.#at++; this.#text[this.#at] !== '"'; ) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') throw new AwkError('Unterminated string');
      if (char === '\\') found += this.#escape();
      else {
        found += char;
        this.#at++;
      }
    }
    this.#at++;
    return found;
  }

  #escape(): string {
    const octal = this.#take(/\\[0-7]{1,3}/y);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal.slice(1), 8) & 0xff);
    const next = this.#text[this.#at + 1] ?? '';
    this.#at += 2;
    return next === '\n' ? '' : (escapes[next] ?? `\\${next}`);
  }

  #regex(): string {
    let found = '';
    let isInSet = false;
    for (this.#at++; this.#text[this.#at] !== '/' || isInSet; this.#at++) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') throw new AwkError('Unterminated regex');
      if (char === '[' || char === ']') isInSet = char === '[';
      if (char !== '\\') {
        found += char;
        continue;
      }
      this.#at++;
      const next = this.#text[this.#at] ?? '';
      found += next === '/' ? next : `\\${next}`;
    }
    this.#at++;
    return found;
  }
}
