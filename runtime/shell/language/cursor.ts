import { ShellSyntaxError, type Word } from './syntax.ts';

export interface Heredoc {
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly isIndented: boolean;
  /** Takes its text when the line has ended. */
  fill(body: string): void;
}

/** A place in a script's text. */
export class Cursor {
  text: string;
  at = 0;
  readonly heredocs: Heredoc[] = [];
  readonly aliases: ReadonlyMap<string, string>;
  /** Where the text of an alias ends that is being read: it does not stand for itself. After an open one the next word may be an alias, too. */
  readonly expanding: { readonly name: string; readonly end: number; readonly isOpen: boolean }[] = [];
  readonly #firstLine: number;

  constructor(text: string, aliases: ReadonlyMap<string, string> = new Map(), firstLine = 1) {
    this.text = text;
    this.aliases = aliases;
    this.#firstLine = firstLine;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  get char(): string {
    return this.text[this.at] ?? '';
  }

  get line(): number {
    let line = this.#firstLine;
    for (let at = this.text.indexOf('\n'); at >= 0 && at < this.at; at = this.text.indexOf('\n', at + 1)) line++;
    return line;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  take(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.at += text.length;
    return true;
  }

  /** What a sticky expression matches here, without moving. */
  match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    return expression.exec(this.text);
  }

  /** Blanks, continued lines and a comment; no line ends. */
  skipBlanks(): void {
    for (;;) {
      const char = this.char;
      if (char === ' ' || char === '\t') this.at++;
      else if (char === '\\' && this.text[this.at + 1] === '\n') this.at += 2;
      else break;
    }
    if (this.char !== '#') return;
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** A line end, with the here-documents that begin after it. */
  takeLine(): boolean {
    if (this.char !== '\n') return false;
    this.at++;
    for (const heredoc of this.heredocs.splice(0)) this.#readHeredoc(heredoc);
    return true;
  }

  skipLines(): void {
    do this.skipBlanks();
    while (this.takeLine());
  }

  #readHeredoc({ delimiter, isIndented, fill }: Heredoc): void {
    const lines: string[] = [];
    while (!this.isAtEnd) {
      const end = this.text.indexOf('\n', this.at);
      const stop = end < 0 ? this.text.length : end;
      const line = this.text.slice(this.at, stop).replace(isIndented ? /^\t+/ : /^(?!)/, '');
      this.at = Math.min(stop + 1, this.text.length);
      if (line === delimiter) {
        fill(lines.join(''));
        return;
      }
      lines.push(`${line}\n`);
    }
    this.unfinishedHeredoc = true;
    fill(lines.join(''));
  }

  /** A here-document went to the end of the text: more may belong to it. */
  unfinishedHeredoc = false;

  /** What stands here, as messages name it. */
  get token(): string {
    if (this.isAtEnd) return 'end of file';
    if (this.char === '\n') return 'newline';
    const [operator] = this.match(/;;&|;;|;&|&&|\|\||<<-|<<<|<<|>>|<&|>&|<>|>\||[;&|<>()]/y) ?? [];
    if (operator !== undefined) return /^[<>]/.test(operator) ? 'redirection' : `"${operator}"`;
    const [word = ''] = this.match(/[^\s;&|<>()]+/y) ?? [];
    return keywords.has(word) ? `"${word}"` : 'word';
  }

  unexpected(expecting?: string): ShellSyntaxError {
    const wanted = expecting === undefined ? '' : ` (expecting "${expecting}")`;
    return new ShellSyntaxError(`syntax error: unexpected ${this.token}${wanted}`, this.isAtEnd);
  }
}

export const keywords: ReadonlySet<string> = new Set([
  '!',
  'case',
  'do',
  'done',
  'elif',
  'else',
  'esac',
  'fi',
  'for',
  'function',
  'if',
  'in',
  'then',
  'until',
  'while',
  '{',
  '}',
  '[[',
]);

/** A word without anything to expand: its text. Undefined: it has more than text. */
export function literalOf(word: Word): string | undefined {
  let text = '';
  for (const part of word) {
    if (part.is !== 'text') return undefined;
    text += part.text;
  }
  return text;
}
