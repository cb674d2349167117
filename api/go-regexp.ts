import { ClassItems, parsePosixClass, parsePropertyClass, perlClass } from './go-regexp-classes.ts';
import { GoRegexpError, parseEscape } from './go-regexp-escapes.ts';

export type CompiledGoRegexp = { readonly regexp: RegExp } | { readonly error: string };

/** A part of an expression as JavaScript writes it, and what limits its repetition. */
interface Part {
  readonly js: string;
  readonly parts: readonly Part[];
  readonly repeat?: { readonly min: number; readonly max: number };
  /** Matches no characters, so it may stand under a quantifier in Go but not in JavaScript. */
  readonly isAssertion?: boolean;
}

interface Flags {
  readonly fold: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

const maxRepeat = 1000;
const maxDepth = 1000;
const letters: Readonly<Record<string, keyof Flags>> = { i: 'fold', m: 'multiLine', s: 'dotAll', U: 'swapGreed' };

function atom(js: string): Part {
  return { js, parts: [] };
}

function assertion(js: string): Part {
  return { js, parts: [], isAssertion: true };
}

export function literalSource(code: number): string {
  const text = String.fromCodePoint(code);
  return /[A-Za-z0-9_ ]/.test(text) ? text : `\\u{${code.toString(16)}}`;
}

/** Upstream's limit on what nested counts may multiply to. */
function mayRepeat(part: Part, limit: number): boolean {
  let left = limit;
  if (part.repeat !== undefined) {
    const { min, max } = part.repeat;
    if (max === 0) return true;
    const count = max < 0 ? min : max;
    if (count > left) return false;
    if (count > 0) left = Math.floor(left / count);
  }
  return part.parts.every((each) => mayRepeat(each, left));
}

class Parser {
  readonly #text: string;
  #at = 0;
  #flags: Flags = { fold: false, multiLine: false, dotAll: false, swapGreed: false };
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Part {
    const whole = this.#alternatives();
    if (this.#at < this.#text.length) throw new GoRegexpError('unexpected )', this.#text);
    return whole;
  }

  #alternatives(): Part {
    const alternatives: Part[][] = [[]];
    let lastRepeat = -1;
    while (this.#at < this.#text.length) {
      const next = this.#text[this.#at];
      if (next === ')') break;
      let repeatAt = -1;
      const current = alternatives[alternatives.length - 1] ?? [];
      if (next === '|') {
        this.#at += 1;
        alternatives.push([]);
      } else {
        const start = this.#at;
        const isRepeat = this.#quantifier(current, lastRepeat);
        if (isRepeat) repeatAt = start;
        else this.#item(current);
      }
      lastRepeat = repeatAt;
    }
    const parts = alternatives.flat();
    return { js: alternatives.map((each) => each.map(({ js }) => js).join('')).join('|'), parts };
  }

