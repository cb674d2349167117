import type { CheckedAst, Expr } from '../ast.ts';
import { dynType, type Type } from '../types.ts';
import type { Operand, SizeHint } from './call-estimates.ts';
import { type Estimate, maxUint64, one, union, unknown } from './estimate.ts';
import { type EntrySize, entryUnion, isScalar, literalSize } from './sizes.ts';

type Path = readonly string[];

export interface Local {
  readonly path: Path;
  readonly size: Estimate | undefined;
  readonly entrySize: EntrySize | undefined;
}

/** What is known while the costs of one expression are added up. */
export interface Estimating {
  readonly ast: CheckedAst;
  readonly sizeHint: SizeHint;
  readonly paths: Map<number, Path>;
  /** Stacks, by name. */
  readonly locals: Map<string, Local[]>;
  readonly sizes: Map<number, Estimate>;
  readonly entrySizes: Map<number, EntrySize>;
}

export function localOf(state: Estimating, expr: Expr): Local | undefined {
  return expr.kind === 'ident' ? state.locals.get(expr.name)?.at(-1) : undefined;
}

export function typeOf(state: Estimating, expr: Expr): Type {
  return state.ast.types.get(expr.id) ?? dynType;
}

export function pathOf(state: Estimating, expr: Expr): Path {
  return localOf(state, expr)?.path ?? state.paths.get(expr.id) ?? [];
}

export function setEntryUnion(state: Estimating, expr: Expr, a: Expr, b: Expr): void {
  const size = entryUnion(entrySizeOf(state, a), entrySizeOf(state, b));
  if (size !== undefined) state.entrySizes.set(expr.id, size);
}

const accumulators: ReadonlySet<string> = new Set(['@result', '__result__']);

export function operandOf(state: Estimating, expr: Expr): Operand {
  const path = pathOf(state, expr);
  return {
    path: path.length === 0 || accumulators.has(path[0] ?? '') ? undefined : path,
    type: typeOf(state, expr),
    expr,
    size: sizeOfExpr(state, expr),
  };
}

/** For Kubernetes' estimates: where the expression says nothing, the schema is asked once more. */
export function hintedSize(state: Estimating, operand: Operand | undefined): Estimate {
  if (operand === undefined) return unknown;
  return operand.size ?? hint(state, operand.path ?? [], operand.type) ?? unknown;
}

function hint(state: Estimating, path: Path, type: Type): Estimate | undefined {
  return path.length === 0 ? undefined : state.sizeHint(path, type);
}

export function sizeOfExpr(state: Estimating, expr: Expr): Estimate | undefined {
  const known = state.sizes.get(expr.id) ?? literalSize(expr);
  if (known !== undefined) return known;
  const type = typeOf(state, expr);
  const hinted = hint(state, pathOf(state, expr), type);
  if (hinted !== undefined) {
    state.sizes.set(expr.id, hinted);
    return hinted;
  }
  return isScalar(type) ? one : localOf(state, expr)?.size;
}

export function entrySizeOf(state: Estimating, expr: Expr): EntrySize | undefined {
  return state.entrySizes.get(expr.id) ?? localOf(state, expr)?.entrySize;
}

export function copySizes(state: Estimating, to: Expr, from: Expr): void {
  const size = sizeOfExpr(state, from);
  if (size !== undefined) state.sizes.set(to.id, size);
  const entrySize = entrySizeOf(state, from);
  if (entrySize !== undefined) state.entrySizes.set(to.id, entrySize);
}

export function unionOf(state: Estimating, exprs: readonly Expr[]): Estimate {
  const empty = { min: exprs.length === 0 ? 0n : maxUint64, max: 0n };
  return exprs.reduce((size, each) => union(size, sizeOfExpr(state, each) ?? unknown), empty);
}

export function pushValue(state: Estimating, name: string, expr: Expr): void {
  const path = pathOf(state, expr);
  const size = sizeOfExpr(state, expr);
  push(state, name, { path, size, entrySize: entrySizeOf(state, expr) });
}

export function push(state: Estimating, name: string, local: Local): void {
  const stack = state.locals.get(name) ?? [];
  state.locals.set(name, stack);
  stack.push(local);
}

export function pop(state: Estimating, name: string): void {
  state.locals.get(name)?.pop();
}
