import { type Expr, type MapEntry, operators, type StructField } from '../ast.ts';
import type { Issue } from '../source.ts';
import { type Token, type TokenType, tokenize } from './lexer.ts';
import {
  LiteralError,
  parseBytesLiteral,
  parseDoubleLiteral,
  parseIntLiteral,
  parseStringLiteral,
  parseUintLiteral,
} from './literals.ts';
import { MacroError, type Macros } from './macros.ts';
import { reservedNames } from './reserved-names.ts';
import { explain } from './syntax/recovery.ts';
import { RecursionLimit, type TokenStream, tokenStream, UnexpectedToken } from './token-stream.ts';
import { type TreeBuilder, treeBuilder } from './tree-builder.ts';

export interface Parsed {
  /** Meaningless when there are issues. */
  readonly expr: Expr | undefined;
  readonly issues: readonly Issue[];
}

const maxCodePoints = 100_000;

/** Text to tree, macros expanded. */
export function parse(text: string, macros: Macros): Parsed {
  if (text.length > maxCodePoints) {
    const size = [...text].length;
    const message = `expression code point size exceeds limit: size: ${size}, limit ${maxCodePoints}`;
    if (size > maxCodePoints) return { expr: undefined, issues: [{ offset: -1, message }] };
  }
  const { tokens, issues } = tokenize(text);
  const parser: Parser = {
    tokens: tokenStream(tokens),
    build: treeBuilder(),
    macros,
    issues: [...issues],
  };
  try {
    const expr = parseExpr(parser);
    parser.tokens.expect('<EOF>');
    return { expr, issues: parser.issues };
  } catch (error) {
    if (error instanceof RecursionLimit) {
      return { expr: undefined, issues: [...issues, { offset: -1, message: error.message }] };
    }
    if (!(error instanceof UnexpectedToken)) throw error;
    return { expr: undefined, issues: [...issues, ...explain(text, tokens)] };
  }
}

interface Parser {
  readonly tokens: TokenStream;
  readonly build: TreeBuilder;
  readonly macros: Macros;
  readonly issues: Issue[];
}

function parseExpr(parser: Parser): Expr {
  const { tokens } = parser;
  return tokens.within('expr', () => {
    const condition = parseLogic(parser, "'||'", operators.or, () =>
      parseLogic(parser, "'&&'", operators.and, () => parseRelation(parser)),
    );
    const question = tokens.take("'?'");
    if (question === undefined) return condition;
    const whenTrue = parseLogic(parser, "'||'", operators.or, () =>
      parseLogic(parser, "'&&'", operators.and, () => parseRelation(parser)),
    );
    tokens.expect("':'");
    const args = [condition, whenTrue, parseExpr(parser)];
    return call(parser, question.offset, operators.conditional, args);
  });
}

/** A chain of && or || becomes a balanced tree, so that long ones stay shallow. */
function parseLogic(parser: Parser, type: TokenType, name: string, term: () => Expr): Expr {
  const terms = [term()];
  const offsets: number[] = [];
  for (let token = parser.tokens.take(type); token; token = parser.tokens.take(type)) {
    offsets.push(token.offset);
    terms.push(term());
  }
  const balanced = (low: number, high: number): Expr => {
    const middle = Math.floor((low + high + 1) / 2);
    const left = middle === low ? terms[middle] : balanced(low, middle - 1);
    const right = middle === high ? terms[middle + 1] : balanced(middle + 1, high);
    if (left === undefined || right === undefined) throw new Error('a chain has its terms');
    return parser.build.call(offsets[middle] ?? 0, name, [left, right]);
  };
  return offsets.length === 0 && terms[0] ? terms[0] : balanced(0, offsets.length - 1);
}

const relations: Partial<Record<TokenType, string>> = {
  "'<'": '_<_',
  "'<='": '_<=_',
  "'>='": '_>=_',
  "'>'": '_>_',
  "'=='": '_==_',
  "'!='": '_!=_',
  "'in'": '@in',
};
const products: Partial<Record<TokenType, string>> = { "'*'": '_*_', "'/'": '_/_', "'%'": '_%_' };
const sums: Partial<Record<TokenType, string>> = { "'+'": '_+_', "'-'": '_-_' };

function parseRelation(parser: Parser): Expr {
  const { tokens } = parser;
  return tokens.within('relation', () =>
    continueBinary(parser, 'relation', relations, parseSum(parser), () =>
      tokens.within('relation', () => parseSum(parser)),
    ),
  );
}

