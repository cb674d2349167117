import { AwkError, type Expr } from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

const comparisons = new Set(['<', '<=', '==', '!=', '>', '>=']);
const assigning = /^(?:[-+*/%^]|\*\*)?=$/;

/** Reads expressions, by how strongly their operators bind. */
export class ExpressionParser {
  readonly #tokens: TokenStream;
  /** In the arguments of `print`, `>` is no comparison. */
  #noGreater = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  /** Of `print`: what is behind `>` is a file. */
  argument(): Expr {
    this.#noGreater++;
    const found = this.expression();
    this.#noGreater--;
    return found;
  }

  /** Up to the `closing` one. Throws AwkError. */
  list(closing: string): Expr[] {
    const found: Expr[] = [];
    const greater = this.#noGreater;
    this.#noGreater = 0;
    this.#tokens.skipNewlines();
    while (!this.#tokens.take(closing)) {
      found.push(this.expression());
      this.#tokens.skipNewlines();
      if (!this.#tokens.is(closing)) this.#tokens.expect(',');
      this.#tokens.skipNewlines();
    }
    this.#noGreater = greater;
    return found;
  }

  /** Throws AwkError. */
  expression(): Expr {
    const left = this.#choice();
    const { is, text } = this.#tokens.peek();
    const isTarget = left.is === 'variable' || left.is === 'element' || left.is === 'field';
    if (is !== 'operator' || !assigning.test(text) || !isTarget) return left;
    this.#tokens.at++;
    this.#tokens.skipNewlines();
    return { is: 'assign', target: left, operator: text.slice(0, -1).replace('**', '^'), value: this.expression() };
  }

  #choice(): Expr {
    const condition = this.#either();
    if (!this.#tokens.take('?')) return condition;
    this.#tokens.skipNewlines();
    const yes = this.expression();
    this.#tokens.skipNewlines();
    this.#tokens.expect(':');
    this.#tokens.skipNewlines();
    return { is: 'choice', condition, yes, no: this.expression() };
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
    while (this.#tokens.take('in'))
      left = { is: 'in', index: left.is === 'group' ? left.values : [left], name: this.#tokens.name() };
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
    const left = this.concatenation();
    const { is, text } = this.#tokens.peek();
    if (is === 'operator' && text === '|' && this.#tokens.peek(1).text === 'getline') return this.#piped(left);
    if (is !== 'operator' || !comparisons.has(text) || (text === '>' && this.#noGreater > 0)) return left;
    this.#tokens.at++;
    return { is: 'binary', operator: text, left, right: this.concatenation() };
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
    return { is: 'binary', operator: text, left, right: this.concatenation() };
  }

  /** Where `getline` puts a line, if it says so. */
  #target(): Expr | undefined {
    const { is } = this.#tokens.peek();
    return is === 'name' || this.#tokens.is('$') ? this.#postfix() : undefined;
  }

  /** Without comparisons: where a redirection leads. */
  concatenation(): Expr {
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
          ? { is: 'element', name: text, index: this.list(']') }
          : { is: 'variable', name: text };
      case 'call':
        this.#tokens.expect('(');
        return { is: 'call', name: text, args: this.list(')'), isOwn: true };
      case 'function':
        return { is: 'call', name: text, args: this.#tokens.take('(') ? this.list(')') : [], isOwn: false };
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
        const values = this.list(')');
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
