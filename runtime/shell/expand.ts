import { resolvePath } from '../files/path.ts';
import { evaluate } from './arithmetic.ts';
import { patternExpression } from './pattern.ts';
import type { ShellProcess } from './shell-process.ts';
import { type List, ShellSyntaxError, type Word, type WordPart } from './syntax.ts';

/** Runs `$(…)` and answers with what it wrote. */
export type Capture = (script: List, process: ShellProcess) => Promise<string>;

interface Piece {
  readonly text: string;
  readonly quoted: boolean;
}

/** A place where an unquoted value may be cut: the words of `"$@"` are cut whatever their text. */
interface Cut {
  readonly isCut: true;
}

type Field = readonly Piece[];

export class Expander {
  readonly #process: ShellProcess;
  readonly #capture: Capture;

  constructor(process: ShellProcess, capture: Capture) {
    this.#process = process;
    this.#capture = capture;
  }

  /** Words as a command gets them: split, and patterns replaced by the files they match. */
  async fields(words: readonly Word[]): Promise<string[]> {
    const found: string[] = [];
    for (const word of words) {
      for (const field of split(await this.#pieces(word))) found.push(...this.#matches(field));
    }
    return found;
  }

  /** One text, as in assignments and redirections. */
  async text(word: Word): Promise<string> {
    const pieces = await this.#pieces(word);
    return pieces.map((piece) => ('isCut' in piece ? ' ' : piece.text)).join('');
  }

  async pattern(word: Word, anchors = true): Promise<RegExp> {
    const pieces = (await this.#pieces(word)).filter((piece) => !('isCut' in piece));
    return patternExpression(pieces as Piece[], anchors);
  }

  async #pieces(word: Word): Promise<(Piece | Cut)[]> {
    const pieces: (Piece | Cut)[] = [];
    for (const part of word) pieces.push(...(await this.#piecesOf(part)));
    const [first] = pieces;
    if (first !== undefined && !('isCut' in first) && !first.quoted && /^~(\/|$)/.test(first.text)) {
      pieces[0] = { text: (this.#process.variables.get('HOME') ?? '/root') + first.text.slice(1), quoted: false };
    }
    return pieces;
  }

  async #piecesOf(part: WordPart): Promise<(Piece | Cut)[]> {
    switch (part.is) {
      case 'text':
        return [part];
      case 'command': {
        const text = (await this.#capture(part.script, this.#process)).replace(/\n+$/, '');
        return [{ text, quoted: part.quoted }];
      }
      case 'arithmetic': {
        const { variables } = this.#process;
        const expression = await this.text(part.expression);
        const value = evaluate(expression, {
          get: (name) => this.#value(name) ?? '',
          set: (name, text) => variables.set(name, text),
        });
        return [{ text: String(value), quoted: part.quoted }];
      }
      case 'variable':
        return this.#variable(part);
    }
  }

  #value(name: string): string | undefined {
    const { variables, parameters, lastCode, random, options } = this.#process;
    switch (name) {
      case '?':
        return String(lastCode);
      case '#':
        return String(parameters.length - 1);
      case '$':
        return '1';
      case '!':
        return variables.get('!') ?? '';
      case '-':
        return [...options].join('');
      case '*':
      case '@':
        return parameters.length > 1 ? parameters.slice(1).join(' ') : undefined;
      case 'RANDOM':
        return String(Math.floor(random.next() * 32_768));
      default:
        return /^\d+$/.test(name) ? parameters[Number(name)] : variables.get(name);
    }
  }

  async #variable(part: Extract<WordPart, { is: 'variable' }>): Promise<(Piece | Cut)[]> {
    const { name, operator, argument, quoted } = part;
    if (name === '@' && operator === '') {
      const words = this.#process.parameters.slice(1);
      return words.flatMap((text, index) => (index === 0 ? [{ text, quoted }] : [{ isCut: true }, { text, quoted }]));
    }
    const value = this.#value(name);
    if (operator === 'length') return [{ text: String((value ?? '').length), quoted }];
    const isMissing = value === undefined || (operator.startsWith(':') && value === '');
    switch (operator.replace(':', '')) {
      case '-':
        return isMissing ? this.#argument(argument, quoted) : [{ text: value, quoted }];
      case '=': {
        if (!isMissing) return [{ text: value, quoted }];
        const text = await this.text(argument);
        this.#process.variables.set(name, text);
        return [{ text, quoted }];
      }
      case '+':
        return isMissing ? [] : this.#argument(argument, quoted);
      case '?':
        if (isMissing) throw new ShellSyntaxError(`${name}: ${(await this.text(argument)) || 'parameter not set'}`);
        return [{ text: value, quoted }];
      case '#':
      case '##':
      case '%':
      case '%%':
        return [{ text: await this.#trimmed(value ?? '', operator, argument), quoted }];
      default:
        return value === undefined ? [] : [{ text: value, quoted }];
    }
  }

  async #argument(argument: Word, quoted: boolean): Promise<(Piece | Cut)[]> {
    return quoted ? [{ text: await this.text(argument), quoted }] : this.#pieces(argument);
  }

  async #trimmed(value: string, operator: string, argument: Word): Promise<string> {
    const pattern = await this.pattern(argument);
    const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
    const isFront = operator.startsWith('#');
    const order = operator.length === 2 ? lengths.toReversed() : lengths;
    for (const length of order) {
      const piece = isFront ? value.slice(0, length) : value.slice(value.length - length);
      if (pattern.test(piece)) return isFront ? value.slice(length) : value.slice(0, value.length - length);
    }
    return value;
  }

  #matches(field: Field): readonly string[] {
    const text = field.map((piece) => piece.text).join('');
    if (!field.some((piece) => !piece.quoted && /[*?[]/.test(piece.text))) return [text];
    const { files, cwd } = this.#process;
    const slash = text.lastIndexOf('/');
    const folder = text.slice(0, slash + 1);
    if (/[*?[]/.test(folder)) return [text];
    const expression = patternExpression([{ text: text.slice(slash + 1), quoted: false }]);
    const names = files.list(resolvePath(cwd, folder === '' ? '.' : folder));
    const found = names.filter((name) => expression.test(name) && (!name.startsWith('.') || text[slash + 1] === '.'));
    return found.length === 0 ? [text] : found.map((name) => folder + name);
  }
}

/** Unquoted text is cut at blanks; a word that has nothing but empty unquoted values is none. */
function split(pieces: readonly (Piece | Cut)[]): Field[] {
  const fields: Piece[][] = [];
  let current: Piece[] | undefined;
  const close = (): void => {
    if (current !== undefined) fields.push(current);
    current = undefined;
  };
  for (const piece of pieces) {
    if ('isCut' in piece) {
      close();
      current = [];
      continue;
    }
    if (piece.quoted) {
      current = [...(current ?? []), piece];
      continue;
    }
    const words = piece.text.split(/[ \t\n]+/);
    for (const [index, text] of words.entries()) {
      if (index > 0) close();
      if (text !== '') current = [...(current ?? []), { text, quoted: false }];
    }
  }
  close();
  return fields;
}
