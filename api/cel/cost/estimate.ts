/** A range of costs or of sizes; what overflows 64 bits stays at the largest number. */
export interface Estimate {
  readonly min: bigint;
  readonly max: bigint;
}

export const maxUint64 = 2n ** 64n - 1n;

export const unknown: Estimate = { min: 0n, max: maxUint64 };
export const zero: Estimate = { min: 0n, max: 0n };
export const one: Estimate = { min: 1n, max: 1n };

export function fixed(value: bigint): Estimate {
  return { min: value, max: value };
}

export function add(...estimates: readonly Estimate[]): Estimate {
  return estimates.reduce((a, b) => ({ min: saturate(a.min + b.min), max: saturate(a.max + b.max) }), zero);
}

export function multiply(a: Estimate, b: Estimate): Estimate {
  return { min: saturate(a.min * b.min), max: saturate(a.max * b.max) };
}

/** Rounded up, in doubles as upstream computes it. */
export function scale(estimate: Estimate, factor: number): Estimate {
  return { min: scaleOne(estimate.min, factor), max: scaleOne(estimate.max, factor) };
}

export function union(a: Estimate, b: Estimate): Estimate {
  return { min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max };
}

function saturate(value: bigint): bigint {
  return value > maxUint64 ? maxUint64 : value;
}

function scaleOne(value: bigint, factor: number): bigint {
  const product = Math.ceil(Number(value) * factor);
  return product >= 2 ** 64 ? maxUint64 : BigInt(product);
}
