import { type Token, tokensOf } from './lexer.ts';
import {
  AwkError,
  type AwkFunction,
  type AwkProgram,
  type Expr,
  type Redirect,
  type Rule,
  type Statement,
} from './syntax.ts';

/** Reads a program. Throws AwkError. */
export function parseAwk(text: string): AwkProgram {
  return new AwkParser(tokensOf(text)).program();
}

const comparisons = new Set(['<', '<=', '==', '!=', '>', '>=']);
const assigning = /^(?:[-+*/%^]|\*\*)?=$/;

class AwkParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** In the arguments of `print`, `>` is no comparison; in the head of `for`, `in` is no operator. */
  #noGreater = 0;
  #noIn = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { is: 'end', text: '' };
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return (token.is === 'operator' || token.is === 'word') && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new AwkError('Unexpected token');
  }

  #skipLines(): void {
    while (this.#peek().is === 'line' || this.#is(';')) this.#at++;
  }

  #skipNewlines(): void {
    while (this.#peek().is === 'line') this.#at++;
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (this.#skipLines(); this.#peek().is !== 'end'; this.#skipLines()) {
      if (this.#take('function') || this.#take('func')) {
        const name = this.#name();
        this.#expect('(');
        const parameters: string[] = [];
        while (!this.#take(')')) {
          parameters.push(this.#name());
          this.#take(',');
          this.#skipNewlines();
        }
        this.#skipNewlines();
        functions.set(name, { parameters, body: this.#block() });
      } else rules.push(this.#rule());
    }
    return { rules, functions };
  }

  #rule(): Rule {
    for (const kind of ['BEGIN', 'END'] as const) {
      if (!this.#take(kind)) continue;
      this.#skipNewlines();
      return { kind, from: undefined, to: undefined, body: this.#block() };
    }
    if (this.#is('{')) return { kind: 'line', from: undefined, to: undefined, body: this.#block() };
    const from = this.#expression();
    let to: Expr | undefined;
    if (this.#take(',')) {
      this.#skipNewlines();
      to = this.#expression();
    }
    return { kind: 'line', from, to, body: this.#is('{') ? this.#block() : undefined };
  }

  #name(): string {
    const { is, text } = this.#peek();
    if (is !== 'name' && is !== 'call') throw new AwkError('Unexpected token');
    this.#at++;
    return text;
  }

  #block(): Statement {
    this.#expect('{');
    const body: Statement[] = [];
    for (this.#skipLines(); !this.#take('}'); this.#skipLines()) {
      if (this.#peek().is === 'end') throw new AwkError('Unexpected end of program');
      body.push(this.#statement());
    }
    return { is: 'block', body };
  }

  #end(): void {
    if (this.#peek().is === 'line' || this.#is(';')) this.#at++;
    else if (!this.#is('}') && this.#peek().is !== 'end') throw new AwkError('Unexpected token');
  }

  #body(): Statement {
    this.#skipNewlines();
    if (this.#take(';')) return { is: 'block', body: [] };
    return this.#statement();
  }

  #statement(): Statement {
    const { is, text } = this.#peek();
    if (this.#is('{')) return this.#block();
    if (is !== 'word' || text === 'getline') return this.#simpleEnded();
    this.#at++;
    switch (text) {
      case 'if':
        return this.#if();
      case 'while': {
        const condition = this.#condition();
        return { is: 'while', condition, body: this.#body(), isAfter: false };
      }
      case 'do': {
        const body = this.#body();
        this.#skipLines();
        this.#expect('while');
        const condition = this.#condition();
        this.#end();
        return { is: 'while', condition, body, isAfter: true };
      }
      case 'for':
        return this.#for();
      case 'next':
      case 'nextfile':
      case 'break':
      case 'continue':
        this.#end();
        return { is: 'leave', what: text, value: undefined };
      case 'exit':
      case 'return': {
        const isBare = this.#peek().is === 'line' || this.#is(';') || this.#is('}') || this.#peek().is === 'end';
        const value = isBare ? undefined : this.#expression();
        this.#end();
        return { is: 'leave', what: text, value };
      }
      default:
        this.#at--;
        return this.#simpleEnded();
    }
  }

  #simpleEnded(): Statement {
    const statement = this.#simple();
    this.#end();
    return statement;
  }

  #condition(): Expr {
    this.#expect('(');
    const condition = this.#expression();
    this.#expect(')');
    return condition;
  }

  #if(): Statement {
    const condition = this.#condition();
    const yes = this.#body();
    const from = this.#at;
    this.#skipLines();
    if (this.#take('else')) return { is: 'if', condition, yes, no: this.#body() };
    this.#at = from;
    return { is: 'if', condition, yes, no: undefined };
  }

  #for(): Statement {
    this.#expect('(');
    const [one, two, three, four] = this.#tokens.slice(this.#at, this.#at + 4);
    if (one?.is === 'name' && two?.text === 'in' && three?.is === 'name' && four?.text === ')') {
      this.#at += 4;
      return { is: 'each', name: one.text, array: three.text, body: this.#body() };
    }
    const start = this.#is(';') ? undefined : this.#simple();
    this.#expect(';');
    this.#skipNewlines();
    const condition = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    this.#skipNewlines();
    const step = this.#is(')') ? undefined : this.#simple();
    this.#expect(')');
    return { is: 'for', start, condition, step, body: this.#body() };
  }

  #simple(): Statement {
    if (this.#take('print')) return this.#print(false);
    if (this.#take('printf')) return this.#print(true);
    if (this.#take('delete')) {
      const name = this.#name();
      const index = this.#take('[') ? this.#list(']') : undefined;
      return { is: 'delete', name, index };
    }
    return { is: 'expression', value: this.#expression() };
  }

  #print(isFormatted: boolean): Statement {
    const args: Expr[] = [];
    this.#noGreater++;
    const isBare =
      this.#peek().is === 'line' ||
      this.#peek().is === 'end' ||
      [';', '}', '>', '>>', '|'].some((text) => this.#is(text));
    if (!isBare) {
      do {
        this.#skipNewlines();
        args.push(this.#expression());
      } while (this.#take(','));
    }
    this.#noGreater--;
    let redirect: Redirect | undefined;
    const { text } = this.#peek();
    if ((text === '>' || text === '>>' || text === '|') && this.#peek().is === 'operator') {
      this.#at++;
      redirect = { operator: text, target: this.#concatenation() };
    }
    const [only] = args;
    return { is: 'print', isFormatted, args: args.length === 1 && only?.is === 'group' ? only.values : args, redirect };
  }

  #list(closing: string): Expr[] {
    const found: Expr[] = [];
    const [greater, inside] = [this.#noGreater, this.#noIn];
    [this.#noGreater, this.#noIn] = [0, 0];
    this.#skipNewlines();
    while (!this.#take(closing)) {
      found.push(this.#expression());
      this.#skipNewlines();
      if (!this.#is(closing)) this.#expect(',');
      this.#skipNewlines();
    }
    [this.#noGreater, this.#noIn] = [greater, inside];
    return found;
  }

  #expression(): Expr {
    const left = this.#choice();
    const { is, text } = this.#peek();
    const isTarget = left.is === 'variable' || left.is === 'element' || left.is === 'field';
    if (is !== 'operator' || !assigning.test(text) || !isTarget) return left;
    this.#at++;
    this.#skipNewlines();
    return { is: 'assign', target: left, operator: text.slice(0, -1).replace('**', '^'), value: this.#expression() };
  }

  #choice(): Expr {
    const condition = this.#either();
    if (!this.#take('?')) return condition;
    this.#skipNewlines();
    const yes = this.#expression();
    this.#skipNewlines();
    this.#expect(':');
    this.#skipNewlines();
    return { is: 'choice', condition, yes, no: this.#expression() };
  }

  #either(): Expr {
    let left = this.#both();
    while (this.#take('||')) {
      this.#skipNewlines();
      left = { is: 'binary', operator: '||', left, right: this.#both() };
    }
    return left;
  }

  #both(): Expr {
    let left = this.#membership();
    while (this.#take('&&')) {
      this.#skipNewlines();
      left = { is: 'binary', operator: '&&', left, right: this.#membership() };
    }
    return left;
  }

  #membership(): Expr {
    let left = this.#matching();
    while (this.#noIn === 0 && this.#take('in'))
      left = { is: 'in', index: left.is === 'group' ? left.values : [left], name: this.#name() };
    return left;
  }

  #matching(): Expr {
    let left = this.#comparison();
    for (;;) {
      const isNegated = this.#is('!~');
      if (!isNegated && !this.#is('~')) return left;
      this.#at++;
      left = { is: 'match', isNegated, text: left, pattern: this.#comparison() };
    }
  }

  #comparison(): Expr {
    const left = this.#concatenation();
    const { is, text } = this.#peek();
    if (is === 'operator' && text === '|' && this.#tokens[this.#at + 1]?.text === 'getline') return this.#piped(left);
    if (is !== 'operator' || !comparisons.has(text) || (text === '>' && this.#noGreater > 0)) return left;
    this.#at++;
    return { is: 'binary', operator: text, left, right: this.#concatenation() };
  }

  #piped(command: Expr): Expr {
    let left = command;
    while (this.#is('|') && this.#tokens[this.#at + 1]?.text === 'getline') {
      this.#at += 2;
      left = { is: 'getline', target: this.#target(), from: left, isCommand: true };
    }
    const { is, text } = this.#peek();
    if (is !== 'operator' || !comparisons.has(text) || (text === '>' && this.#noGreater > 0)) return left;
    this.#at++;
    return { is: 'binary', operator: text, left, right: this.#concatenation() };
  }

  /** Where `getline` puts a line, if it says so. */
  #target(): Expr | undefined {
    const { is } = this.#peek();
    return is === 'name' || this.#is('$') ? this.#postfix() : undefined;
  }

  #concatenation(): Expr {
    let left = this.#sum();
    while (this.#startsValue()) left = { is: 'binary', operator: ' ', left, right: this.#sum() };
    return left;
  }

  #startsValue(): boolean {
    const { is, text } = this.#peek();
    if (['number', 'string', 'regex', 'name', 'call', 'function'].includes(is)) return true;
    return is === 'operator' && ['$', '!', '(', '-', '+', '++', '--'].includes(text);
  }

  #sum(): Expr {
    let left = this.#product();
    while (this.#is('+') || this.#is('-')) {
      const { text } = this.#peek();
      this.#at++;
      left = { is: 'binary', operator: text, left, right: this.#product() };
    }
    return left;
  }

  #product(): Expr {
    let left = this.#unary();
    while (this.#is('*') || this.#is('/') || this.#is('%')) {
      const { text } = this.#peek();
      this.#at++;
      left = { is: 'binary', operator: text, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Expr {
    const { is, text } = this.#peek();
    if (is === 'operator' && (text === '!' || text === '-' || text === '+')) {
      this.#at++;
      return { is: 'unary', operator: text, value: this.#unary() };
    }
    return this.#power();
  }

  #power(): Expr {
    const base = this.#postfix();
    if (!this.#take('^') && !this.#take('**')) return base;
    // To the right first, and a sign may stand there.
    const right = this.#is('-') || this.#is('+') || this.#is('!') ? this.#unary() : this.#power();
    return { is: 'binary', operator: '^', left: base, right };
  }

  #postfix(): Expr {
    for (const [text, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (this.#take(text)) return { is: 'step', target: this.#postfix(), by, isAfter: false };
    }
    const value = this.#primary();
    if (value.is !== 'variable' && value.is !== 'element' && value.is !== 'field') return value;
    if (this.#take('++')) return { is: 'step', target: value, by: 1, isAfter: true };
    return this.#take('--') ? { is: 'step', target: value, by: -1, isAfter: true } : value;
  }

  #primary(): Expr {
    const { is, text } = this.#peek();
    this.#at++;
    switch (is) {
      case 'number':
        return { is: 'number', value: Number(text) };
      case 'string':
        return { is: 'string', value: text };
      case 'regex':
        return { is: 'regex', source: text };
      case 'name':
        return this.#take('[') ? { is: 'element', name: text, index: this.#list(']') } : { is: 'variable', name: text };
      case 'call':
        this.#expect('(');
        return { is: 'call', name: text, args: this.#list(')'), isOwn: true };
      case 'function':
        return { is: 'call', name: text, args: this.#take('(') ? this.#list(')') : [], isOwn: false };
      default:
        return this.#special(text);
    }
  }

  #special(text: string): Expr {
    switch (text) {
      case 'getline': {
        const target = this.#target();
        return { is: 'getline', target, from: this.#take('<') ? this.#postfix() : undefined, isCommand: false };
      }
      case '$':
        return { is: 'field', index: this.#is('-') || this.#is('!') ? this.#unary() : this.#postfix() };
      case '(': {
        const values = this.#list(')');
        const [only] = values;
        if (only !== undefined) return values.length === 1 ? only : { is: 'group', values };
        break;
      }
      case '-':
      case '+':
      case '!':
        return { is: 'unary', operator: text, value: this.#unary() };
    }
    throw new AwkError('Unexpected token');
  }
}