  /** Consumes a quantifier; false when there is none, and a brace is only a brace. */
  #quantifier(current: Part[], lastRepeat: number): boolean {
    const rest = this.#text.slice(this.#at);
    const found = /^(?:[*+?]|\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\})/.exec(rest);
    if (found === null) return false;
    const start = this.#at;
    const [operator, low, comma, high] = found;
    const min = low === undefined ? (operator === '+' ? 1 : 0) : Number(low);
    const max = low === undefined ? (operator === '?' ? 1 : -1) : comma === undefined ? min : Number(high ?? -1);
    if (low !== undefined && (min > maxRepeat || max > maxRepeat || (max >= 0 && min > max)))
      throw new GoRegexpError('invalid repeat count', operator);
    this.#at += operator.length;
    let isLazy = this.#flags.swapGreed;
    if (this.#text[this.#at] === '?') {
      this.#at += 1;
      isLazy = !isLazy;
    }
    if (lastRepeat >= 0)
      throw new GoRegexpError('invalid nested repetition operator', this.#text.slice(lastRepeat, this.#at));
    const operand = current.pop();
    if (operand === undefined)
      throw new GoRegexpError('missing argument to repetition operator', this.#text.slice(start, this.#at));
    const js = `${operand.isAssertion ? `(?:${operand.js})` : operand.js}${operator}${isLazy ? '?' : ''}`;
    const part: Part = low === undefined ? { js, parts: [operand] } : { js, parts: [operand], repeat: { min, max } };
    if ((min >= 2 || max >= 2) && low !== undefined && !mayRepeat(part, maxRepeat))
      throw new GoRegexpError('invalid repeat count', this.#text.slice(start, this.#at));
    current.push(part);
    return true;
  }

  #item(current: Part[]): void {
    const { fold, multiLine, dotAll } = this.#flags;
    const next = this.#text[this.#at];
    if (next === '(') {
      const group = this.#group();
      if (group !== undefined) current.push(group);
    } else if (next === '[') {
      current.push(this.#class());
    } else if (next === '\\') {
      this.#escape(current);
    } else if (next === '^' || next === '$') {
      this.#at += 1;
      if (next === '^') current.push(assertion(multiLine ? '(?<![^\\n])' : '^'));
      else current.push(assertion(multiLine ? '(?![^\\n])' : '$'));
    } else if (next === '.') {
      this.#at += 1;
      current.push(atom(dotAll ? '[^]' : '[^\\n]'));
    } else {
      const code = this.#text.codePointAt(this.#at) ?? 0;
      this.#at += code > 0xffff ? 2 : 1;
      current.push(this.#literal(code, fold));
    }
  }

  #literal(code: number, fold = this.#flags.fold): Part {
    const js = literalSource(code);
    return atom(fold ? `(?i:${js})` : js);
  }

  #group(): Part | undefined {
    const outer = this.#flags;
    const opening = this.#text.startsWith('(?', this.#at) ? this.#extension() : this.#skip(1);
    if (!opening) return undefined;
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new GoRegexpError('expression nests too deeply', this.#text);
    const inner = this.#alternatives();
    if (this.#text[this.#at] !== ')') throw new GoRegexpError('missing closing )', this.#text);
    this.#at += 1;
    this.#depth -= 1;
    this.#flags = outer;
    return { js: `(?:${inner.js})`, parts: [inner] };
  }

  #skip(count: number): true {
    this.#at += count;
    return true;
  }

  /** Behind `(?`: a name or flags. True when a group opened, false when flags changed for the rest of this one. */
  #extension(): boolean {
    const rest = this.#text.slice(this.#at);
    const named = rest.length > 4 && rest.startsWith('(?P<') ? 4 : rest.length > 3 && rest.startsWith('(?<') ? 3 : 0;
    if (named > 0) return this.#capture(rest, named);
    const found = /^\(\?([imsU]*)(?:-([imsU]*))?([\s\S])?/u.exec(rest);
    const [opening = rest, on = '', off, end] = found ?? [];
    if ((end !== ':' && end !== ')') || off === '') {
      // Upstream stops behind the character that it does not understand.
      throw new GoRegexpError('invalid or unsupported Perl syntax', opening);
    }
    const flags = { ...this.#flags };
    for (const letter of on) flags[letters[letter] ?? 'fold'] = true;
    for (const letter of off ?? '') flags[letters[letter] ?? 'fold'] = false;
    this.#at += opening.length;
    this.#flags = flags;
    return end === ':';
  }

  #capture(rest: string, nameAt: number): true {
    const end = rest.indexOf('>');
    if (end < 0) throw new GoRegexpError('invalid named capture', rest);
    const name = rest.slice(nameAt, end);
    if (!/^[A-Za-z0-9_]+$/.test(name)) throw new GoRegexpError('invalid named capture', rest.slice(0, end + 1));
    return this.#skip(end + 1);
  }

  #escape(current: Part[]): void {
    const next = this.#text[this.#at + 1];
    const simple: Readonly<Record<string, Part>> = {
      A: assertion('^'),
      z: assertion('$'),
      b: assertion('\\b'),
      B: assertion('\\B'),
    };
    const known = next === undefined ? undefined : simple[next];
    if (known !== undefined) {
      this.#at += 2;
      current.push(known);
    } else if (next === 'Q') {
      const end = this.#text.indexOf('\\E', this.#at + 2);
      const quoted = this.#text.slice(this.#at + 2, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 2;
      for (const character of quoted) current.push(this.#literal(character.codePointAt(0) ?? 0));
    } else {
      current.push(this.#classOrCharacter());
    }
  }

  #classOrCharacter(): Part {
    const property = parsePropertyClass(this.#text, this.#at);
    if (property !== undefined) {
      this.#at = property.end;
      return atom(property.js);
    }
    const perl = perlClass(this.#text, this.#at);
    if (perl !== undefined) {
      this.#at += 2;
      return atom(`[${perl}]`);
    }
    const { code, end } = parseEscape(this.#text, this.#at);
    this.#at = end;
    return this.#literal(code);
  }

  #class(): Part {
    const start = this.#at;
    this.#at += 1;
    const isNegated = this.#text[this.#at] === '^';
    if (isNegated) this.#at += 1;
    const items = new ClassItems();
    const first = this.#at;
    while (this.#at >= this.#text.length || this.#text[this.#at] !== ']' || this.#at === first)
      this.#classItem(items, start);
    this.#at += 1;
    const js = `[${isNegated ? '^' : ''}${items.source()}]`;
    return atom(this.#flags.fold ? `(?i:${js})` : js);
  }

  #classItem(items: ClassItems, start: number): void {
    const posix = parsePosixClass(this.#text, this.#at);
    const property = posix ?? parsePropertyClass(this.#text, this.#at);
    const perl = property === undefined ? perlClass(this.#text, this.#at) : undefined;
    if (property !== undefined) {
      items.add(property.js);
      this.#at = property.end;
    } else if (perl !== undefined) {
      items.add(perl);
      this.#at += 2;
    } else {
      this.#range(items, start);
    }
  }

  #range(items: ClassItems, start: number): void {
    const from = this.#at;
    const low = this.#classCharacter(start);
    let high = low;
    if (this.#text[this.#at] === '-' && this.#at + 1 < this.#text.length && this.#text[this.#at + 1] !== ']') {
      this.#at += 1;
      high = this.#classCharacter(start);
      if (high < low) throw new GoRegexpError('invalid character class range', this.#text.slice(from, this.#at));
    }
    items.add(low === high ? literalSource(low) : `${literalSource(low)}-${literalSource(high)}`);
  }

  #classCharacter(start: number): number {
    if (this.#at >= this.#text.length) throw new GoRegexpError('missing closing ]', this.#text.slice(start));
    if (this.#text[this.#at] === '\\') {
      const { code, end } = parseEscape(this.#text, this.#at);
      this.#at = end;
      return code;
    }
    const code = this.#text.codePointAt(this.#at) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }
}

/** Translates an expression of Go's syntax (RE2) to JavaScript's, groups without numbers; or says in Go's words why it is none. */
export function compileGoRegexp(text: string, flags = ''): CompiledGoRegexp {
  try {
    return { regexp: new RegExp(new Parser(text).parse().js, `u${flags}`) };
  } catch (error) {
    if (error instanceof GoRegexpError) return { error: error.message };
    if (error instanceof SyntaxError) return { error: `error parsing regexp: expression too large: \`${text}\`` };
    throw error;
  }
}

/** Why Go would not take a regular expression, in its words; undefined when it would. */
export function goRegexpError(text: string): string | undefined {
  const compiled = compileGoRegexp(text);
  return 'error' in compiled ? compiled.error : undefined;
}
