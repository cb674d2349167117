import { Lexer, type Token } from './lexer.ts';
import {
  type Assignment,
  type Command,
  type Item,
  type List,
  type Pipeline,
  type Redirection,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';

const reserved = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}', ';;', ')']);
const redirections = new Set(['<', '>', '>>', '>&', '<&', '<<', '<<-']);

/** Reads a script. Throws ShellSyntaxError. */
export function parseScript(text: string): List {
  return new Parser(text).script();
}

function textOf(word: Word): string {
  return word.map((part) => (part.is === 'text' ? part.text : '')).join('');
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;

  constructor(text: string) {
    this.#lexer = new Lexer(text, parseScript);
    this.#token = this.#lexer.next();
  }

  script(): List {
    const list = this.#list();
    if (this.#token.is !== 'end') throw this.#unexpected();
    return list;
  }

  #unexpected(): ShellSyntaxError {
    const token = this.#token;
    const text =
      token.is === 'end' ? 'end of file' : token.is === 'word' ? `"${token.raw}"` : JSON.stringify(token.text);
    return new ShellSyntaxError(`syntax error: unexpected ${text}`);
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #isOperator(...texts: readonly string[]): boolean {
    return this.#token.is === 'operator' && texts.includes(this.#token.text);
  }

  #isWord(text: string): boolean {
    return this.#token.is === 'word' && this.#token.raw === text;
  }

  #skipLines(): void {
    while (this.#isOperator('\n')) this.#advance();
  }

  #expectWord(text: string): void {
    this.#skipLines();
    if (!this.#isWord(text)) throw this.#unexpected();
    this.#advance();
  }

  #isEndOfList(): boolean {
    const token = this.#token;
    if (token.is === 'end') return true;
    return token.is === 'word' ? reserved.has(token.raw) : reserved.has(token.text);
  }

  #list(): List {
    const items: Item[] = [];
    let joined: Item['joined'] = ';';
    this.#skipLines();
    while (!this.#isEndOfList()) {
      const pipeline = this.#pipeline();
      const isBackground = this.#isOperator('&');
      items.push({ joined, pipeline, isBackground });
      if (this.#isOperator('&&', '||')) {
        joined = (this.#advance() as { text: '&&' | '||' }).text;
        this.#skipLines();
        if (this.#isEndOfList()) throw this.#unexpected();
        continue;
      }
      joined = ';';
      if (!this.#isOperator(';', '&', '\n')) break;
      this.#advance();
      this.#skipLines();
    }
    return items;
  }

  #body(): List {
    const list = this.#list();
    if (list.length === 0) throw this.#unexpected();
    return list;
  }

  #pipeline(): Pipeline {
    let isNegated = false;
    while (this.#isWord('!')) {
      this.#advance();
      isNegated = !isNegated;
    }
    const commands = [this.#command()];
    while (this.#isOperator('|')) {
      this.#advance();
      this.#skipLines();
      commands.push(this.#command());
    }
    return { isNegated, commands };
  }

  #command(): Command {
    const token = this.#token;
    if (this.#isOperator('(')) {
      this.#advance();
      const body = this.#body();
      if (!this.#isOperator(')')) throw this.#unexpected();
      this.#advance();
      return { is: 'group', isSubshell: true, body, redirections: this.#redirections() };
    }
    if (token.is !== 'word') {
      if (token.is === 'operator' && redirections.has(token.text)) return this.#simple();
      throw this.#unexpected();
    }
    switch (token.raw) {
      case '{': {
        this.#advance();
        const body = this.#body();
        this.#expectWord('}');
        return { is: 'group', isSubshell: false, body, redirections: this.#redirections() };
      }
      case 'if':
        return this.#if();
      case 'while':
      case 'until':
        return this.#loop(token.raw === 'until');
      case 'for':
        return this.#for();
      case 'case':
        return this.#case();
      default:
        return this.#simple();
    }
  }

  #if(): Command {
    const branches: { condition: List; body: List }[] = [];
    let otherwise: List | undefined;
    do {
      this.#advance();
      const condition = this.#body();
      this.#expectWord('then');
      branches.push({ condition, body: this.#body() });
    } while (this.#isWord('elif'));
    if (this.#isWord('else')) {
      this.#advance();
      otherwise = this.#body();
    }
    this.#expectWord('fi');
    return { is: 'if', branches, otherwise, redirections: this.#redirections() };
  }

  #loop(until: boolean): Command {
    this.#advance();
    const condition = this.#body();
    this.#expectWord('do');
    const body = this.#body();
    this.#expectWord('done');
    return { is: 'loop', until, condition, body, redirections: this.#redirections() };
  }

  #for(): Command {
    this.#advance();
    const name = this.#word();
    let words: Word[] | undefined;
    this.#skipLines();
    if (this.#isWord('in')) {
      this.#advance();
      words = [];
      while (this.#token.is === 'word') words.push(this.#word());
    }
    while (this.#isOperator(';', '\n')) this.#advance();
    this.#expectWord('do');
    const body = this.#body();
    this.#expectWord('done');
    return { is: 'for', name: textOf(name), words, body, redirections: this.#redirections() };
  }

  #case(): Command {
    this.#advance();
    const subject = this.#word();
    this.#expectWord('in');
    const branches: { patterns: Word[]; body: List }[] = [];
    this.#skipLines();
    while (!this.#isWord('esac')) {
      if (this.#isOperator('(')) this.#advance();
      const patterns = [this.#word()];
      while (this.#isOperator('|')) {
        this.#advance();
        patterns.push(this.#word());
      }
      if (!this.#isOperator(')')) throw this.#unexpected();
      this.#advance();
      branches.push({ patterns, body: this.#list() });
      if (this.#isOperator(';;')) this.#advance();
      this.#skipLines();
    }
    this.#advance();
    return { is: 'case', subject, branches, redirections: this.#redirections() };
  }

  #word(): Word {
    const token = this.#token;
    if (token.is !== 'word') throw this.#unexpected();
    this.#advance();
    return token.word;
  }

  #redirection(): Redirection | undefined {
    const token = this.#token;
    if (token.is !== 'operator' || !redirections.has(token.text)) return undefined;
    this.#advance();
    const descriptor = token.descriptor ?? 0;
    if (token.text === '<<' || token.text === '<<-') {
      // Its text comes with the end of the line: the token after the delimiter may be that end already.
      const delimiter = this.#token;
      if (delimiter.is !== 'word') throw this.#unexpected();
      const holder: { text: Word } = { text: [] };
      const isQuoted = delimiter.word.some((part) => part.quoted);
      const heredoc = { token: holder, delimiter: textOf(delimiter.word), isQuoted, isIndented: token.text === '<<-' };
      this.#lexer.expectHeredoc(heredoc);
      this.#advance();
      return {
        descriptor,
        operator: '<<',
        get target() {
          return holder.text;
        },
      };
    }
    return { descriptor, operator: token.text as '<' | '>' | '>>' | '>&' | '<&', target: this.#word() };
  }

  #redirections(): Redirection[] {
    const found: Redirection[] = [];
    for (let one = this.#redirection(); one !== undefined; one = this.#redirection()) found.push(one);
    return found;
  }

  #simple(): Command {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const found: Redirection[] = [];
    for (;;) {
      const redirection = this.#redirection();
      if (redirection !== undefined) {
        found.push(redirection);
        continue;
      }
      if (words.length === 1 && this.#isOperator('(')) return this.#function(words[0] ?? []);
      if (this.#token.is !== 'word') break;
      const { word, raw } = this.#token;
      const [, name] = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(raw) ?? [];
      this.#advance();
      if (words.length === 0 && name !== undefined)
        assignments.push({ name, value: withoutName(word, name.length + 1) });
      else words.push(word);
    }
    if (assignments.length + words.length + found.length === 0) throw this.#unexpected();
    return { is: 'simple', assignments, words, redirections: found };
  }

  #function(name: Word): Command {
    this.#advance();
    if (!this.#isOperator(')')) throw this.#unexpected();
    this.#advance();
    this.#skipLines();
    return { is: 'function', name: textOf(name), body: this.#command() };
  }
}

function withoutName(word: Word, length: number): Word {
  const [first, ...rest] = word;
  return first?.is === 'text' ? [{ ...first, text: first.text.slice(length) }, ...rest] : word;
}
