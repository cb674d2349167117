import type { CheckedAst, Constant, Expr } from '../ast.ts';
import { compilePattern } from '../library/re2.ts';
import { parseDuration, parseTimestamp, Timestamp, timestampOf } from '../runtime/time.ts';
import type { Issue } from '../source.ts';
import { dynType, sameType, type Type } from '../types.ts';
import { formatCallIssues } from './format-calls.ts';
import { mismatch } from './messages.ts';
import { childrenOf } from './traversal.ts';

/** Checks of an expression whose types are fine: lists of one type, literals of times and regular expressions. */
export function validate(ast: CheckedAst): Issue[] {
  const nodes = [...nodesOf(ast.expr, false)];
  return [
    ...nodes.flatMap(({ expr, inFormat }) => (inFormat ? [] : mixedTypeIssues(ast, expr))),
    ...literalChecks.flatMap((check) => nodes.flatMap(({ expr }) => literalIssues(expr, ...check))),
    ...nodes.flatMap(({ expr }) => formatCallIssues(ast, expr)),
  ];
}

interface Place {
  readonly expr: Expr;
  /** Arguments of format() may mix types. */
  readonly inFormat: boolean;
}

function* nodesOf(expr: Expr, inFormat: boolean): Generator<Place> {
  yield { expr, inFormat };
  const below = inFormat || (expr.kind === 'call' && expr.name === 'format');
  for (const child of childrenOf(expr)) yield* nodesOf(child, below);
}

type LiteralCheck = readonly [name: string, isValid: (literal: Constant) => boolean];

const literalChecks: readonly LiteralCheck[] = [
  ['duration', ({ type, value }) => type !== 'string' || parseDuration(value) !== undefined],
  ['timestamp', isTimestamp],
  ['matches', ({ type, value }) => type !== 'string' || isRegex(value)],
];

/** Looks at the first argument, also where the pattern of matches() is the second. */
function literalIssues(expr: Expr, ...[name, isValid]: LiteralCheck): Issue[] {
  if (expr.kind !== 'call' || expr.name !== name) return [];
  const [arg] = expr.args;
  if (arg?.kind !== 'const' || isValid(arg.constant)) return [];
  return [{ offset: arg.offset, message: `invalid ${name} argument` }];
}

function isTimestamp({ type, value }: Constant): boolean {
  if (type === 'int') return timestampOf(Number(value)) instanceof Timestamp;
  return type !== 'string' || parseTimestamp(value) instanceof Timestamp;
}

function isRegex(text: string): boolean {
  return typeof compilePattern(text) !== 'string';
}

/** dyn among other types slips through the type check. */
function mixedTypeIssues(ast: CheckedAst, expr: Expr): Issue[] {
  const typeOf = (each: Expr) => ast.types.get(each.id) ?? dynType;
  const held = (each: Expr, optional: boolean) => {
    return optional ? (typeOf(each).parameters[0] ?? dynType) : typeOf(each);
  };
  if (expr.kind === 'list') {
    const elements = expr.elements.map((each, index): Typed => {
      return [each, held(each, expr.optionalIndices.includes(index))];
    });
    return differing(elements).slice(0, 1);
  }
  if (expr.kind !== 'map') return [];
  const keys = expr.entries.map(({ key }): Typed => [key, typeOf(key)]);
  const values = expr.entries.map((entry): Typed => {
    return [entry.value, held(entry.value, entry.optional)];
  });
  return [...differing(keys), ...differing(values)];
}

type Typed = readonly [Expr, Type];

function differing(typed: readonly Typed[]): Issue[] {
  const [first] = typed;
  if (first === undefined) return [];
  const expected = first[1];
  return typed
    .filter(([, type]) => !sameType(expected, type))
    .map(([{ offset }, type]) => ({ offset, message: mismatch(expected, type) }));
}
