import { type List, ShellSyntaxError, type Word, type WordPart } from './syntax.ts';

export type Token =
  | { readonly is: 'word'; readonly word: Word; readonly raw: string }
  | { readonly is: 'operator'; readonly text: string; readonly descriptor?: number }
  | { readonly is: 'end' };

const operators = ['<<-', '&&', '||', ';;', '<<', '>>', '>&', '<&', ';', '&', '|', '<', '>', '(', ')', '\n'];
const nameStart = /[A-Za-z_]/;
const namePattern = /[A-Za-z_][A-Za-z0-9_]*/y;

interface Heredoc {
  readonly token: { text: Word };
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly isIndented: boolean;
}

/** Cuts a script into words and operators. `parse` reads the scripts inside of `$(…)`. */
export class Lexer {
  readonly #text: string;
  readonly #parse: (text: string) => List;
  #at = 0;
  readonly #heredocs: Heredoc[] = [];

  constructor(text: string, parse: (text: string) => List) {
    this.#text = text;
    this.#parse = parse;
  }

  /** The text of a here-document stands in `token.text` once the line has ended. */
  expectHeredoc(heredoc: Heredoc): void {
    this.#heredocs.push(heredoc);
  }

  next(): Token {
    const text = this.#text;
    for (;;) {
      const char = text[this.#at];
      if (char === ' ' || char === '\t') this.#at++;
      else if (char === '\\' && text[this.#at + 1] === '\n') this.#at += 2;
      else if (char === '#') while (this.#at < text.length && text[this.#at] !== '\n') this.#at++;
      else break;
    }
    if (this.#at >= text.length) return { is: 'end' };
    const [, digits = '', redirect] = /^(\d?)(>>|>&|<&|<<-|<<|<|>)/.exec(text.slice(this.#at, this.#at + 4)) ?? [];
    if (redirect !== undefined) {
      this.#at += digits.length + redirect.length;
      return {
        is: 'operator',
        text: redirect,
        descriptor: digits === '' ? (redirect.startsWith('<') ? 0 : 1) : Number(digits),
      };
    }
    const operator = operators.find((one) => text.startsWith(one, this.#at));
    if (operator !== undefined) {
      this.#at += operator.length;
      if (operator === '\n') this.#readHeredocs();
      return { is: 'operator', text: operator };
    }
    const from = this.#at;
    const word = this.#word(/[\s;&|<>()]/);
    return { is: 'word', word, raw: text.slice(from, this.#at) };
  }

  /** A whole text as one word, as inside double quotes. */
  wholeQuoted(): Word {
    return this.#quotedParts(undefined);
  }

  /** A whole text as one word that ends nowhere. */
  whole(): Word {
    return this.#word(undefined);
  }

  #word(stop: RegExp | undefined): Word {
    const parts: WordPart[] = [];
    const text = this.#text;
    const add = (piece: string, quoted: boolean): void => {
      const last = parts.at(-1);
      if (last?.is === 'text' && last.quoted === quoted) parts[parts.length - 1] = { ...last, text: last.text + piece };
      else parts.push({ is: 'text', text: piece, quoted });
    };
    while (this.#at < text.length) {
      const char = text[this.#at] ?? '';
      if (stop?.test(char)) break;
      if (char === '\\') {
        const next = text[this.#at + 1];
        this.#at += 2;
        if (next !== undefined && next !== '\n') add(next, true);
      } else if (char === "'") {
        const end = text.indexOf("'", this.#at + 1);
        if (end < 0) throw new ShellSyntaxError('unterminated quoted string');
        add(text.slice(this.#at + 1, end), true);
        this.#at = end + 1;
      } else if (char === '"') {
        this.#at++;
        add('', true);
        parts.push(...this.#quotedParts('"'));
      } else if (char === '$' || char === '`') {
        const part = this.#dollar(false);
        if (part === undefined) add('$', false);
        else parts.push(part);
      } else {
        add(char, false);
        this.#at++;
      }
    }
    return parts;
  }

  #quotedParts(end: '"' | undefined): WordPart[] {
    const parts: WordPart[] = [];
    const text = this.#text;
    let plain = '';
    const flush = (): void => {
      if (plain !== '') parts.push({ is: 'text', text: plain, quoted: true });
      plain = '';
    };
    for (;;) {
      const char = text[this.#at];
      if (char === undefined) {
        if (end !== undefined) throw new ShellSyntaxError('unterminated quoted string');
        break;
      }
      if (char === end) {
        this.#at++;
        break;
      }
      if (char === '\\' && /[$`"\\\n]/.test(text[this.#at + 1] ?? '')) {
        if (text[this.#at + 1] !== '\n') plain += text[this.#at + 1];
        this.#at += 2;
      } else if (char === '$' || char === '`') {
        const part = this.#dollar(true);
        if (part === undefined) plain += '$';
        else {
          flush();
          parts.push(part);
        }
      } else {
        plain += char;
        this.#at++;
      }
    }
    flush();
    return parts;
  }

  /** Undefined: a dollar sign that stands for itself. */
  #dollar(quoted: boolean): WordPart | undefined {
    const text = this.#text;
    if (text[this.#at] === '`') {
      const end = text.indexOf('`', this.#at + 1);
      if (end < 0) throw new ShellSyntaxError('unterminated quoted string');
      const inner = text.slice(this.#at + 1, end).replaceAll(/\\([$`\\])/g, '$1');
      this.#at = end + 1;
      return { is: 'command', script: this.#parse(inner), quoted };
    }
    this.#at++;
    if (text.startsWith('((', this.#at)) {
      const inner = this.#enclosed(2);
      return { is: 'arithmetic', expression: new Lexer(inner, this.#parse).wholeQuoted(), quoted };
    }
    if (text[this.#at] === '(') return { is: 'command', script: this.#parse(this.#enclosed(1)), quoted };
    if (text[this.#at] === '{') return this.#braces(quoted);
    const char = text[this.#at] ?? '';
    if (/[0-9?#@*$!-]/.test(char)) {
      this.#at++;
      return { is: 'variable', name: char, operator: '', argument: [], quoted };
    }
    if (!nameStart.test(char)) return undefined;
    namePattern.lastIndex = this.#at;
    const [name = ''] = namePattern.exec(text) ?? [];
    this.#at += name.length;
    return { is: 'variable', name, operator: '', argument: [], quoted };
  }

  #braces(quoted: boolean): WordPart {
    const inner = this.#enclosed(1, '{', '}');
    const [, length, name = '', operator = '', argument = ''] =
      /^(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?#@*$!-])(:?[-+=?]|##?|%%?)?([\s\S]*)$/.exec(inner) ?? [];
    if (name === '') throw new ShellSyntaxError('bad substitution');
    if (length === '#') return { is: 'variable', name, operator: 'length', argument: [], quoted };
    const lexer = new Lexer(argument, this.#parse);
    return { is: 'variable', name, operator, argument: quoted ? lexer.wholeQuoted() : lexer.whole(), quoted };
  }

  /** The text up to the bracket that closes `depth` brackets opened here; quotes hide brackets. */
  #enclosed(depth: number, open = '(', close = ')'): string {
    const text = this.#text;
    const from = this.#at + depth;
    let level = depth;
    let quote = '';
    for (let at = from; at < text.length; at++) {
      const char = text[at] ?? '';
      if (char === '\\' && quote !== "'") at++;
      else if (quote !== '') {
        if (char === quote) quote = '';
      } else if (char === "'" || char === '"') quote = char;
      else if (char === open) level++;
      else if (char === close && --level === 0) {
        this.#at = at + 1;
        return text.slice(from, at - depth + 1);
      }
    }
    throw new ShellSyntaxError(`unexpected end of file (expecting "${close}")`);
  }

  #readHeredocs(): void {
    for (const { token, delimiter, isQuoted, isIndented } of this.#heredocs.splice(0)) {
      const lines: string[] = [];
      for (;;) {
        if (this.#at >= this.#text.length) break;
        const end = this.#text.indexOf('\n', this.#at);
        const stop = end < 0 ? this.#text.length : end;
        const line = this.#text.slice(this.#at, stop).replace(isIndented ? /^\t+/ : /^(?!)/, '');
        this.#at = stop + 1;
        if (line === delimiter) break;
        lines.push(`${line}\n`);
      }
      const body = lines.join('');
      token.text = isQuoted ? [{ is: 'text', text: body, quoted: true }] : new Lexer(body, this.#parse).wholeQuoted();
    }
  }
}
