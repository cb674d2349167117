import type { CallExpr, CheckedAst, Expr } from '../ast.ts';
import { parseDuration, parseTimestamp } from '../runtime/time.ts';
import { CelError } from '../runtime/values.ts';
import type { Issue } from '../source.ts';
import { dynType, sameType, type Type } from '../types.ts';
import { formatCallIssues } from './format-calls.ts';
import { mismatch } from './messages.ts';
import { childrenOf } from './traversal.ts';

/** Checks of an expression whose types are fine: literals of times and regular expressions, lists of one type. */
export function validate(ast: CheckedAst): Issue[] {
  return visit(ast, ast.expr, false);
}

function visit(ast: CheckedAst, expr: Expr, inFormat: boolean): Issue[] {
  const isFormat = inFormat || (expr.kind === 'call' && expr.name === 'format');
  return [
    ...(expr.kind === 'call' ? literalIssues(expr) : []),
    ...(inFormat ? [] : mixedTypeIssues(ast, expr)),
    ...formatCallIssues(ast, expr),
    ...childrenOf(expr).flatMap((child) => visit(ast, child, isFormat)),
  ];
}

const literalChecks: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['duration', (text) => parseDuration(text) !== undefined],
  ['timestamp', isTimestamp],
  ['matches', isRegex],
]);

function literalIssues(expr: CallExpr): Issue[] {
  const [arg] = expr.args;
  const isValid = literalChecks.get(expr.name);
  if (arg?.kind !== 'const' || arg.constant.type !== 'string' || isValid === undefined) return [];
  if (isValid(arg.constant.value)) return [];
  return [{ offset: arg.offset, message: `invalid ${expr.name} argument` }];
}

function isTimestamp(text: string): boolean {
  const value = parseTimestamp(text);
  return value !== undefined && !(value instanceof CelError);
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
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
