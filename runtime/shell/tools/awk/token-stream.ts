import type { Token } from './lexer.ts';
import { AwkError } from './syntax.ts';

/** Tokens, and which is next. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.at + ahead] ?? { is: 'end', text: '' };
  }

  is(text: string): boolean {
    const token = this.peek();
    return (token.is === 'operator' || token.is === 'word') && token.text === text;
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  /** Throws AwkError. */
  expect(text: string): void {
    if (!this.take(text)) throw new AwkError('Unexpected token');
  }

  /** Throws AwkError. */
  name(): string {
    const { is, text } = this.peek();
    if (is !== 'name' && is !== 'call') throw new AwkError('Unexpected token');
    this.at++;
    return text;
  }

  skipLines(): void {
    while (this.peek().is === 'line' || this.is(';')) this.at++;
  }

  skipNewlines(): void {
    while (this.peek().is === 'line') this.at++;
  }
}
