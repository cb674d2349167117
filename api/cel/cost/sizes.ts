import type { Expr } from '../ast.ts';
import { isOptional, type Type } from '../types.ts';
import { type Estimate, fixed, union } from './estimate.ts';

/** Sizes of what a list or a map holds. */
export interface EntrySize {
  readonly container: 'list' | 'map';
  readonly key: Estimate;
  readonly value: Estimate;
}

export function entryUnion(a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined {
  if (a === undefined || b === undefined) return undefined;
  return { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) };
}

/** The size that a literal shows. */
export function literalSize(expr: Expr): Estimate | undefined {
  if (expr.kind === 'list') return fixed(BigInt(expr.elements.length));
  if (expr.kind === 'map') return fixed(BigInt(expr.entries.length));
  if (expr.kind !== 'const') return undefined;
  const { constant } = expr;
  if (constant.type === 'string') return fixed(BigInt([...constant.value].length));
  if (constant.type === 'bytes') return fixed(BigInt(constant.value.length));
  return fixed(1n);
}

const scalarKinds: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

export function isScalar(type: Type): boolean {
  const [value] = type.parameters;
  if (isOptional(type) && value !== undefined) return isScalar(value);
  return scalarKinds.has(type.kind);
}
