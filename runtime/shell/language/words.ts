import { textOf } from '../../files/byte-text.ts';
import { Cursor } from './cursor.ts';
import { type List, ShellSyntaxError, type VariablePart, type Word, type WordPart } from './syntax.ts';

/** Reads a list up to a closing bracket, which stays. */
export type ListReader = (cursor: Cursor, closing: string) => List;

const wordEnd = /[\s;&|<>()]/;
const ansiEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  E: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Reads words: quotes, and what stands for other text. */
export class WordReader {
  readonly #readList: ListReader;

  constructor(readList: ListReader) {
    this.#readList = readList;
  }

  /** Up to a blank, an operator, or what `isEnd` says. */
  word(cursor: Cursor, isEnd: (char: string) => boolean = (char) => wordEnd.test(char)): Word {
    const parts: WordPart[] = [];
    const add = (text: string, quoted: boolean): void => addText(parts, text, quoted);
    while (!cursor.isAtEnd) {
      const { char } = cursor;
      if ((char === '<' || char === '>') && cursor.text[cursor.at + 1] === '(') {
        parts.push(this.#processPart(cursor));
        continue;
      }
      if (isEnd(char)) break;
      switch (char) {
        case '\\': {
          const next = cursor.text[cursor.at + 1];
          cursor.at += 2;
          if (next === undefined) add('\\', true);
          else if (next !== '\n') add(next, true);
          break;
        }
        case "'":
          add(this.#singleQuoted(cursor), true);
          break;
        case '"':
          cursor.at++;
          parts.push(...orEmpty(this.quoted(cursor, '"')));
          break;
        case '$':
        case '`': {
          const part = this.#dollar(cursor, false);
          if (part === undefined) add('$', false);
          else parts.push(part);
          break;
        }
        default:
          add(char, false);
          cursor.at++;
      }
    }
    return parts;
  }

  #singleQuoted(cursor: Cursor): string {
    const end = cursor.text.indexOf("'", cursor.at + 1);
    if (end < 0) throw new ShellSyntaxError('syntax error: unterminated quoted string', true);
    const text = cursor.text.slice(cursor.at + 1, end);
    cursor.at = end + 1;
    return text;
  }

  /** As inside double quotes, up to a character, or to the end of the text. */
  quoted(cursor: Cursor, end: string | undefined): WordPart[] {
    const parts: WordPart[] = [];
    for (;;) {
      const { char } = cursor;
      if (cursor.isAtEnd) {
        if (end !== undefined) throw new ShellSyntaxError('syntax error: unterminated quoted string', true);
        return parts;
      }
      if (char === end) {
        cursor.at++;
        return parts;
      }
      const next = cursor.text[cursor.at + 1] ?? '';
      if (char === '\\' && (/[$`\\\n]/.test(next) || (next === '"' && end !== undefined))) {
        if (next !== '\n') addText(parts, next, true);
        cursor.at += 2;
      } else if (char === '$' || char === '`') {
        const part = this.#dollar(cursor, true);
        if (part === undefined) addText(parts, '$', true);
        else parts.push(part);
      } else {
        addText(parts, char, true);
        cursor.at++;
      }
    }
  }

  #processPart(cursor: Cursor): WordPart {
    const isInput = cursor.char === '<';
    cursor.at += 2;
    return { is: 'process', script: this.#enclosedList(cursor), isInput, quoted: true };
  }

  #enclosedList(cursor: Cursor): List {
    const script = this.#readList(cursor, ')');
    cursor.skipLines();
    if (!cursor.take(')')) throw cursor.unexpected(')');
    return script;
  }

  /** Undefined: a dollar sign that stands for itself. */
  #dollar(cursor: Cursor, quoted: boolean): WordPart | undefined {
    if (cursor.char === '`') return this.#backquoted(cursor, quoted);
    cursor.at++;
    if (cursor.startsWith('((')) {
      const expression = this.#arithmetic(cursor);
      if (expression !== undefined) return { is: 'arithmetic', expression, quoted };
    }
    if (cursor.take('(')) return { is: 'command', script: this.#enclosedList(cursor), quoted };
    if (cursor.take('{')) return this.#braces(cursor, quoted);
    const { char } = cursor;
    if (char === "'" && !quoted) return { is: 'text', text: this.#ansi(cursor), quoted: true };
    if (/[0-9?#@*$!-]/.test(char)) {
      cursor.at++;
      return { is: 'variable', name: char, operator: '', argument: [], quoted };
    }
    const [name] = cursor.match(/[A-Za-z_]\w*/y) ?? [];
    if (name === undefined) return undefined;
    cursor.at += name.length;
    return { is: 'variable', name, operator: '', argument: [], quoted };
  }

  #backquoted(cursor: Cursor, quoted: boolean): WordPart {
    let inner = '';
    let at = cursor.at + 1;
    for (; cursor.text[at] !== '`'; at++) {
      const char = cursor.text[at];
      if (char === undefined) throw new ShellSyntaxError('syntax error: unterminated quoted string', true);
      const next = cursor.text[at + 1] ?? '';
      if (char === '\\' && (/[$`\\]/.test(next) || (quoted && next === '"'))) {
        inner += next;
        at++;
      } else inner += char;
    }
    cursor.at = at + 1;
    return { is: 'command', script: this.#readList(new Cursor(inner), ''), quoted };
  }

  /** `((…))` as one expression; undefined, without moving, where it is a subshell in a substitution. */
  #arithmetic(cursor: Cursor): Word | undefined {
    const from = cursor.at + 2;
    let level = 2;
    for (let at = from; at < cursor.text.length; at++) {
      const char = cursor.text[at];
      if (char === '(') level++;
      else if (char === ')' && --level === 0) {
        if (cursor.text[at - 1] !== ')') return undefined;
        const inner = cursor.text.slice(from, at - 1);
        cursor.at = at + 1;
        return this.expression(inner);
      }
    }
    throw new ShellSyntaxError('syntax error: unexpected end of file (expecting "))")', true);
  }

  /** Arithmetic with what is to be expanded in it first. */
  expression(text: string): Word {
    return this.quoted(new Cursor(text.replaceAll('"', '')), undefined);
  }

  #ansi(cursor: Cursor): string {
    let text = '';
    for (let at = cursor.at + 1; at < cursor.text.length; at++) {
      const char = cursor.text[at] ?? '';
      if (char === "'") {
        cursor.at = at + 1;
        return text;
      }
      if (char !== '\\') {
        text += char;
        continue;
      }
      const [whole, octal, hex, unicode, control] =
        /^\\(?:([0-7]{1,3})|x([\da-fA-F]{1,2})|[uU]([\da-fA-F]{1,8})|c(.))/s.exec(cursor.text.slice(at, at + 12)) ?? [];
      if (whole === undefined) {
        const next = cursor.text[++at] ?? '';
        text += ansiEscapes[next] ?? (/[\\'"?]/.test(next) ? next : `\\${next}`);
        continue;
      }
      at += whole.length - 1;
      if (octal !== undefined) text += String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      else if (hex !== undefined) text += String.fromCharCode(Number.parseInt(hex, 16));
      else if (unicode !== undefined)
        text += textOf(String.fromCodePoint(Math.min(Number.parseInt(unicode, 16), 0x10ffff)));
      else text += String.fromCharCode((control ?? '').charCodeAt(0) & 0x1f);
    }
    throw new ShellSyntaxError('syntax error: unterminated quoted string', true);
  }

  #braces(cursor: Cursor, quoted: boolean): WordPart {
    const name = /[A-Za-z_]\w*|[0-9]+|[?#@*$!-]/y;
    const bad = (): ShellSyntaxError =>
      cursor.isAtEnd
        ? new ShellSyntaxError('syntax error: unterminated quoted string', true)
        : new ShellSyntaxError('syntax error: bad substitution');
    const [length] = cursor.match(/#(?=[A-Za-z_0-9@*?$!-][^}]*\})(?!-\})/y) ?? cursor.match(/#(?=[-?$!]\})/y) ?? [];
    const isLength = length !== undefined && !cursor.startsWith('#}');
    if (isLength) cursor.at++;
    const isIndirect = !isLength && cursor.match(/![A-Za-z_0-9]/y) !== null;
    if (isIndirect) cursor.at++;
    const [found] = cursor.match(name) ?? [];
    if (found === undefined) throw bad();
    cursor.at += found.length;
    const index = this.subscript(cursor);
    const common = {
      is: 'variable',
      name: found,
      quoted,
      ...(index === undefined ? {} : { index }),
      ...(isIndirect ? { isIndirect } : {}),
    } as const;
    if (isLength) {
      if (!cursor.take('}')) throw bad();
      return { ...common, operator: 'length', argument: [] };
    }
    if (cursor.take('}')) return { ...common, operator: '', argument: [] };
    const [operator] =
      cursor.match(/:[-+=?]|[-+=?]|##|#|%%|%|\/\/|\/#|\/%|\/|\^\^|\^|,,|,|:|@[UuLQEPAaKk](?=\})/y) ?? [];
    if (operator === undefined) {
      // `${!prefix*}` names all variables that begin so.
      if (isIndirect && cursor.match(/[@*]\}/y) !== null) {
        cursor.at += 2;
        return { is: 'variable', name: found, operator: 'names', argument: [], quoted };
      }
      throw bad();
    }
    cursor.at += operator.length;
    return this.#operand(cursor, { ...common, operator, argument: [] }, bad);
  }

  #operand(cursor: Cursor, part: VariablePart, bad: () => ShellSyntaxError): VariablePart {
    const isParted = part.operator.startsWith('/') || part.operator === ':';
    const divider = part.operator === ':' ? ':' : '/';
    const argument = this.#argument(cursor, part, isParted ? divider : '');
    const second = isParted && cursor.take(divider) ? this.#argument(cursor, part, '') : undefined;
    if (!cursor.take('}')) throw bad();
    return { ...part, argument, ...(second === undefined ? {} : { second }) };
  }

  /** Inside double quotes an alternative value is quoted, but a pattern is not. */
  #argument(cursor: Cursor, { operator, quoted }: VariablePart, divider: string): Word {
    const isValue = /^:?[-+=?]$/.test(operator) || operator === ':';
    if (quoted && isValue) {
      const parts: WordPart[] = [];
      while (!cursor.isAtEnd && cursor.char !== '}' && (divider === '' || cursor.char !== divider)) {
        if (cursor.char === '"') {
          cursor.at++;
          parts.push(...this.quoted(cursor, '"'));
        } else parts.push(...this.#one(cursor));
      }
      return parts;
    }
    return this.word(cursor, (char) => char === '}' || (divider !== '' && char === divider));
  }

  /** One character or one substitution, as inside double quotes. */
  #one(cursor: Cursor): WordPart[] {
    const { char } = cursor;
    const next = cursor.text[cursor.at + 1] ?? '';
    if (char === '\\' && /[$`"\\\n}]/.test(next)) {
      cursor.at += 2;
      return next === '\n' ? [] : [{ is: 'text', text: next, quoted: true }];
    }
    if (char === '$' || char === '`') {
      const part = this.#dollar(cursor, true);
      return [part ?? { is: 'text', text: '$', quoted: true }];
    }
    cursor.at++;
    return [{ is: 'text', text: char, quoted: true }];
  }

  /** `[…]` after a name; undefined, without moving: there is none. */
  subscript(cursor: Cursor): Word | '@' | '*' | undefined {
    if (cursor.char !== '[') return undefined;
    const [, all] = cursor.match(/\[([@*])\]/y) ?? [];
    if (all === '@' || all === '*') {
      cursor.at += 3;
      return all;
    }
    cursor.at++;
    const word = this.word(cursor, (char) => char === ']');
    if (!cursor.take(']')) throw new ShellSyntaxError('syntax error: bad substitution', cursor.isAtEnd);
    return word;
  }
}

/** Quotes with nothing in them are a word, too. */
function orEmpty(parts: readonly WordPart[]): readonly WordPart[] {
  return parts.length === 0 ? [{ is: 'text', text: '', quoted: true }] : parts;
}

function addText(parts: WordPart[], text: string, quoted: boolean): void {
  const last = parts.at(-1);
  if (last?.is === 'text' && last.quoted === quoted) parts[parts.length - 1] = { ...last, text: last.text + text };
  else parts.push({ is: 'text', text, quoted });
}
