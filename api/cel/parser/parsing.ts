import type { Expr } from '../ast.ts';
import type { Issue } from '../source.ts';
import type { Token } from './lexer.ts';
import { constantOf, LiteralError } from './literals.ts';
import { MacroError, type Macros } from './macros.ts';
import { RecursionLimit, type TokenStream } from './token-stream.ts';
import type { TreeBuilder } from './tree-builder.ts';

/** What making nodes of an expression needs. */
export interface Building {
  readonly build: TreeBuilder;
  readonly macros: Macros;
  readonly issues: Issue[];
  readonly heights: WeakMap<Expr, number>;
}

/** The state of one parse. */
export interface Parsing extends Building {
  readonly tokens: TokenStream;
  /** Any expression, for what has expressions inside. */
  readonly parseExpr: () => Expr;
}

const maxHeight = 250;

/** Notes how deep a node is; operators, selections and members count, parentheses, lists and functions do not. */
export function atHeight<T extends Expr>(building: Building, expr: T, children: readonly Expr[], counted: 0 | 1): T {
  const heights = children.map((child) => building.heights.get(child) ?? 0);
  const height = Math.max(0, ...heights) + counted;
  if (height > maxHeight) throw new RecursionLimit('max recursion depth exceeded');
  if (height > 0) building.heights.set(expr, height);
  return expr;
}

/** A literal; a value that there is not becomes null and an issue. */
export function makeLiteral({ build, issues }: Building, offset: number, token: Token, negative: boolean): Expr {
  try {
    return build.constant(offset, constantOf(token, negative));
  } catch (error) {
    if (!(error instanceof LiteralError)) throw error;
    issues.push({ offset, message: error.message });
    return build.constant(offset, { type: 'null', value: null });
  }
}

export interface CallParts {
  readonly offset: number;
  readonly name: string;
  readonly args: readonly Expr[];
  readonly target?: Expr;
  readonly counted: 0 | 1;
}

/** A call, or what the macro of its name makes of it. */
export function makeCall(building: Building, { offset, name, args, target, counted }: CallParts): Expr {
  const { build, issues } = building;
  const children = target === undefined ? args : [target, ...args];
  const macro = building.macros.get(`${name}:${args.length}:${target !== undefined}`);
  try {
    const expr = macro?.({ build, offset, target, args }) ?? build.call(offset, name, args, target);
    return atHeight(building, expr, children, counted);
  } catch (error) {
    if (!(error instanceof MacroError)) throw error;
    issues.push({ offset: error.offset, message: error.message });
    return build.call(offset, name, args, target);
  }
}

/** Names in back quotes are in the grammar, but Kubernetes leaves them switched off. */
export function parseEscapedName(parsing: Parsing): Token {
  const token = parsing.tokens.take('ESC_IDENTIFIER');
  if (token === undefined) return parsing.tokens.expect('IDENTIFIER');
  parsing.issues.push({ offset: token.offset, message: "unsupported syntax: '`'" });
  return token;
}

/** After the parenthesis, up to and with the closing one. */
export function parseArguments({ tokens, parseExpr }: Parsing): Expr[] {
  if (tokens.take("')'")) return [];
  const args = [parseExpr()];
  while (tokens.take("','")) args.push(parseExpr());
  tokens.expect("')'");
  return args;
}
