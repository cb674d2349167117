/** A number whose spelling matters: with a fraction, an exponent, or too long for a double. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  /** As untyped decoding sees it: an integer kept exactly up to 64 bits, else the nearest double. */
  toValue(): number | bigint {
    if (/^-?[0-9]+$/.test(this.text)) {
      const exact = BigInt(this.text);
      if (BigInt.asIntN(64, exact) === exact) return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
    }
    return Number(this.text);
  }
}

/** Malformed JSON, in the words of Go's decoder. */
export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonSyntaxError';
  }
}

export type Member = readonly [key: string, value: unknown];

export interface ExactJson {
  readonly value: unknown;
  /** Objects in which a key stands twice, with all their members in order. The object itself holds the last value of each key. */
  readonly repeated: ReadonlyMap<object, readonly Member[]>;
  /** Paths of keys that repeat, as upstream's untyped decoder prints them. */
  readonly duplicates: readonly string[];
}

/** Upstream's limit on objects and lists within each other. */
export const maxDepth = 10000;

export function depthError(character: string): JsonSyntaxError {
  return new JsonSyntaxError(`invalid character '${character}' exceeded max depth`);
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const goEscapes: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  '\x07': '\\a',
};

// Go reads bytes: of a character beyond ASCII it names the first byte, printed as if it were Latin-1.
function quotedByte(character: string): string {
  const code = character.codePointAt(0) ?? 32;
  if (code < 0x80) {
    const known = goEscapes[character];
    if (known !== undefined) return `'${known}'`;
    return code < 32 || code === 127 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${character}'`;
  }
  const first = code < 0x800 ? 0xc0 | (code >> 6) : code < 0x10000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
  return `'${String.fromCharCode(first)}'`;
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';

function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

/** The careful parser: slower than JSON.parse, and the only one that sees spelling, repetition and Go's error texts. */
class ExactParser {
  readonly #text: string;
  #at = 0;
  readonly #path: string[] = [];
  readonly repeated = new Map<object, Member[]>();
  readonly duplicates = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('after top-level value');
    return value;
  }

  #fail(context: string): never {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 32);
    throw new JsonSyntaxError(`invalid character ${quotedByte(character)} ${context}`);
  }

  #expectMore(): string {
    const c = this.#text[this.#at];
    if (c === undefined) throw new JsonSyntaxError('unexpected end of JSON input');
    return c;
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return;
      this.#at += 1;
    }
  }

  #value(): unknown {
    this.#space();
    const c = this.#expectMore();
    if ((c === '{' || c === '[') && this.#path.length >= maxDepth) throw depthError(c);
    if (c === '{') return this.#object();
    if (c === '[') return this.#array();
    if (c === '"') return this.#string();
    if (c === 't') return this.#literal('true', true);
    if (c === 'f') return this.#literal('false', false);
    if (c === 'n') return this.#literal('null', null);
    if (c === '-' || isDigit(c)) return this.#number();
    return this.#fail('looking for beginning of value');
  }

  #literal<T>(word: string, value: T): T {
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`);
      this.#at += 1;
    }
    return value;
  }

  #digits(context: string): void {
    if (!isDigit(this.#text[this.#at])) this.#fail(context);
    while (isDigit(this.#text[this.#at])) this.#at += 1;
  }

  #number(): number | JsonNumber {
    const start = this.#at;
    let whole = true;
    if (this.#text[this.#at] === '-') this.#at += 1;
    if (this.#text[this.#at] === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      whole = false;
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    const e = this.#text[this.#at];
    if (e === 'e' || e === 'E') {
      whole = false;
      this.#at += 1;
      const sign = this.#text[this.#at];
      if (sign === '+' || sign === '-') this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
    const text = this.#text.slice(start, this.#at);
    return whole && text.length < 16 ? Number(text) : new JsonNumber(text);
  }

  #string(): string {
    this.#at += 1;
    let result = '';
    let start = this.#at;
    for (;;) {
      const c = this.#expectMore();
      if (c === '"') {
        result += this.#text.slice(start, this.#at);
        this.#at += 1;
        return result.toWellFormed();
      }
      if (c < ' ') this.#fail('in string literal');
      if (c === '\\') {
        result += this.#text.slice(start, this.#at) + this.#escape();
        start = this.#at;
      } else {
        this.#at += 1;
      }
    }
  }

  #escape(): string {
    this.#at += 1;
    const c = this.#text[this.#at] ?? ' ';
    if (c === 'u') {
      for (let digit = 1; digit <= 4; digit += 1) {
        this.#at += 1;
        if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? ' ')) this.#fail('in \\u hexadecimal character escape');
      }
      this.#at += 1;
      return String.fromCharCode(Number.parseInt(this.#text.slice(this.#at - 4, this.#at), 16));
    }
    const meaning = escapes[c];
    if (meaning === undefined) return this.#fail('in string escape code');
    this.#at += 1;
    return meaning;
  }

  #array(): unknown[] {
    this.#at += 1;
    const list: unknown[] = [];
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return list;
    }
    for (;;) {
      this.#path.push(`[${list.length}]`);
      list.push(this.#value());
      this.#path.pop();
      this.#space();
      const c = this.#expectMore();
      if (c !== ',' && c !== ']') this.#fail('after array element');
      this.#at += 1;
      if (c === ']') return list;
    }
  }

  #object(): Record<string, unknown> {
    this.#at += 1;
    const object: Record<string, unknown> = {};
    const members: Member[] = [];
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return object;
    }
    for (;;) {
      this.#member(object, members);
      this.#space();
      const c = this.#expectMore();
      if (c !== ',' && c !== '}') this.#fail('after object key:value pair');
      this.#at += 1;
      if (c === '}') return object;
      this.#space();
    }
  }

  #member(object: Record<string, unknown>, members: Member[]): void {
    if (this.#expectMore() !== '"') this.#fail('looking for beginning of object key string');
    const key = this.#string();
    this.#space();
    if (this.#expectMore() !== ':') this.#fail('after object key');
    this.#at += 1;
    if (Object.hasOwn(object, key)) {
      this.repeated.set(object, members);
      this.duplicates.add(joinPath(this.#path, key));
    }
    this.#path.push(this.#path.length === 0 ? key : `.${key}`);
    const value = this.#value();
    this.#path.pop();
    setMember(object, key, value);
    members.push([key, value]);
  }
}

function joinPath(path: readonly string[], key: string): string {
  return path.length === 0 ? key : `${path.join('')}.${key}`;
}

/** Parses with every number in its spelling (JsonNumber where a double would lose it) and every repeated key remembered. */
export function parseJsonExactly(text: string): ExactJson {
  const parser = new ExactParser(text);
  const value = parser.document();
  return { value, repeated: parser.repeated, duplicates: [...parser.duplicates] };
}