function parseSum(parser: Parser): Expr {
  return parser.tokens.within('calc', () =>
    continueBinary(parser, 'calc', sums, parseProduct(parser, parseUnary(parser)), () =>
      parser.tokens.within('calc', () => parseProduct(parser, parseUnary(parser))),
    ),
  );
}

function parseProduct(parser: Parser, first: Expr): Expr {
  return continueBinary(parser, 'calc', products, first, () => parser.tokens.within('calc', () => parseUnary(parser)));
}

function continueBinary(
  parser: Parser,
  rule: 'relation' | 'calc',
  names: Partial<Record<TokenType, string>>,
  first: Expr,
  operand: () => Expr,
): Expr {
  let left = first;
  for (;;) {
    const token = parser.tokens.peek();
    const name = names[token.type];
    if (name === undefined) return left;
    parser.tokens.next();
    parser.tokens.deepen(rule);
    left = call(parser, token.offset, name, [left, operand()]);
  }
}

function parseUnary(parser: Parser): Expr {
  const { tokens, build } = parser;
  const first = tokens.peek();
  if (first.type !== "'!'" && (first.type !== "'-'" || isSign(tokens))) return parseMember(parser);
  let count = 0;
  while (tokens.take(first.type)) count++;
  const operand = parseMember(parser);
  if (count % 2 === 0) return operand;
  return build.call(first.offset, first.type === "'!'" ? operators.not : operators.negate, [operand]);
}

/** One minus before a number belongs to the literal; of several all are operators. */
function isSign(tokens: TokenStream): boolean {
  const next = tokens.peek(1).type;
  return next === 'NUM_INT' || next === 'NUM_FLOAT';
}

function parseMember(parser: Parser): Expr {
  return parser.tokens.within('member', () => {
    let expr = parsePrimary(parser);
    for (;;) {
      const token = parser.tokens.peek();
      if (token.type !== "'.'" && token.type !== "'['") return expr;
      parser.tokens.next();
      parser.tokens.deepen('member');
      expr = token.type === "'.'" ? parseSelection(parser, expr, token) : parseIndex(parser, expr, token);
    }
  });
}

function parseSelection(parser: Parser, operand: Expr, dot: Token): Expr {
  const { tokens, build } = parser;
  if (tokens.take("'?'")) {
    const name = parseEscapedName(parser);
    const field = build.constant(name.offset, { type: 'string', value: name.text });
    return build.call(dot.offset, operators.optSelect, [operand, field]);
  }
  const name = parseEscapedName(parser);
  if (name.type === 'IDENTIFIER') {
    const open = tokens.take("'('");
    if (open) return call(parser, open.offset, name.text, parseArguments(parser), operand);
  }
  return build.select(dot.offset, operand, name.text);
}

/** Names in back quotes are in the grammar, but Kubernetes leaves them switched off. */
function parseEscapedName(parser: Parser): Token {
  const token = parser.tokens.take('ESC_IDENTIFIER');
  if (token === undefined) return parser.tokens.expect('IDENTIFIER');
  parser.issues.push({ offset: token.offset, message: "unsupported syntax: '`'" });
  return token;
}

function parseIndex(parser: Parser, target: Expr, open: Token): Expr {
  const name = parser.tokens.take("'?'") ? operators.optIndex : operators.index;
  const index = parseExpr(parser);
  parser.tokens.expect("']'");
  return call(parser, open.offset, name, [target, index]);
}

/** After the parenthesis, up to and with the closing one. */
function parseArguments(parser: Parser): Expr[] {
  if (parser.tokens.take("')'")) return [];
  const args = [parseExpr(parser)];
  while (parser.tokens.take("','")) args.push(parseExpr(parser));
  parser.tokens.expect("')'");
  return args;
}

function parsePrimary(parser: Parser): Expr {
  const { tokens } = parser;
  const token = tokens.peek();
  switch (token.type) {
    case "'.'":
    case 'IDENTIFIER':
      return isMessage(tokens) ? parseMessage(parser) : parseName(parser);
    case "'('": {
      tokens.next();
      const inner = parseExpr(parser);
      tokens.expect("')'");
      return inner;
    }
    case "'['":
      return parseList(parser, tokens.next());
    case "'{'":
      return parseMap(parser, tokens.next());
    default:
      return parseLiteral(parser, tokens.next());
  }
}

function isMessage(tokens: TokenStream): boolean {
  let ahead = tokens.peek().type === "'.'" ? 1 : 0;
  while (tokens.peek(ahead).type === 'IDENTIFIER') {
    const after = tokens.peek(ahead + 1).type;
    if (after !== "'.'") return after === "'{'";
    ahead += 2;
  }
  return false;
}

