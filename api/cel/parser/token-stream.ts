import type { Token, TokenType } from './lexer.ts';

/** The quick parser met a token that the grammar does not take here; syntax-errors.ts finds the words for it. */
export class UnexpectedToken extends Error {
  override readonly name = 'UnexpectedToken';
}

export class RecursionLimit extends Error {
  override readonly name = 'RecursionLimit';
}

/** How deep a rule of the grammar may be inside itself. */
const maxDepth = 250;

export type CountedRule = 'expr' | 'relation' | 'calc' | 'member';

export interface TokenStream {
  peek(ahead?: number): Token;
  next(): Token;
  /** Takes the token when it is of the type. */
  take(type: TokenType): Token | undefined;
  expect(type: TokenType): Token;
  within<T>(rule: CountedRule, parse: () => T): T;
}

export function tokenStream(tokens: readonly Token[]): TokenStream {
  const end = tokens[tokens.length - 1];
  if (end === undefined) throw new Error('tokens end with the end');
  const depth: Record<CountedRule, number> = { expr: 0, relation: 0, calc: 0, member: 0 };
  let index = 0;
  const peek = (ahead = 0) => tokens[index + ahead] ?? end;
  const next = () => tokens[index++] ?? end;
  const take = (type: TokenType) => (peek().type === type ? next() : undefined);
  return {
    peek,
    next,
    take,
    expect: (type) => {
      const token = take(type);
      if (token === undefined) throw new UnexpectedToken();
      return token;
    },
    within: (rule, parse) => {
      const before = depth[rule];
      if (++depth[rule] > maxDepth) {
        throw new RecursionLimit(`expression recursion limit exceeded: ${maxDepth}`);
      }
      const result = parse();
      depth[rule] = before;
      return result;
    },
  };
}
