import { resolvePath } from '../files/path.ts';
import { evaluate } from './arithmetic.ts';
import { braced } from './braces.ts';
import { ExpansionError } from './control.ts';
import { cutIntoFields, type Piece, type Pieces } from './fields.ts';
import { matchingPaths } from './glob.ts';
import { literalOf } from './language/cursor.ts';
import type { List, VariablePart, Word, WordPart } from './language/syntax.ts';
import { parameterValue } from './parameters.ts';
import { isPattern, Pattern } from './pattern.ts';
import type { Shell } from './shell.ts';
import { changed } from './value-operators.ts';

/** What an expansion needs others to run. */
export interface Runner {
  /** What `$(…)` writes. */
  capture(script: List): Promise<string>;
  /** A path where what a script reads or writes can be had. */
  processPath(script: List, isInput: boolean): string;
}

const blank = ' ';

/** Puts values in the place of what stands for them. */
export class Expander {
  readonly #shell: Shell;
  readonly #runner: Runner;

  constructor(shell: Shell, runner: Runner) {
    this.#shell = shell;
    this.#runner = runner;
  }

  /** Words as a command gets them: split, and patterns replaced by the files they match. */
  async fields(words: readonly Word[]): Promise<string[]> {
    const found: string[] = [];
    for (const word of words) found.push(...(await this.wordFields(word)));
    return found;
  }

