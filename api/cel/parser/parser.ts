import { type Expr, operators } from '../ast.ts';
import type { Issue } from '../source.ts';
import { type Token, type TokenType, tokenize } from './lexer.ts';
import type { Macros } from './macros.ts';
import { products, relations, sums } from './operator-names.ts';
import { atHeight, type Building, makeCall, type Parsing, parseArguments, parseEscapedName } from './parsing.ts';
import { parsePrimary } from './primary.ts';
import { recover } from './syntax/recovery.ts';
import { makeRemains } from './syntax/remains.ts';
import { RecursionLimit, type TokenStream, tokenStream, UnexpectedToken } from './token-stream.ts';
import { treeBuilder } from './tree-builder.ts';

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
  const parsing: Parsing = {
    tokens: tokenStream(tokens),
    build: treeBuilder(),
    macros,
    issues: [...issues],
    heights: new WeakMap(),
    parseExpr: () => parseExpr(parsing),
  };
  try {
    const expr = parseExpr(parsing);
    parsing.tokens.expect('<EOF>');
    return { expr, issues: issues.length > maxSyntaxErrors ? limited(issues) : parsing.issues };
  } catch (error) {
    if (error instanceof RecursionLimit) {
      return { expr: undefined, issues: [...issues, { offset: -1, message: error.message }] };
    }
    if (!(error instanceof UnexpectedToken)) throw error;
    try {
      return { expr: undefined, issues: explain(text, tokens, issues, macros) };
    } catch (inner) {
      if (!(inner instanceof RangeError)) throw inner;
      // Recovery goes deeper than the parser itself: what is nested hundreds of times overflows the stack.
      const message = 'Syntax error: nested too deeply to tell more';
      return { expr: undefined, issues: limited([...issues, { offset: -1, message }]) };
    }
  }
}

const maxSyntaxErrors = 100;

/** Upstream gives up at the first that is too many, and says so. */
function limited(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length <= maxSyntaxErrors) return issues;
  const last = issues[maxSyntaxErrors]?.offset ?? -1;
  const message = `Syntax error: More than ${maxSyntaxErrors} syntax errors`;
  return [...issues.slice(0, maxSyntaxErrors), { offset: last, message }];
}

/** Syntax errors, and what else there is to say about the rest. */
function explain(text: string, tokens: readonly Token[], unread: readonly Issue[], macros: Macros): readonly Issue[] {
  const recovered = recover(text, tokens);
  const issues = [...unread, ...recovered.issues];
  if (issues.length > maxSyntaxErrors || recovered.tree === undefined) return limited(issues);
  const building: Building = { build: treeBuilder(), macros, issues, heights: new WeakMap() };
  try {
    makeRemains(building, recovered.tree);
  } catch (error) {
    if (!(error instanceof RecursionLimit)) throw error;
    issues.push({ offset: -1, message: error.message });
  }
  return issues;
}

function parseExpr(parsing: Parsing): Expr {
  const { tokens } = parsing;
  return tokens.within('expr', () => {
    const condition = parseLogic(parsing, "'||'", operators.or, () =>
      parseLogic(parsing, "'&&'", operators.and, () => parseRelation(parsing)),
    );
    const question = tokens.take("'?'");
    if (question === undefined) return condition;
    const whenTrue = parseLogic(parsing, "'||'", operators.or, () =>
      parseLogic(parsing, "'&&'", operators.and, () => parseRelation(parsing)),
    );
    tokens.expect("':'");
    const args = [condition, whenTrue, parseExpr(parsing)];
    return makeCall(parsing, { offset: question.offset, name: operators.conditional, args, counted: 1 });
  });
}

