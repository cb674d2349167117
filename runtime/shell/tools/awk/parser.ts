import { ExpressionParser } from './expression-parser.ts';
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

class AwkParser {
  readonly #tokens: TokenStream;
  readonly #expressions: ExpressionParser;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
    this.#expressions = new ExpressionParser(tokens);
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (this.#tokens.skipLines(); this.#tokens.peek().is !== 'end'; this.#tokens.skipLines()) {
      if (this.#tokens.take('function') || this.#tokens.take('func')) {
        const name = this.#tokens.name();
        this.#tokens.expect('(');
        const parameters: string[] = [];
        while (!this.#tokens.take(')')) {
          parameters.push(this.#tokens.name());
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
    const from = this.#expressions.expression();
    let to: Expr | undefined;
    if (this.#tokens.take(',')) {
      this.#tokens.skipNewlines();
      to = this.#expressions.expression();
    }
    return { kind: 'line', from, to, body: this.#tokens.is('{') ? this.#block() : undefined };
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
        const value = isBare ? undefined : this.#expressions.expression();
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
    const condition = this.#expressions.expression();
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
    const condition = this.#tokens.is(';') ? undefined : this.#expressions.expression();
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
      const name = this.#tokens.name();
      const index = this.#tokens.take('[') ? this.#expressions.list(']') : undefined;
      return { is: 'delete', name, index };
    }
    return { is: 'expression', value: this.#expressions.expression() };
  }

  #print(isFormatted: boolean): Statement {
    const args: Expr[] = [];
    const isBare =
      this.#tokens.peek().is === 'line' ||
      this.#tokens.peek().is === 'end' ||
      [';', '}', '>', '>>', '|'].some((text) => this.#tokens.is(text));
    if (!isBare) {
      do {
        this.#tokens.skipNewlines();
        args.push(this.#expressions.argument());
      } while (this.#tokens.take(','));
    }
    let redirect: Redirect | undefined;
    const { text } = this.#tokens.peek();
    if ((text === '>' || text === '>>' || text === '|') && this.#tokens.peek().is === 'operator') {
      this.#tokens.at++;
      redirect = { operator: text, target: this.#expressions.concatenation() };
    }
    const [only] = args;
    return { is: 'print', isFormatted, args: args.length === 1 && only?.is === 'group' ? only.values : args, redirect };
  }
}