function parseName(parser: Parser): Expr {
  const { tokens, build } = parser;
  const dot = tokens.take("'.'");
  const name = tokens.expect('IDENTIFIER');
  const offset = dot?.offset ?? name.offset;
  const open = tokens.take("'('");
  const reported = parser.issues.length;
  const args = open ? parseArguments(parser) : [];
  if (reservedNames.has(name.text)) {
    // Nothing is said about arguments then.
    parser.issues.splice(reported);
    parser.issues.push({ offset, message: `reserved identifier: ${name.text}` });
    return build.constant(offset, { type: 'null', value: null });
  }
  const text = dot ? `.${name.text}` : name.text;
  return open ? call(parser, open.offset, text, args) : build.ident(name.offset, text);
}

function parseMessage(parser: Parser): Expr {
  const { tokens, build } = parser;
  let typeName = tokens.take("'.'") ? '.' : '';
  typeName += tokens.expect('IDENTIFIER').text;
  while (tokens.take("'.'")) typeName += `.${tokens.expect('IDENTIFIER').text}`;
  const open = tokens.expect("'{'");
  const fields = parseEntries(parser, "'}'", (): StructField => {
    const optional = tokens.take("'?'") !== undefined;
    const name = parseEscapedName(parser);
    const colon = tokens.expect("':'");
    return build.structField(colon.offset, name.text, parseExpr(parser), optional);
  });
  return build.struct(open.offset, typeName, fields);
}

function parseList(parser: Parser, open: Token): Expr {
  const optional: number[] = [];
  let index = 0;
  const elements = parseEntries(parser, "']'", () => {
    if (parser.tokens.take("'?'")) optional.push(index);
    index++;
    return parseExpr(parser);
  });
  return parser.build.list(open.offset, elements, optional);
}

function parseMap(parser: Parser, open: Token): Expr {
  const entries = parseEntries(parser, "'}'", (): MapEntry => {
    const optional = parser.tokens.take("'?'") !== undefined;
    const key = parseExpr(parser);
    const colon = parser.tokens.expect("':'");
    return parser.build.mapEntry(colon.offset, key, parseExpr(parser), optional);
  });
  return parser.build.map(open.offset, entries);
}

/** Entries with commas between and maybe one behind; a comma alone is fine too. */
function parseEntries<T>(parser: Parser, close: TokenType, entry: () => T): T[] {
  const { tokens } = parser;
  const entries: T[] = [];
  while (tokens.peek().type !== close && tokens.peek().type !== "','") {
    entries.push(entry());
    if (tokens.peek().type !== "','" || tokens.peek(1).type === close) break;
    tokens.next();
    if (tokens.peek().type === "','") throw new UnexpectedToken();
  }
  tokens.take("','");
  tokens.expect(close);
  return entries;
}

function parseLiteral(parser: Parser, token: Token): Expr {
  const { build, tokens } = parser;
  const negative = token.type === "'-'";
  try {
    return build.constant(token.offset, literalOf(negative ? tokens.next() : token, negative));
  } catch (error) {
    if (!(error instanceof LiteralError)) throw error;
    parser.issues.push({ offset: token.offset, message: error.message });
    return build.constant(token.offset, { type: 'null', value: null });
  }
}

function literalOf({ type, text }: Token, negative: boolean) {
  switch (type) {
    case 'NUM_INT':
      return { type: 'int', value: parseIntLiteral(text, negative) } as const;
    case 'NUM_UINT':
      return { type: 'uint', value: parseUintLiteral(text) } as const;
    case 'NUM_FLOAT':
      return { type: 'double', value: parseDoubleLiteral(text, negative) } as const;
    case 'STRING':
      return { type: 'string', value: parseStringLiteral(text) } as const;
    case 'BYTES':
      return { type: 'bytes', value: parseBytesLiteral(text) } as const;
    case "'true'":
    case "'false'":
      return { type: 'bool', value: type === "'true'" } as const;
    case "'null'":
      return { type: 'null', value: null } as const;
    default:
      throw new UnexpectedToken();
  }
}

function call(parser: Parser, offset: number, name: string, args: readonly Expr[], target?: Expr): Expr {
  const { build, issues } = parser;
  const macro = parser.macros.get(`${name}:${args.length}:${target !== undefined}`);
  try {
    const expanded = macro?.({ build, offset, target, args });
    return expanded ?? build.call(offset, name, args, target);
  } catch (error) {
    if (!(error instanceof MacroError)) throw error;
    issues.push({ offset: error.offset, message: error.message });
    return build.call(offset, name, args, target);
  }
}
