import { compile, type Expression } from '../../regular-expression.ts';

export type Address =
  | { readonly is: 'line'; readonly number: number }
  | { readonly is: 'step'; readonly first: number; readonly by: number }
  | { readonly is: 'last' }
  /** Undefined: the expression used last. */
  | { readonly is: 'match'; readonly expression: Expression | undefined }
  | { readonly is: 'after'; readonly count: number };

export interface Substitution {
  readonly expression: Expression | undefined;
  readonly replacement: string;
  /** Which match; 0 all from the first. */
  readonly number: number;
  readonly isGlobal: boolean;
  readonly isPrinted: boolean;
  readonly isRun: boolean;
  readonly target: string | undefined;
}

export interface SedCommand {
  readonly name: string;
  readonly first: Address | undefined;
  readonly second: Address | undefined;
  readonly isNegated: boolean;
  /** A text, a label, a file. */
  readonly text: string;
  readonly substitution?: Substitution;
  readonly map?: ReadonlyMap<string, string>;
  /** Where the block ends, or the label is. */
  target: number;
  /** Whether a range is open, and where it ends by number. */
  isOpen: boolean;
  end: number;
}

export class SedError extends Error {}

/** Reads a script of `sed`. Throws SedError. */
export async function parseSed(script: string, isExtended: boolean): Promise<SedCommand[]> {
  const reader = new SedReader(script, isExtended);
  return reader.commands();
}

/** What a backslash and a character stand for where a delimiter ends the text. */
function hidden(char: string, delimiter: string, isReplacement: boolean): string {
  if (char !== delimiter || (isReplacement && char === '&')) return `\\${char}`;
  return /[.*[\]^$+?(){}|]/.test(delimiter) && !isReplacement ? `\\${delimiter}` : delimiter;
}

class SedReader {
  readonly #text: string;
  readonly #isExtended: boolean;
  readonly #commands: SedCommand[] = [];
  readonly #blocks: number[] = [];
  #at = 0;

  constructor(text: string, isExtended: boolean) {
    this.#text = text;
    this.#isExtended = isExtended;
  }

