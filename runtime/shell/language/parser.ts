import { readCondition } from './conditions.ts';
import { type Cursor, keywords, literalOf } from './cursor.ts';
import { readRedirection } from './redirections.ts';
import { readSimple } from './simple.ts';
import {
  type CaseBranch,
  type Command,
  type Item,
  type List,
  type Pipeline,
  type Redirection,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';
import { WordReader } from './words.ts';

/** Reads scripts. Throws ShellSyntaxError. */
export class Parser {
  readonly cursor: Cursor;
  readonly words: WordReader;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.words = new WordReader((inner, closing) => new Parser(inner).list(closing));
  }

  /** The commands of the next line, with all lines that they go on to; undefined at the end. */
  line(): List | undefined {
    const { cursor } = this;
    cursor.skipLines();
    if (cursor.isAtEnd) return undefined;
    const items = this.#items('', false);
    cursor.skipBlanks();
    if (!cursor.isAtEnd && !cursor.takeLine()) throw cursor.unexpected();
    return items;
  }

  /** All up to a closing bracket, which stays, or to the end. */
  list(closing: string): List {
    const items = this.#items(closing, true);
    const { cursor } = this;
    cursor.skipLines();
    if (closing === '' && !cursor.isAtEnd) throw cursor.unexpected();
    return items;
  }

  /** Commands up to something that ends them: `isMany`: over more than a line. */
  #items(closing: string, isMany: boolean): List {
    const { cursor } = this;
    const items: Item[] = [];
    let joined: Item['joined'] = ';';
    if (isMany) cursor.skipLines();
    while (!this.#isEndOfList(closing)) {
      const pipeline = this.#pipeline();
      cursor.skipBlanks();
      const [operator = ''] = cursor.match(/&&|\|\||;(?![;&])|&|\n/y) ?? [];
      items.push({ joined, pipeline, isBackground: operator === '&' });
      if (operator === '&&' || operator === '||') {
        cursor.at += 2;
        joined = operator;
        cursor.skipLines();
        if (this.#isEndOfList(closing)) throw cursor.unexpected();
        continue;
      }
      joined = ';';
      if (operator === '') break;
      if (operator === '\n') {
        if (!isMany) break;
      } else cursor.at++;
      if (isMany) cursor.skipLines();
      else cursor.skipBlanks();
    }
    return items;
  }

  #isEndOfList(closing: string): boolean {
    const { cursor } = this;
    cursor.skipBlanks();
    if (cursor.isAtEnd || cursor.char === '\n') return true;
    if (cursor.char === ')' && closing !== ')') throw cursor.unexpected();
    if (cursor.char === ')' || cursor.startsWith(';;') || cursor.startsWith(';&')) return true;
    return this.#isKeyword('then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}');
  }

  #isKeyword(...wanted: readonly string[]): boolean {
    const [word = ''] = this.cursor.match(/[^\s;&|<>()]+/y) ?? [];
    return wanted.includes(word);
  }

  #takeKeyword(...wanted: readonly string[]): string | undefined {
    const [word = ''] = this.cursor.match(/[^\s;&|<>()]+/y) ?? [];
    if (!wanted.includes(word)) return undefined;
    this.cursor.at += word.length;
    return word;
  }

  #expect(word: string): void {
    this.cursor.skipLines();
    if (this.#takeKeyword(word) === undefined) throw this.cursor.unexpected(word);
  }

  #body(expecting?: string): List {
    const items = this.#items('', true);
    if (items.length === 0) throw this.cursor.unexpected(this.cursor.isAtEnd ? expecting : undefined);
    return items;
  }

  #pipeline(): Pipeline {
    const { cursor } = this;
    const from = cursor.at;
    let [isNegated, isTimed] = [false, false];
    for (;;) {
      cursor.skipBlanks();
      const word = this.#takeKeyword('!', 'time');
      if (word === undefined) break;
      if (word === '!') isNegated = !isNegated;
      else {
        isTimed = true;
        cursor.skipBlanks();
        this.#takeKeyword('-p');
      }
    }
    if (isTimed && this.#isEndOfList(')')) return { isNegated, isTimed, commands: [], text: 'time' };
    const commands = [this.#command()];
    for (;;) {
      cursor.skipBlanks();
      const [operator] = cursor.match(/\|&|\|(?!\|)/y) ?? [];
      if (operator === undefined) break;
      cursor.at += operator.length;
      if (operator === '|&') commands.push(withErrors(commands.pop()));
      cursor.skipLines();
      commands.push(this.#command());
    }
    return { isNegated, isTimed, commands, text: cursor.text.slice(from, cursor.at).trim() };
  }

  #command(): Command {
    const { cursor } = this;
    cursor.skipBlanks();
    if (cursor.startsWith('((')) {
      const command = this.#arithmetic();
      if (command !== undefined) return command;
    }
    if (cursor.take('(')) {
      const body = this.list(')');
      if (body.length === 0 || !cursor.take(')')) throw cursor.unexpected(cursor.isAtEnd ? ')' : undefined);
      return { is: 'group', isSubshell: true, body, redirections: this.#redirections() };
    }
    const [word = ''] = cursor.match(/[^\s;&|<>()]+/y) ?? [];
    if (keywords.has(word) && word !== 'in') {
      const from = cursor.at;
      cursor.at += word.length;
      const command = this.#compound(word);
      if (command !== undefined) return command;
      cursor.at = from;
      throw cursor.unexpected();
    }
    return readSimple(this);
  }

  #compound(keyword: string): Command | undefined {
    switch (keyword) {
      case '{': {
        const body = this.#body('}');
        this.#expect('}');
        return { is: 'group', isSubshell: false, body, redirections: this.#redirections() };
      }
      case 'if':
        return this.#if();
      case 'while':
      case 'until': {
        const condition = this.#body('do');
        return {
          is: 'loop',
          until: keyword === 'until',
          condition,
          body: this.#do(),
          redirections: this.#redirections(),
        };
      }
      case 'for':
        return this.#for();
      case 'case':
        return this.#case();
      case '[[': {
        const condition = readCondition(this.cursor, this.words);
        return { is: 'condition', condition, redirections: this.#redirections() };
      }
      case 'function': {
        this.cursor.skipBlanks();
        const name = this.words.word(this.cursor);
        this.cursor.match(/\s*\(\s*\)/y) !== null && this.#skipParentheses();
        return this.functionBody(literalOf(name) ?? '');
      }
      default:
        return undefined;
    }
  }

  #skipParentheses(): void {
    const [text = ''] = this.cursor.match(/\s*\(\s*\)/y) ?? [];
    this.cursor.at += text.length;
  }

  functionBody(name: string): Command {
    this.cursor.skipLines();
    return { is: 'function', name, body: this.#command() };
  }

  /** Undefined, without moving: two subshells. */
  #arithmetic(): Command | undefined {
    const { cursor } = this;
    const [whole, inner = ''] = cursor.match(/\(\(((?:[^()]|\([^()]*\))*)\)\)/y) ?? [];
    if (whole === undefined) return undefined;
    cursor.at += whole.length;
    return { is: 'arithmetic', expression: this.words.expression(inner), redirections: this.#redirections() };
  }

  #if(): Command {
    const branches: { condition: List; body: List }[] = [];
    let otherwise: List | undefined;
    do {
      const condition = this.#body('then');
      this.#expect('then');
      branches.push({ condition, body: this.#body('fi') });
      this.cursor.skipLines();
    } while (this.#takeKeyword('elif') !== undefined);
    if (this.#takeKeyword('else') !== undefined) otherwise = this.#body('fi');
    this.#expect('fi');
    return { is: 'if', branches, otherwise, redirections: this.#redirections() };
  }

  #do(): List {
    this.#expect('do');
    const body = this.#body('done');
    this.#expect('done');
    return body;
  }

  #for(): Command {
    const { cursor } = this;
    cursor.skipBlanks();
    const [head, start = '', condition = '', step = ''] =
      cursor.match(/\(\(([^;]*);([^;]*);((?:[^()]|\([^()]*\))*)\)\)/y) ?? [];
    if (head !== undefined) {
      cursor.at += head.length;
      cursor.skipBlanks();
      cursor.take(';');
      const [first, check, next] = [start, condition, step].map((text) => this.words.expression(text));
      const body = this.#do();
      return {
        is: 'count',
        start: first ?? [],
        condition: check ?? [],
        step: next ?? [],
        body,
        redirections: this.#redirections(),
      };
    }
    const name = literalOf(this.words.word(cursor)) ?? '';
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw cursor.isAtEnd ? cursor.unexpected() : new ShellSyntaxError('syntax error: bad for loop variable');
    cursor.skipLines();
    let words: Word[] | undefined;
    if (this.#takeKeyword('in') !== undefined) {
      words = [];
      for (cursor.skipBlanks(); !/[\n;&|<>()]|^$/.test(cursor.char); cursor.skipBlanks())
        words.push(this.words.word(cursor));
      if (!cursor.take(';') && cursor.char !== '\n') throw cursor.unexpected();
    } else {
      cursor.skipBlanks();
      cursor.take(';');
    }
    return { is: 'for', name, words, body: this.#do(), redirections: this.#redirections() };
  }

  #case(): Command {
    const { cursor } = this;
    cursor.skipBlanks();
    const subject = this.words.word(cursor);
    if (subject.length === 0) throw cursor.unexpected();
    this.#expect('in');
    const branches: CaseBranch[] = [];
    for (cursor.skipLines(); this.#takeKeyword('esac') === undefined; cursor.skipLines()) {
      if (cursor.isAtEnd) throw cursor.unexpected(')');
      branches.push(this.#branch());
    }
    return { is: 'case', subject, branches, redirections: this.#redirections() };
  }

  #branch(): CaseBranch {
    const { cursor } = this;
    cursor.take('(');
    const patterns: Word[] = [];
    do {
      cursor.skipBlanks();
      const pattern = this.words.word(cursor);
      if (pattern.length === 0) throw cursor.unexpected(')');
      patterns.push(pattern);
      cursor.skipBlanks();
    } while (cursor.take('|'));
    if (!cursor.take(')')) throw cursor.unexpected(')');
    const body = this.#items('', true);
    cursor.skipLines();
    const [end] = cursor.match(/;;&|;;|;&/y) ?? [];
    if (end === undefined && !this.#isKeyword('esac')) throw cursor.unexpected(cursor.isAtEnd ? ';;' : undefined);
    cursor.at += end?.length ?? 0;
    return { patterns, body, end: (end ?? ';;') as CaseBranch['end'] };
  }

  #redirections(): Redirection[] {
    const found: Redirection[] = [];
    for (;;) {
      this.cursor.skipBlanks();
      const redirection = readRedirection(this.cursor, this.words);
      if (redirection === undefined) return found;
      found.push(redirection);
    }
  }
}

/** `|&` sends errors along. */
function withErrors(command: Command | undefined): Command {
  if (command === undefined || command.is === 'function') throw new ShellSyntaxError('unexpected "|"');
  const both: Redirection = { descriptor: 2, operator: '>&', target: [{ is: 'text', text: '1', quoted: false }] };
  return { ...command, redirections: [...command.redirections, both] };
}