  async wordFields(word: Word): Promise<readonly string[]> {
    const literal = word.length === 1 ? literalOf(word) : undefined;
    if (literal !== undefined && (word[0]?.quoted === true || !/[~*?[\\{]/.test(literal))) return [literal];
    const found: string[] = [];
    for (const one of this.#shell.isBash ? braced(word) : [word]) {
      const separators = this.#shell.variables.get('IFS') ?? ' \t\n';
      for (const field of cutIntoFields(await this.#pieces(one), separators)) found.push(...this.#paths(field));
    }
    return found;
  }

  /** One text, as in assignments and redirections. */
  async text(word: Word, isAssignment = false): Promise<string> {
    const pieces = await this.#pieces(word, isAssignment);
    return pieces.map((piece) => ('isCut' in piece ? this.#joiner() : piece.text)).join('');
  }

  async pattern(word: Word): Promise<Pattern> {
    const pieces = await this.#pieces(word);
    return new Pattern(pieces.filter((piece) => !('isCut' in piece)) as Piece[]);
  }

  /** An expression after `=~`: quoted pieces stand for themselves. */
  async expression(word: Word): Promise<string> {
    const pieces = await this.#pieces(word);
    return pieces
      .map((piece) =>
        'isCut' in piece ? blank : piece.quoted ? piece.text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&') : piece.text,
      )
      .join('');
  }

  async number(word: Word): Promise<bigint> {
    return this.evaluate(await this.text(word));
  }

  evaluate(text: string): bigint {
    const { variables } = this.#shell;
    return evaluate(text, {
      get: (name) => {
        const [, array, index] = /^(\w+)\[(.*)\]$/.exec(name) ?? [];
        if (array === undefined || index === undefined) return parameterValue(this.#shell, name);
        return this.#element(array, index);
      },
      set: (name, value) => {
        const [, array, index] = /^(\w+)\[(.*)\]$/.exec(name) ?? [];
        if (array === undefined || index === undefined) variables.set(name, value);
        else {
          const entry = variables.writable(array);
          entry.array ??= new Map();
          entry.array.set(entry.isAssociative === true ? index : String(this.evaluate(index)), value);
        }
      },
    });
  }

  #element(name: string, index: string): string | undefined {
    const entry = this.#shell.variables.entry(name);
    if (entry?.array === undefined) return this.evaluate(index) === 0n ? entry?.value : undefined;
    return entry.array.get(entry.isAssociative === true ? index : this.#place(entry.array, index));
  }

  /** Of an indexed array; from the end when it is negative. */
  #place(array: ReadonlyMap<string, string>, index: string): string {
    const number = this.evaluate(index);
    if (number >= 0n) return String(number);
    const last = [...array.keys()].reduce((max, key) => Math.max(max, Number(key)), -1);
    return String(BigInt(last + 1) + number);
  }

  /** The place that a subscript names. */
  async subscript(name: string, index: Word): Promise<string> {
    const entry = this.#shell.variables.entry(name);
    const text = await this.text(index);
    return entry?.isAssociative === true ? text : this.#place(entry?.array ?? new Map(), text);
  }

  #joiner(): string {
    return (this.#shell.variables.get('IFS') ?? blank).slice(0, 1);
  }

  async #pieces(word: Word, isAssignment = false): Promise<Pieces> {
    const pieces: Pieces = [];
    for (const [index, part] of word.entries()) {
      if (part.is === 'text' && !part.quoted && (index === 0 || isAssignment))
        pieces.push(this.#withHome(part.text, word[index + 1] === undefined, isAssignment));
      else pieces.push(...(await this.#piecesOf(part)));
    }
    return pieces;
  }

  /** `~` at the start, or after each colon of an assignment. */
  #withHome(text: string, isLast: boolean, isAssignment: boolean): Piece {
    if (!text.includes('~')) return { text, quoted: false };
    const homes = (part: string, isEnd: boolean): string => {
      const [, user, rest = ''] = /^~([\w-]*)(\/.*)?$/s.exec(part) ?? [];
      if (user === undefined || (rest === '' && !isEnd)) return part;
      const home = user === '' ? this.#shell.variables.get('HOME') : this.#homeOf(user);
      return home === undefined ? part : home + rest;
    };
    if (!isAssignment) return { text: homes(text, isLast), quoted: false };
    const parts = text.split(':');
    return {
      text: parts.map((part, index) => homes(part, isLast || index < parts.length - 1)).join(':'),
      quoted: false,
    };
  }

  #homeOf(user: string): string | undefined {
    const { context } = this.#shell;
    const line = (context.files.read('/etc/passwd') ?? '').split('\n').find((one) => one.startsWith(`${user}:`));
    return line?.split(':')[5];
  }

  async #piecesOf(part: WordPart): Promise<Pieces> {
    switch (part.is) {
      case 'text':
        return [part];
      case 'command': {
        const text = (await this.#runner.capture(part.script)).replace(/\n+$/, '');
        return [{ text: text.replaceAll('\0', ''), quoted: part.quoted, isValue: true }];
      }
      case 'process':
        return [{ text: this.#runner.processPath(part.script, part.isInput), quoted: true }];
      case 'arithmetic':
        return [{ text: String(await this.number(part.expression)), quoted: part.quoted, isValue: true }];
      case 'variable': {
        const pieces = await this.#variable(part);
        // In quotes nothing is still a word, but for no parameters at all.
        const isList = part.name === '@' || part.index === '@';
        return pieces.length === 0 && part.quoted && !isList ? [{ text: '', quoted: true }] : pieces;
      }
    }
  }

  /** All values that a name stands for: one, none, or those of an array. */
  async #values({ name, index }: VariablePart): Promise<readonly string[]> {
    const { variables, parameters } = this.#shell;
    if (name === '@' || name === '*') return parameters;
    const entry = variables.entry(name);
    if (index === '@' || index === '*')
      return entry?.array === undefined
        ? entry?.value === undefined
          ? []
          : [entry.value]
        : inOrder(entry.array, entry.isAssociative === true).map(([, value]) => value);
    const value = index === undefined ? parameterValue(this.#shell, name) : this.#element(name, await this.text(index));
    return value === undefined ? [] : [value];
  }

  /** `${!name[@]}`. */
  #keys({ name, index, quoted }: VariablePart): Pieces {
    const entry = this.#shell.variables.entry(name);
    const isPlain = entry?.array === undefined;
    const own = entry?.value === undefined ? [] : ['0'];
    const keys = isPlain ? own : inOrder(entry.array ?? new Map(), entry.isAssociative === true).map(([key]) => key);
    return listed(keys, quoted, index === '@');
  }

  /** The variable that the value of this one names. */
  #pointed(part: VariablePart): VariablePart {
    const name = parameterValue(this.#shell, part.name) ?? '';
    const [, plain = name, index] = /^(\w+)\[(.*)\]$/.exec(name) ?? [];
    const { isIndirect: _, ...rest } = part;
    if (index === undefined) return { ...rest, name: plain };
    const isAll = index === '@' || index === '*';
    return { ...rest, name: plain, index: isAll ? index : [{ is: 'text', text: index, quoted: true }] };
  }

  async #variable(given: VariablePart): Promise<Pieces> {
    const { variables, options } = this.#shell;
    if (given.operator === 'names') {
      const names = variables.names().filter((name) => name.startsWith(given.name));
      return listed(names, given.quoted, true);
    }
    const isAll = given.index === '@' || given.index === '*';
    if (given.isIndirect === true && isAll) return this.#keys(given);
    const part = given.isIndirect === true ? this.#pointed(given) : given;
    const { name, index, operator, quoted } = part;
    const isList = name === '@' || name === '*' || index === '@' || index === '*';
    const values = await this.#values(part);
    if (operator === 'length') {
      if (values.length === 0) this.#demand(part, isList);
      return [{ text: String(isList ? values.length : (values[0] ?? '').length), quoted }];
    }
    const isSeparate = name === '@' || index === '@';
    if (/^:?[-+=?]$/.test(operator)) return this.#alternative(part, values, { isList, isSeparate });
    if (values.length === 0 && options.has('u')) this.#demand(part, isList);
    const result =
      operator === '' ? values : await changed(part, values, { shell: this.#shell, expander: this, isList });
    if (isList) return listed(result, quoted, isSeparate, this.#joiner());
    return result.map((text) => ({ text, quoted, isValue: true }));
  }

  #demand({ name }: VariablePart, isList: boolean): void {
    if (!isList && this.#shell.options.has('u'))
      throw new ExpansionError(`${name}: ${this.#shell.isBash ? 'unbound variable' : 'parameter not set'}`);
  }

  async #alternative(
    part: VariablePart,
    values: readonly string[],
    { isList, isSeparate }: { readonly isList: boolean; readonly isSeparate: boolean },
  ): Promise<Pieces> {
    const { name, operator, argument, quoted } = part;
    const isMissing = values.length === 0 || (operator.startsWith(':') && values.join('') === '');
    const own = (): Pieces =>
      isList
        ? listed(values, quoted, isSeparate, this.#joiner())
        : values.map((text) => ({ text, quoted, isValue: true }));
    switch (operator.replace(':', '')) {
      case '-':
        return isMissing ? this.#argument(argument, quoted) : own();
      case '+':
        return isMissing ? [] : this.#argument(argument, quoted);
      case '=': {
        if (!isMissing) return own();
        const text = await this.text(argument);
        if (!/^[A-Za-z_]\w*$/.test(name)) throw new ExpansionError(`${name}: bad variable name`);
        this.#shell.variables.set(name, text);
        return [{ text, quoted, isValue: true }];
      }
      default: {
        if (!isMissing) return own();
        const usual =
          operator === ':?'
            ? this.#shell.isBash
              ? 'parameter null or not set'
              : 'parameter not set or null'
            : 'parameter not set';
        throw new ExpansionError(`${name}: ${(await this.text(argument)) || usual}`);
      }
    }
  }

  async #argument(argument: Word, quoted: boolean): Promise<Pieces> {
    if (quoted) return this.#pieces(argument.map((part) => ({ ...part, quoted: true })));
    // What is not quoted there is split like a value.
    const pieces = await this.#pieces(argument);
    return pieces.map((piece) => ('isCut' in piece || piece.quoted ? piece : { ...piece, isValue: true }));
  }

  #paths(field: readonly Piece[]): readonly string[] {
    const text = field.map((piece) => piece.text).join('');
    const { options, context } = this.#shell;
    if (options.has('f') || !field.some((piece) => !piece.quoted && isPattern(piece.text))) return [text];
    const found = matchingPaths(field, (path) => resolvePath(context.cwd, path), {
      files: context.files,
      hasDots: !this.#shell.isBash,
    });
    return found.length === 0 && !options.has('nullglob') ? [text] : found;
  }
}

function inOrder(array: ReadonlyMap<string, string>, isAssociative: boolean): (readonly [string, string])[] {
  const entries = [...array];
  return isAssociative ? entries : entries.toSorted(([a], [b]) => Number(a) - Number(b));
}

/** `"$@"` is a word for each; `"$*"` is one word. */
function listed(values: readonly string[], quoted: boolean, isSeparate: boolean, joiner = blank): Pieces {
  if (quoted && !isSeparate) return [{ text: values.join(joiner), quoted }];
  return values.flatMap(
    (text, at): Pieces =>
      at === 0 ? [{ text, quoted, isValue: true }] : [{ isCut: true }, { text, quoted, isValue: true }],
  );
}
