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
  const tokens: Token[] = [];
  let at = 0;
  const take = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < text.length) {
    if (take(/(?:[ \t\r]|\\\r?\n|#[^\n]*)+/y) !== undefined) continue;
    if (take(/\n/y) !== undefined) tokens.push({ is: 'line', text: '\n' });
    else if (text[at] === '"') tokens.push({ is: 'string', text: stringAt() });
    else if (text[at] === '/' && !dividesAfter(tokens.at(-1))) tokens.push({ is: 'regex', text: regexAt() });
    else {
      const number = take(/0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y);
      const name = number === undefined ? take(/[A-Za-z_]\w*/y) : undefined;
      if (number !== undefined) tokens.push({ is: 'number', text: number });
      else if (name !== undefined) {
        const is = words.has(name) ? 'word' : builtinNames.has(name) ? 'function' : text[at] === '(' ? 'call' : 'name';
        tokens.push({ is, text: name });
      } else {
        const operator = take(operators);
        if (operator === undefined) throw new AwkError('Unexpected token');
        tokens.push({ is: 'operator', text: operator });
      }
    }
  }
  tokens.push({ is: 'end', text: '' });
  return tokens;

  function stringAt(): string {
    let found = '';
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length || text[at] === '\n') throw new AwkError('Unterminated string');
      if (text[at] !== '\\') found += text[at];
      else {
        const [octal, digits] = /^\\([0-7]{1,3})/.exec(text.slice(at, at + 4)) ?? [];
        const next = text[at + 1] ?? '';
        if (octal !== undefined && digits !== undefined) {
          found += String.fromCharCode(Number.parseInt(digits, 8) & 0xff);
          at += digits.length;
        } else {
          if (next !== '\n') found += escapes[next] ?? `\\${next}`;
          at++;
        }
      }
    }
    at++;
    return found;
  }

  function regexAt(): string {
    let found = '';
    let isInSet = false;
    for (at++; text[at] !== '/' || isInSet; at++) {
      if (at >= text.length || text[at] === '\n') throw new AwkError('Unterminated regex');
      if (text[at] === '[') isInSet = true;
      else if (text[at] === ']') isInSet = false;
      if (text[at] === '\\') {
        if (text[at + 1] !== '/') found += '\\';
        at++;
      }
      found += text[at];
    }
    at++;
    return found;
  }
}
