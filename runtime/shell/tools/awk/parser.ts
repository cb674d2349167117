import { tokensOf } from './lexer.ts';
import {
  AwkError,
  type AwkFunction,
  type AwkProgram,
  type Expr,
  type Redirect,
  type Rule,
  type Statement,
} from './syntax.ts';
import { TokenStream } from './token-stream.ts';

/** Reads a program. Throws AwkError. */
export function parseAwk(text: string): AwkProgram {
  return new AwkParser(new TokenStream(tokensOf(text))).program();
}

const comparisons = new Set(['<', '<=', '==', '!=', '>', '>=']);
const assigning = /^(?:[-+*/%^]|\*\*)?=$/;

class AwkParser {
  readonly #tokens: TokenStream;
  /** In the arguments of `print`, `>` is no comparison; in the head of `for`, `in` is no operator. */
  #noGreater = 0;
  #noIn = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (this.#tokens.skipLines(); this.#tokens.peek().is !== 'end'; this.#tokens.skipLines()) {
      if (this.#tokens.take('function') || this.#tokens.take('func')) {
        const name = this.#name();
        this.#tokens.expect('(');
        const parameters: string[] = [];
        while (!this.#tokens.take(')')) {
          parameters.push(this.#name());
          this.#tokens.take(',');
          this.#tokens.skipNewlines();
        }
        this.#tokens.skipNewlines();
        functions.set(name, { parameters, body: this.#block() });
      } else rules.push(this.#rule());
    }
    return { rules, functions };
  }

  #rule(): Rule {
    for (const kind of ['BEGIN', 'END'] as const) {
      if (!this.#tokens.take(kind)) continue;
      this.#tokens.skipNewlines();
      return { kind, from: undefined, to: undefined, body: this.#block() };
    }
    if (this.#tokens.is('{')) return { kind: 'line', from: undefined, to: undefined, body: this.#block() };
    const from = this.#expression();
    let to: Expr | undefined;
    if (this.#tokens.take(',')) {
      this.#tokens.skipNewlines();
      to = this.#expression();
    }
    return { kind: 'line', from, to, body: this.#tokens.is('{') ? this.#block() : undefined };
  }

  #name(): string {
    const { is, text } = this.#tokens.peek();
    if (is !== 'name' && is !== 'call') throw new AwkError('Unexpected token');
    this.#tokens.at++;
    return text;
  }

  #block(): Statement {
    this.#tokens.expect('{');
    const body: Statement[] = [];
    for (this.#tokens.skipLines(); !this.#tokens.take('}'); this.#tokens.skipLines()) {
      if (this.#tokens.peek().is === 'end') throw new AwkError('Unexpected end of program');
      body.push(this.#statement());
    }
    return { is: 'block', body };
  }

  #end(): void {
    if (this.#tokens.peek().is === 'line' || this.#tokens.is(';')) this.#tokens.at++;
    else if (!this.#tokens.is('}') && this.#tokens.peek().is !== 'end') throw new AwkError('Unexpected token');
  }

  #body(): Statement {
    this.#tokens.skipNewlines();
    if (this.#tokens.take(';')) return { is: 'block', body: [] };
    return this.#statement();
  }

  #statement(): Statement {
    const { is, text } = this.#tokens.peek();
    if (this.#tokens.is('{')) return this.#block();
    if (is !== 'word' || text === 'getline') return this.#simpleEnded();
    this.#tokens.at++;
    switch (text) {
      case 'if':
        return this.#if();
      case 'while': {
        const condition = this.#condition();
        return { is: 'while', condition, body: this.#body(), isAfter: false };
      }
      case 'do': {
        const body = this.#body();
        this.#tokens.skipLines();
        this.#tokens.expect('while');
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
        const isBare =
          this.#tokens.peek().is === 'line' ||
          this.#tokens.is(';') ||
          this.#tokens.is('}') ||
          this.#tokens.peek().is === 'end';
        const value = isBare ? undefined : this.#expression();
        this.#end();
        return { is: 'leave', what: text, value };
      }
      default:
        this.#tokens.at--;
        return this.#simpleEnded();
    }
  }

  #simpleEnded(): Statement {
    const statement = this.#simple();
    this.#end();
    return statement;
  }

  #condition(): Expr {
    this.#tokens.expect('(');
    const condition = this.#expression();
    this.#tokens.expect(')');
    return condition;
  }

  #if(): Statement {
    const condition = this.#condition();
    const yes = this.#body();
    const from = this.#tokens.at;
    this.#tokens.skipLines();
    if (this.#tokens.take('else')) return { is: 'if', condition, yes, no: this.#body() };
    this.#tokens.at = from;
    return { is: 'if', condition, yes, no: undefined };
  }

  #for(): Statement {
    this.#tokens.expect('(');
    const [one, two, three, four] = [0, 1, 2, 3].map((ahead) => this.#tokens.peek(ahead));
    if (one?.is === 'name' && two?.text === 'in' && three?.is === 'name' && four?.text === ')') {
      this.#tokens.at += 4;
      return { is: 'each', name: one.text, array: three.text, body: this.#body() };
    }
    const start = this.#tokens.is(';') ? undefined : this.#simple();
    this.#tokens.expect(';');
    this.#tokens.skipNewlines();
    const condition = this.#tokens.is(';') ? undefined : this.#expression();
    this.#tokens.expect(';');
    this.#tokens.skipNewlines();
    const step = this.#tokens.is(')') ? undefined : this.#simple();
    this.#tokens.expect(')');
    return { is: 'for', start, condition, step, body: this.#body() };
  }

  #simple(): Statement {
    if (this.#tokens.take('print')) return this.#print(false);
    if (this.#tokens.take('printf')) return this.#print(true);
    if (this.#tokens.take('delete')) {
      const name = this.#name();
      const index = this.#tokens.take('[') ? this.#list(']') : undefined;
      return { is: 'delete', name, index };
    }
    return { is: 'expression', value: this.#expression() };
  }

  #print(isFormatted: boolean): Statement {
    const args: Expr[] = [];
    this.#noGreater++;
    const isBare =
      this.#tokens.peek().is === 'line' ||
      this.#tokens.peek().is === 'end' ||
      [';', '}', '>', '>>', '|'].some((text) => this.#tokens.is(text));
    if (!isBare) {
      do {
        this.#tokens.skipNewlines();
        args.push(this.#expression());
      } while (this.#tokens.take(','));
    }
    this.#noGreater--;
    let redirect: Redirect | undefined;
    const { text } = this.#tokens.peek();
    if ((text === '>' || text === '>>' || text === '|') && this.#tokens.peek().is === 'operator') {
      this.#tokens.at++;
      redirect = { operator: text, target: this.#concatenation() };
    }
    const [only] = args;
    return { is: 'print', isFormatted, args: args.length === 1 && only?.is === 'group' ? only.values : args, redirect };
  }

  #list(closing: string): Expr[] {
    const found: Expr[] = [];
    const [greater, inside] = [this.#noGreater, this.#noIn];
    [this.#noGreater, this.#noIn] = [0, 0];
    this.#tokens.skipNewlines();
    while (!this.#tokens.take(closing)) {
      found.push(this.#expression());
      this.#tokens.skipNewlines();
      if (!this.#tokens.is(closing)) this.#tokens.expect(',');
      this.#tokens.skipNewlines();
    }
    [this.#noGreater, this.#noIn] = [greater, inside];
    return found;
  }

  #expression(): Expr {
    const left = this.#choice();
    const { is, text } = this.#tokens.peek();
    const isTarget = left.is === 'variable' || left.is === 'element' || left.is === 'field';
    if (is !== 'operator' || !assigning.test(text) || !isTarget) return left;
    this.#tokens.at++;
    this.#tokens.skipNewlines();
    return { is: 'assign', target: left, operator: text.slice(0, -1).replace('**', '^'), value: this.#expression() };
  }

  #choice(): Expr {
    const condition = this.#either();
    if (!this.#tokens.take('?')) return condition;
    this.#tokens.skipNewlines();
    const yes = this.#expression();
    this.#tokens.skipNewlines();
    this.#tokens.expect(':');
    this.#tokens.skipNewlines();
    return { is: 'choice', condition, yes, no: this.#expression() };
  }

  #either(): Expr {
    let left = this.#both();
    while (this.#tokens.take('||')) {
      this.#tokens.skipNewlines();
      left = { is: 'binary', operator: '||', left, right: this.#both() };
    }
    return left;
  }

  #both(): Expr {
    let left = this.#membership();
    while (this.#tokens.take('&&')) {
      this.#tokens.skipNewlines();
      left = { is: 'binary', operator: '&&', left, right: this.#membership() };
    }
    return left;
  }

  #membership(): Expr {
    let left = this.#matching();
    while (this.#noIn === 0 && this.#tokens.take('in'))
      left = { is: 'in', index: left.is === 'group' ? left.values : [left], name: this.#name() };
    return left;
  }

  #matching(): Expr {
    let left = this.#comparison();
    for (;;) {
      const isNegated = this.#tokens.is('!~');
      if (!isNegated && !this.#tokens.is('~')) return left;
      this.#tokens.at++;
      left = { is: 'match', isNegated, text: left, pattern: this.#comparison() };
    }
  }

  #comparison(): Expr {
    const left = this.#concatenation();
    const { is, text } = this.#tokens.peek();
    if (is === 'operator' && text === '|' && this.#tokens.peek(1).text === 'getline') return this.#piped(left);
    if (is !== 'operator' || !comparisons.has(text) || (text === '>' && this.#noGreater > 0)) return left;
    this.#tokens.at++;
    return { is: 'binary', operator: text, left, right: this.#concatenation() };
  }

  #piped(command: Expr): Expr {
    let left = command;
    while (this.#tokens.is('|') && this.#tokens.peek(1).text === 'getline') {
      this.#tokens.at += 2;
      left = { is: 'getline', target: this.#target(), from: left, isCommand: true };
    }
    const { is, text } = this.#tokens.peek();
    if (is !== 'operator' || !comparisons.has(text) || (text === '>' && this.#noGreater > 0)) return left;
    this.#tokens.at++;
    return { is: 'binary', operator: text, left, right: this.#concatenation() };
  }

  /** Where `getline` puts a line, if it says so. */
  #target(): Expr | undefined {
    const { is } = this.#tokens.peek();
    return is === 'name' || this.#tokens.is('$') ? this.#postfix() : undefined;
  }

  #concatenation(): Expr {
    let left = this.#sum();
    while (this.#startsValue()) left = { is: 'binary', operator: ' ', left, right: this.#sum() };
    return left;
  }

  #startsValue(): boolean {
    const { is, text } = this.#tokens.peek();
    if (['number', 'string', 'regex', 'name', 'call', 'function'].includes(is)) return true;
    return is === 'operator' && ['$', '!', '(', '-', '+', '++', '--'].includes(text);
  }

  #sum(): Expr {
    let left = this.#product();
    while (this.#tokens.is('+') || this.#tokens.is('-')) {
      const { text } = this.#tokens.peek();
      this.#tokens.at++;
      left = { is: 'binary', operator: text, left, right: this.#product() };
    }
    return left;
  }

  #product(): Expr {
    let left = this.#unary();
    while (this.#tokens.is('*') || this.#tokens.is('/') || this.#tokens.is('%')) {
      const { text } = this.#tokens.peek();
      this.#tokens.at++;
      left = { is: 'binary', operator: text, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Expr {
    const { is, text } = this.#tokens.peek();
    if (is === 'operator' && (text === '!' || text === '-' || text === '+')) {
      this.#tokens.at++;
      return { is: 'unary', operator: text, value: this.#unary() };
    }
    return this.#power();
  }

  #power(): Expr {
    const base = this.#postfix();
    if (!this.#tokens.take('^') && !this.#tokens.take('**')) return base;
    // To the right first, and a sign may stand there.
    const right = this.#tokens.is('-') || this.#tokens.is('+') || this.#tokens.is('!') ? this.#unary() : this.#power();
    return { is: 'binary', operator: '^', left: base, right };
  }

  #postfix(): Expr {
    for (const [text, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (this.#tokens.take(text)) return { is: 'step', target: this.#postfix(), by, isAfter: false };
    }
    const value = this.#primary();
    if (value.is !== 'variable' && value.is !== 'element' && value.is !== 'field') return value;
    if (this.#tokens.take('++')) return { is: 'step', target: value, by: 1, isAfter: true };
    return this.#tokens.take('--') ? { is: 'step', target: value, by: -1, isAfter: true } : value;
  }

  #primary(): Expr {
    const { is, text } = this.#tokens.peek();
    this.#tokens.at++;
    switch (is) {
      case 'number':
        return { is: 'number', value: Number(text) };
      case 'string':
        return { is: 'string', value: text };
      case 'regex':
        return { is: 'regex', source: text };
      case 'name':
        return this.#tokens.take('[')
          ? { is: 'element', name: text, index: this.#list(']') }
          : { is: 'variable', name: text };
      case 'call':
        this.#tokens.expect('(');
        return { is: 'call', name: text, args: this.#list(')'), isOwn: true };
      case 'function':
        return { is: 'call', name: text, args: this.#tokens.take('(') ? this.#list(')') : [], isOwn: false };
      default:
        return this.#special(text);
    }
  }

  #special(text: string): Expr {
    switch (text) {
      case 'getline': {
        const target = this.#target();
        return { is: 'getline', target, from: this.#tokens.take('<') ? this.#postfix() : undefined, isCommand: false };
      }
      case '$':
        return { is: 'field', index: this.#tokens.is('-') || this.#tokens.is('!') ? this.#unary() : this.#postfix() };
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
