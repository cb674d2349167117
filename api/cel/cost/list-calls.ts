import type { Operand } from './call-estimates.ts';
import { type CallEstimate, type EstimatedCall, listCost, traversalFactor } from './call-estimates.ts';
import { add, type Estimate, fixed, maxUint64, multiply, one, scale } from './estimate.ts';

/** Estimates that belong to single overloads: newer functions of lists and sets. They come before all others. */
export function overloadEstimate(call: EstimatedCall): CallEstimate | undefined {
  const { overload, target, args, sizeOf } = call;
  switch (overload) {
    case 'list_sets_contains_list':
    case 'list_sets_intersects_list':
      return sets(call, 1);
    case 'list_sets_equivalent_list':
      return sets(call, 2);
    case 'list_slice': {
      const size = sizeOf(target);
      const length = literalInt(args[1], size.max) - literalInt(args[0], 0n);
      return allocating(1, fixed(BigInt.asUintN(64, length)));
    }
    case 'lists_range':
      return allocating(1, fixed(literalInt(args[0], maxUint64)));
    case 'list_reverse':
      return allocating(1, sizeOf(target));
    case 'list_flatten':
      return allocating(1, sizeOf(target));
    case 'list_flatten_int':
      return allocating(Number(literalInt(args[0], maxUint64)), sizeOf(target));
    case 'list_distinct':
      return squared(sizeOf(target), 2);
    default:
      return sorting(call);
  }
}

function sorting({ overload, target, args, sizeOf }: EstimatedCall): CallEstimate | undefined {
  const match = /^list_(.+)_(sort|sortByAssociatedKeys)$/.exec(overload);
  if (match === null) return undefined;
  const isText = match[1] === 'string' || match[1] === 'bytes';
  const keys = match[2] === 'sort' ? target : args[0];
  return squared(sizeOf(keys), isText ? 2 + traversalFactor : 2);
}

function squared(size: Estimate, factor: number): CallEstimate {
  return allocating(factor, multiply(size, size));
}

function allocating(factor: number, size: Estimate): CallEstimate {
  return { cost: add(scale(size, factor), one, fixed(listCost)), resultSize: size };
}

function sets({ args, sizeOf }: EstimatedCall, factor: number): CallEstimate | undefined {
  const size = multiply(sizeOf(args[0]), sizeOf(args[1]));
  return { cost: add(scale(size, factor), one) };
}

function literalInt(operand: Operand | undefined, fallback: bigint): bigint {
  const expr = operand?.expr;
  if (expr?.kind !== 'const' || expr.constant.type !== 'int') return fallback;
  return expr.constant.value < 0n ? 0n : expr.constant.value;
}
