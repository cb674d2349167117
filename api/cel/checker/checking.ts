import type { Expr, Reference } from '../ast.ts';
import type { Issue } from '../source.ts';
import { errorType, type Type } from '../types.ts';
import type { Declarations, Scope } from './scope.ts';
import { type Substitutions, substitute, unify } from './unification.ts';

/** The state of one check. */
export interface Checking {
  readonly declarations: Declarations;
  readonly types: Map<number, Type>;
  readonly references: Map<number, Reference>;
  readonly issues: Issue[];
  substitutions: Substitutions;
  scope: Scope | undefined;
  freeParameters: number;
}

/** Checks an expression and gives it back with its names resolved. */
export type Check = (checking: Checking, expr: Expr) => Expr;

export function startChecking(declarations: Declarations): Checking {
  return {
    declarations,
    types: new Map(),
    references: new Map(),
    issues: [],
    substitutions: new Map(),
    scope: undefined,
    freeParameters: 0,
  };
}

export function report(checking: Checking, at: { readonly offset: number }, message: string): void {
  checking.issues.push({ offset: at.offset, message });
}

export function typeOf(checking: Checking, expr: Expr): Type {
  return checking.types.get(expr.id) ?? errorType;
}

/** With what is known by now about parameters. */
export function knownTypeOf(checking: Checking, expr: Expr): Type {
  return substitute(checking.substitutions, typeOf(checking, expr), false);
}

/** Makes `from` assignable to `to` if it can, and remembers what that says about parameters. */
export function assign(checking: Checking, from: Type, to: Type): boolean {
  return assignAll(checking, [from], [to]);
}

export function assignAll(checking: Checking, from: readonly Type[], to: readonly Type[]): boolean {
  const substitutions = unify(checking.substitutions, from, to);
  if (substitutions === undefined) return false;
  checking.substitutions = substitutions;
  return true;
}

/** Runs with a scope for local names, which ends with it. */
export function inScope<T>(checking: Checking, variables: ReadonlyMap<string, Type>, run: () => T): T {
  const outer = checking.scope;
  checking.scope = { parent: outer, variables };
  const result = run();
  checking.scope = outer;
  return result;
}