/** A chain of && or || becomes a balanced tree, so that long ones stay shallow. */
function parseLogic(parsing: Parsing, type: TokenType, name: string, term: () => Expr): Expr {
  const terms = [term()];
  const offsets: number[] = [];
  for (let token = parsing.tokens.take(type); token; token = parsing.tokens.take(type)) {
    offsets.push(token.offset);
    terms.push(term());
  }
  const balanced = (low: number, high: number): Expr => {
    const middle = Math.floor((low + high + 1) / 2);
    const left = middle === low ? terms[middle] : balanced(low, middle - 1);
    const right = middle === high ? terms[middle + 1] : balanced(middle + 1, high);
    if (left === undefined || right === undefined) throw new Error('a chain has its terms');
    return atHeight(parsing, parsing.build.call(offsets[middle] ?? 0, name, [left, right]), [left, right], 0);
  };
  return offsets.length === 0 && terms[0] ? terms[0] : balanced(0, offsets.length - 1);
}

function parseRelation(parsing: Parsing): Expr {
  const { tokens } = parsing;
  return tokens.within('relation', () =>
    continueBinary(parsing, relations, parseSum(parsing), () => tokens.within('relation', () => parseSum(parsing))),
  );
}

function parseSum(parsing: Parsing): Expr {
  return parsing.tokens.within('calc', () =>
    continueBinary(parsing, sums, parseProduct(parsing, parseUnary(parsing)), () =>
      parsing.tokens.within('calc', () => parseProduct(parsing, parseUnary(parsing))),
    ),
  );
}

function parseProduct(parsing: Parsing, first: Expr): Expr {
  return continueBinary(parsing, products, first, () => parsing.tokens.within('calc', () => parseUnary(parsing)));
}

function continueBinary(
  parsing: Parsing,
  names: Partial<Record<TokenType, string>>,
  first: Expr,
  operand: () => Expr,
): Expr {
  let left = first;
  for (;;) {
    const token = parsing.tokens.peek();
    const name = names[token.type];
    if (name === undefined) return left;
    parsing.tokens.next();
    left = makeCall(parsing, { offset: token.offset, name, args: [left, operand()], counted: 1 });
  }
}

function parseUnary(parsing: Parsing): Expr {
  const { tokens, build } = parsing;
  const first = tokens.peek();
  if (first.type !== "'!'" && (first.type !== "'-'" || isSign(tokens))) return parseMember(parsing);
  let count = 0;
  while (tokens.take(first.type)) count++;
  const operand = parseMember(parsing);
  if (count % 2 === 0) return operand;
  const name = first.type === "'!'" ? operators.not : operators.negate;
  return atHeight(parsing, build.call(first.offset, name, [operand]), [operand], 0);
}

/** One minus before a number belongs to the literal; of several all are operators. */
function isSign(tokens: TokenStream): boolean {
  const next = tokens.peek(1).type;
  return next === 'NUM_INT' || next === 'NUM_FLOAT';
}

function parseMember(parsing: Parsing): Expr {
  return parsing.tokens.within('member', () => {
    let expr = parsePrimary(parsing);
    for (;;) {
      const token = parsing.tokens.peek();
      if (token.type !== "'.'" && token.type !== "'['") return expr;
      parsing.tokens.next();
      expr = token.type === "'.'" ? parseSelection(parsing, expr, token) : parseIndex(parsing, expr, token);
    }
  });
}

function parseSelection(parsing: Parsing, operand: Expr, dot: Token): Expr {
  const { tokens, build } = parsing;
  if (tokens.take("'?'")) {
    const name = parseEscapedName(parsing);
    const field = build.constant(name.offset, { type: 'string', value: name.text });
    return atHeight(parsing, build.call(dot.offset, operators.optSelect, [operand, field]), [operand], 1);
  }
  const name = parseEscapedName(parsing);
  if (name.type === 'IDENTIFIER') {
    const open = tokens.take("'('");
    if (open) {
      const args = parseArguments(parsing);
      return makeCall(parsing, { offset: open.offset, name: name.text, args, target: operand, counted: 1 });
    }
  }
  return atHeight(parsing, build.select(dot.offset, operand, name.text), [operand], 1);
}

function parseIndex(parsing: Parsing, target: Expr, open: Token): Expr {
  const name = parsing.tokens.take("'?'") ? operators.optIndex : operators.index;
  const index = parseExpr(parsing);
  parsing.tokens.expect("']'");
  return makeCall(parsing, { offset: open.offset, name, args: [target, index], counted: 1 });
}
