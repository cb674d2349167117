import type { Expr, MapEntry, StructField } from '../ast.ts';
import type { Token, TokenType } from './lexer.ts';
import { isLiteral } from './literals.ts';
import { atHeight, makeCall, makeLiteral, type Parsing, parseArguments, parseEscapedName } from './parsing.ts';
import { reservedNames } from './reserved-names.ts';
import { type TokenStream, UnexpectedToken } from './token-stream.ts';

/** Names, calls, literals and whatever is in brackets. */
export function parsePrimary(parsing: Parsing): Expr {
  const { tokens } = parsing;
  const token = tokens.peek();
  switch (token.type) {
    case "'.'":
    case 'IDENTIFIER':
      return isMessage(tokens) ? parseMessage(parsing) : parseName(parsing);
    case "'('": {
      tokens.next();
      const inner = parsing.parseExpr();
      tokens.expect("')'");
      return inner;
    }
    case "'['":
      return parseList(parsing, tokens.next());
    case "'{'":
      return parseMap(parsing, tokens.next());
    default:
      return parseLiteral(parsing, tokens.next());
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

function parseName(parsing: Parsing): Expr {
  const { tokens, build } = parsing;
  const dot = tokens.take("'.'");
  const name = tokens.expect('IDENTIFIER');
  const offset = dot?.offset ?? name.offset;
  const open = tokens.take("'('");
  const reported = parsing.issues.length;
  const args = open ? parseArguments(parsing) : [];
  if (reservedNames.has(name.text)) {
    // Nothing is said about arguments then.
    parsing.issues.splice(reported);
    parsing.issues.push({ offset, message: `reserved identifier: ${name.text}` });
    return build.constant(offset, { type: 'null', value: null });
  }
  const text = dot ? `.${name.text}` : name.text;
  if (open === undefined) return build.ident(name.offset, text);
  return makeCall(parsing, { offset: open.offset, name: text, args, counted: 0 });
}

function parseMessage(parsing: Parsing): Expr {
  const { tokens, build } = parsing;
  let typeName = tokens.take("'.'") ? '.' : '';
  typeName += tokens.expect('IDENTIFIER').text;
  while (tokens.take("'.'")) typeName += `.${tokens.expect('IDENTIFIER').text}`;
  const open = tokens.expect("'{'");
  const fields = parseEntries(parsing, "'}'", (): StructField => {
    const optional = tokens.take("'?'") !== undefined;
    const name = parseEscapedName(parsing);
    const colon = tokens.expect("':'");
    return build.structField(colon.offset, name.text, parsing.parseExpr(), optional);
  });
  const values = fields.map(({ value }) => value);
  return atHeight(parsing, build.struct(open.offset, typeName, fields), values, 0);
}

function parseList(parsing: Parsing, open: Token): Expr {
  const optional: number[] = [];
  let index = 0;
  const elements = parseEntries(parsing, "']'", () => {
    if (parsing.tokens.take("'?'")) optional.push(index);
    index++;
    return parsing.parseExpr();
  });
  return atHeight(parsing, parsing.build.list(open.offset, elements, optional), elements, 0);
}

function parseMap(parsing: Parsing, open: Token): Expr {
  const entries = parseEntries(parsing, "'}'", (): MapEntry => {
    const optional = parsing.tokens.take("'?'") !== undefined;
    const key = parsing.parseExpr();
    const colon = parsing.tokens.expect("':'");
    return parsing.build.mapEntry(colon.offset, key, parsing.parseExpr(), optional);
  });
  const parts = entries.flatMap(({ key, value }) => [key, value]);
  return atHeight(parsing, parsing.build.map(open.offset, entries), parts, 0);
}

/** Entries with commas between and maybe one behind; a comma alone is fine too. */
function parseEntries<T>(parsing: Parsing, close: TokenType, entry: () => T): T[] {
  const { tokens } = parsing;
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

function parseLiteral(parsing: Parsing, token: Token): Expr {
  const negative = token.type === "'-'";
  const literal = negative ? parsing.tokens.next() : token;
  if (!isLiteral(literal)) throw new UnexpectedToken();
  return makeLiteral(parsing, token.offset, literal, negative);
}
