import type { Expr } from '../ast.ts';
import { formatType, type Type } from '../types.ts';
import { type Checking, report } from './checking.ts';

export function reportUndeclared(checking: Checking, at: { readonly offset: number }, name: string): void {
  report(checking, at, `undeclared reference to '${name}' (in container '')`);
}

/** The dotted name that an expression spells, if it spells one. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.testOnly) return undefined;
  const prefix = qualifiedName(expr.operand);
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`;
}

export function declaredFieldType(
  checking: Checking,
  at: { readonly offset: number },
  typeName: string,
  field: string,
): Type | undefined {
  const { provider } = checking.declarations;
  const type = provider.findField(typeName, field);
  if (type === undefined) {
    const known = provider.findType(typeName) !== undefined;
    const message = known ? `undefined field '${field}'` : `unexpected failed resolution of '${typeName}'`;
    report(checking, at, message);
  }
  return type;
}

export function reportMismatch(
  checking: Checking,
  at: { readonly offset: number },
  expected: Type,
  actual: Type,
): void {
  report(checking, at, mismatch(expected, actual));
}

export function mismatch(expected: Type, actual: Type): string {
  return `expected type '${formatType(expected)}' but found '${formatType(actual)}'`;
}
