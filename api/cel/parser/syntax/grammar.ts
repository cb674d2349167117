import type { TokenType } from '../lexer.ts';

/** The grammar as it is told to people who break it. Which decisions look how far ahead decides what they read. */
export type Element =
  | { readonly kind: 'token'; readonly types: readonly TokenType[] }
  | { readonly kind: 'rule'; readonly name: RuleName; readonly precedence: number }
  | { readonly kind: 'optional'; readonly body: Sequence }
  | { readonly kind: 'star'; readonly body: Sequence; readonly lookahead: Lookahead }
  | { readonly kind: 'plus'; readonly body: Sequence; readonly lookahead: Lookahead }
  | {
      readonly kind: 'choice';
      readonly alternatives: readonly Sequence[];
      readonly lookahead: Lookahead;
    };

export type Sequence = readonly Element[];

/** By the next token alone, or as far ahead as needed. */
export type Lookahead = 'one' | 'any';

/** A rule that begins with itself: a first operand, then any number of steps of at least the wanted precedence. */
export interface LeftRecursion {
  readonly first: Sequence;
  readonly steps: readonly { readonly precedence: number; readonly body: Sequence }[];
}

export type Rule = Sequence | LeftRecursion;

export type RuleName =
  | 'start'
  | 'expr'
  | 'conditionalOr'
  | 'conditionalAnd'
  | 'relation'
  | 'calc'
  | 'unary'
  | 'member'
  | 'primary'
  | 'exprList'
  | 'listInit'
  | 'fieldInitializerList'
  | 'optField'
  | 'mapInitializerList'
  | 'escapeIdent'
  | 'optExpr'
  | 'literal';

const token = (...types: TokenType[]): Element => ({ kind: 'token', types });
const rule = (name: RuleName, precedence = 0): Element => ({ kind: 'rule', name, precedence });
const optional = (...body: Element[]): Element => ({ kind: 'optional', body });
const star = (lookahead: Lookahead, ...body: Element[]): Element => {
  return { kind: 'star', body, lookahead };
};
const plus = (lookahead: Lookahead, ...body: Element[]): Element => {
  return { kind: 'plus', body, lookahead };
};
const choice = (lookahead: Lookahead, ...alternatives: Sequence[]): Element => {
  return { kind: 'choice', alternatives, lookahead };
};

const identifier = token('IDENTIFIER');
const leadingDot = optional(token("'.'"));
const trailingComma = optional(token("','"));
const args: Sequence = [token("'('"), optional(rule('exprList')), token("')'")];
const mapEntry: Sequence = [rule('optExpr'), token("':'"), rule('expr')];
const field: Sequence = [rule('optField'), token("':'"), rule('expr')];

export const grammar: Readonly<Record<RuleName, Rule>> = {
  start: [rule('expr'), token('<EOF>')],
  expr: [rule('conditionalOr'), optional(token("'?'"), rule('conditionalOr'), token("':'"), rule('expr'))],
  conditionalOr: [rule('conditionalAnd'), star('one', token("'||'"), rule('conditionalAnd'))],
  conditionalAnd: [rule('relation'), star('one', token("'&&'"), rule('relation'))],
  relation: {
    first: [rule('calc')],
    steps: [
      {
        precedence: 1,
        body: [token("'<'", "'<='", "'>='", "'>'", "'=='", "'!='", "'in'"), rule('relation', 2)],
      },
    ],
  },
  calc: {
    first: [rule('unary')],
    steps: [
      { precedence: 2, body: [token("'*'", "'/'", "'%'"), rule('calc', 3)] },
      { precedence: 1, body: [token("'+'", "'-'"), rule('calc', 2)] },
    ],
  },
  unary: [
    choice(
      'any',
      [rule('member')],
      [plus('one', token("'!'")), rule('member')],
      [plus('any', token("'-'")), rule('member')],
    ),
  ],
  member: {
    first: [rule('primary')],
    steps: [
      { precedence: 3, body: [token("'.'"), optional(token("'?'")), rule('escapeIdent')] },
      { precedence: 2, body: [token("'.'"), identifier, ...args] },
      {
        precedence: 1,
        body: [token("'['"), optional(token("'?'")), rule('expr'), token("']'")],
      },
    ],
  },
  primary: [
    choice(
      'any',
      [leadingDot, identifier],
      [leadingDot, identifier, ...args],
      [token("'('"), rule('expr'), token("')'")],
      [token("'['"), optional(rule('listInit')), trailingComma, token("']'")],
      [token("'{'"), optional(rule('mapInitializerList')), trailingComma, token("'}'")],
      [
        leadingDot,
        identifier,
        star('one', token("'.'"), identifier),
        token("'{'"),
        optional(rule('fieldInitializerList')),
        trailingComma,
        token("'}'"),
      ],
      [rule('literal')],
    ),
  ],
  exprList: [rule('expr'), star('one', token("','"), rule('expr'))],
  listInit: [rule('optExpr'), star('any', token("','"), rule('optExpr'))],
  fieldInitializerList: [...field, star('any', token("','"), ...field)],
  optField: [optional(token("'?'")), rule('escapeIdent')],
  mapInitializerList: [...mapEntry, star('any', token("','"), ...mapEntry)],
  escapeIdent: [choice('one', [identifier], [token('ESC_IDENTIFIER')])],
  optExpr: [optional(token("'?'")), rule('expr')],
  literal: [
    choice(
      'any',
      [optional(token("'-'")), token('NUM_INT')],
      [token('NUM_UINT')],
      [optional(token("'-'")), token('NUM_FLOAT')],
      [token('STRING')],
      [token('BYTES')],
      [token("'true'")],
      [token("'false'")],
      [token("'null'")],
    ),
  ],
};
