// Go's encoding/json says in its own words what is wrong with a text; these words stand in messages about secrets.

class SyntaxProblem extends Error {}

const endOfInput = 'unexpected end of JSON input';
const escapes = new Set(['b', 'f', 'n', 'r', 't', '\\', '/', '"']);

function quoted(char: string): string {
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}

function createScanner(text: string) {
  let at = 0;
  const fail = (context: string): never => {
    const char = text[at];
    throw new SyntaxProblem(char === undefined ? endOfInput : `invalid character ${quoted(char)} ${context}`);
  };
  const skipSpace = (): void => {
    while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++;
  };
  const escapeSequence = (): void => {
    at++;
    const char = text[at] ?? '';
    if (char !== 'u' && !escapes.has(char)) fail('in string escape code');
    if (char !== 'u') return;
    for (let i = 0; i < 4; i++) {
      at++;
      if (!/[0-9a-fA-F]/.test(text[at] ?? '')) fail('in \\u hexadecimal character escape');
    }
  };
  const string = (): void => {
    for (at++; text[at] !== '"'; at++) {
      const char = text[at];
      if (char === undefined || char < ' ') fail('in string literal');
      if (char === '\\') escapeSequence();
    }
    at++;
  };
  const literal = (word: string): void => {
    for (let i = 1; i < word.length; i++) {
      at++;
      if (text[at] !== word[i]) fail(`in literal ${word} (expecting '${word[i]}')`);
    }
    at++;
  };
  const digits = (context: string): void => {
    if (!/\d/.test(text[at] ?? '')) fail(context);
    while (/\d/.test(text[at] ?? '')) at++;
  };
  const number = (): void => {
    if (text[at] === '-') at++;
    if (text[at] === '0') at++;
    else digits('in numeric literal');
    if (text[at] === '.') {
      at++;
      digits('after decimal point in numeric literal');
    }
    if (text[at] === 'e' || text[at] === 'E') {
      at++;
      if (text[at] === '+' || text[at] === '-') at++;
      digits('in exponent of numeric literal');
    }
  };
  const list = (close: string, item: () => void, after: string): void => {
    at++;
    skipSpace();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      item();
      skipSpace();
      if (text[at] === close) break;
      if (text[at] !== ',') fail(after);
      at++;
      skipSpace();
    }
    at++;
  };
  const member = (): void => {
    if (text[at] !== '"') fail('looking for beginning of object key string');
    string();
    skipSpace();
    if (text[at] !== ':') fail('after object key');
    at++;
    value();
  };
  /** Reads one value and returns what kind it is, in the words of unmarshal errors. */
  const value = (): string => {
    skipSpace();
    const char = text[at] ?? '';
    if (char === '{') list('}', member, 'after object key:value pair');
    else if (char === '[') list(']', value, 'after array element');
    else if (char === '"') string();
    else if (char === 't') literal('true');
    else if (char === 'f') literal('false');
    else if (char === 'n') literal('null');
    else if (/[-\d]/.test(char)) number();
    else fail('looking for beginning of value');
    return { '{': 'object', '[': 'array', '"': 'string', t: 'bool', f: 'bool', n: 'null' }[char] ?? 'number';
  };
  return {
    document(): string {
      const kind = value();
      skipSpace();
      if (at < text.length) fail('after top-level value');
      return kind;
    },
  };
}

/** What is wrong with `text` where a value of a Go type (default: any JSON object) is wanted; undefined when nothing is. */
export function jsonObjectError(text: string, goType = 'map[string]interface {}'): string | undefined {
  try {
    const kind = createScanner(text).document();
    if (kind === (goType.startsWith('[]') ? 'array' : 'object') || kind === 'null') return undefined;
    return `json: cannot unmarshal ${kind} into Go value of type ${goType}`;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}