  async commands(): Promise<SedCommand[]> {
    for (this.#skip(/[\s;]/); this.#at < this.#text.length; this.#skip(/[\s;]/)) {
      if (this.#peek() === '#') this.#skip(/[^\n]/);
      else await this.#command();
    }
    if (this.#blocks.length > 0) throw new SedError('unmatched {');
    for (const command of this.#commands) {
      if (!/[btT]/.test(command.name)) continue;
      const label = this.#commands.findIndex(({ name, text }) => name === ':' && text === command.text);
      if (command.text !== '' && label < 0) throw new SedError(`can't find label for jump to '${command.text}'`);
      command.target = command.text === '' ? this.#commands.length : label;
    }
    return this.#commands;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #skip(what: RegExp): void {
    while (this.#at < this.#text.length && what.test(this.#peek())) this.#at++;
  }

  async #command(): Promise<void> {
    const first = await this.#address();
    this.#skip(/[ \t]/);
    let second: Address | undefined;
    if (first !== undefined && this.#peek() === ',') {
      this.#at++;
      this.#skip(/[ \t]/);
      second = this.#count() ?? (await this.#address());
      if (second === undefined) throw new SedError('no address after comma');
    }
    this.#skip(/[ \t]/);
    const isNegated = this.#peek() === '!';
    if (isNegated) this.#at++;
    this.#skip(/[ \t]/);
    const name = this.#peek();
    this.#at++;
    const base = { name, first, second, isNegated, text: '', target: -1, isOpen: false, end: 0 };
    switch (name) {
      case '{':
        this.#blocks.push(this.#commands.length);
        this.#commands.push(base);
        return;
      case '}': {
        const from = this.#commands[this.#blocks.pop() ?? -1];
        if (from === undefined) throw new SedError('unexpected }');
        from.target = this.#commands.length;
        return;
      }
      case 's':
        this.#commands.push({ ...base, substitution: await this.#substitution() });
        return;
      case 'y':
        this.#commands.push({ ...base, map: this.#map() });
        return;
      case 'a':
      case 'i':
      case 'c':
        this.#commands.push({ ...base, text: this.#inserted() });
        return;
      case ':':
      case 'b':
      case 't':
      case 'T':
        this.#skip(/[ \t]/);
        this.#commands.push({ ...base, text: this.#until(name === ':' ? /[\n;]/ : /[\n;}]/).trim() });
        return;
      case 'r':
      case 'w':
        this.#skip(/[ \t]/);
        this.#commands.push({ ...base, text: this.#until(/\n/) });
        return;
      case 'q':
      case 'Q':
      case 'l':
        this.#skip(/[ \t]/);
        this.#commands.push({ ...base, text: this.#until(/[\n;}]/).trim() });
        return;
      default:
        if (!'dDgGhHnNpPx='.includes(name) || name === '')
          throw new SedError(name === '' ? 'missing command' : `unsupported command ${name}`);
        this.#commands.push(base);
    }
  }

  #until(what: RegExp): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !what.test(this.#peek())) this.#at++;
    return this.#text.slice(from, this.#at);
  }

  #number(): number | undefined {
    const [digits] = /^\d+/.exec(this.#text.slice(this.#at)) ?? [];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    return Number(digits);
  }

  #count(): Address | undefined {
    if (this.#peek() !== '+') return undefined;
    this.#at++;
    return { is: 'after', count: this.#number() ?? 0 };
  }

  async #address(): Promise<Address | undefined> {
    const number = this.#number();
    if (number !== undefined) {
      if (this.#peek() !== '~') return { is: 'line', number };
      this.#at++;
      return { is: 'step', first: number, by: this.#number() ?? 0 };
    }
    if (this.#peek() === '$') {
      this.#at++;
      return { is: 'last' };
    }
    const isOther = this.#peek() === '\\';
    if (this.#peek() !== '/' && !isOther) return undefined;
    if (isOther) this.#at++;
    const delimiter = this.#peek();
    this.#at++;
    const source = this.#delimited(delimiter);
    const isCaseless = this.#peek() === 'I';
    if (isCaseless) this.#at++;
    return {
      is: 'match',
      expression: source === '' ? undefined : await compile(source, { isExtended: this.#isExtended, isCaseless }),
    };
  }

  /** Up to a delimiter, which a backslash hides. */
  #delimited(delimiter: string, isReplacement = false): string {
    let found = '';
    let isInSet = false;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#peek();
      const next = this.#text[this.#at + 1] ?? '';
      if (char === '\\' && !isInSet) {
        this.#at++;
        found += hidden(next, delimiter, isReplacement);
        continue;
      }
      if (!isReplacement && char === '[' && !isInSet) isInSet = true;
      else if (char === ']' && isInSet && !/\[\^?$/.test(found)) isInSet = false;
      if (char === delimiter && !isInSet) {
        this.#at++;
        return found;
      }
      if (char === '\n' && !isReplacement) throw new SedError('newline in expression');
      found += char;
    }
    throw new SedError('unterminated s');
  }

  async #substitution(): Promise<Substitution> {
    const delimiter = this.#peek();
    this.#at++;
    const source = this.#delimited(delimiter);
    const replacement = this.#delimited(delimiter, true);
    let [isGlobal, isPrinted, isCaseless, isRun, number] = [false, false, false, false, 0];
    let target: string | undefined;
    for (; ; this.#at++) {
      const char = this.#peek();
      if (char === 'g') isGlobal = true;
      else if (char === 'p') isPrinted = true;
      else if (char === 'I' || char === 'i') isCaseless = true;
      else if (char === 'e') isRun = true;
      else if (/[0-9]/.test(char)) {
        number = this.#number() ?? 0;
        this.#at--;
      } else if (char === 'w') {
        this.#at++;
        this.#skip(/[ \t]/);
        target = this.#until(/\n/);
        break;
      } else break;
    }
    if (!/[\s;}#]/.test(this.#peek()) && this.#peek() !== '') throw new SedError('unknown option to s command');
    const expression = source === '' ? undefined : await compile(source, { isExtended: this.#isExtended, isCaseless });
    return { expression, replacement, number, isGlobal, isPrinted, isRun, target };
  }

  #map(): ReadonlyMap<string, string> {
    const delimiter = this.#peek();
    this.#at++;
    const plain = (text: string): string =>
      text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
    const [from, to] = [plain(this.#delimited(delimiter, true)), plain(this.#delimited(delimiter, true))];
    if (from.length !== to.length) throw new SedError('strings for y command are different lengths');
    return new Map([...from].map((char, at) => [char, to[at] ?? '']));
  }

  /** The text of `a`, `i` and `c`: to the end of the line, on to the next after a backslash. */
  #inserted(): string {
    this.#skip(/[ \t]/);
    if (this.#peek() === '\\') {
      this.#at++;
      this.#skip(/[ \t]/);
      if (this.#peek() === '\n') this.#at++;
    }
    let text = '';
    for (; this.#at < this.#text.length && this.#peek() !== '\n'; this.#at++) {
      if (this.#peek() === '\\') this.#at++;
      text += this.#peek();
    }
    return `${text}\n`;
  }
}
