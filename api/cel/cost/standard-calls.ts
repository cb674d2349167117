import { type CallEstimate, type EstimatedCall, type Operand, regexFactor, traversalFactor } from './call-estimates.ts';
import { add, type Estimate, multiply, one, scale, unknown } from './estimate.ts';

/** The language's own estimates, by overload; all that is not listed costs one. Sizes come from the expression alone. */
export function standardCallEstimate(call: EstimatedCall): CallEstimate {
  return estimators.get(call.overload)?.(call) ?? { cost: one };
}

type Estimator = (call: EstimatedCall) => CallEstimate | undefined;

const estimators: ReadonlyMap<string, Estimator> = new Map<string, Estimator>([
  ['string_format', ({ target }) => target && { cost: scale(sizeOf(target), traversalFactor) }],
  ['string_to_bytes', ({ args }) => conversion(args[0], (size) => ({ min: size.min, max: wrap(size.max * 4n) }))],
  ['bytes_to_string', ({ args }) => conversion(args[0], (size) => ({ min: size.min / 4n, max: size.max }))],
  [
    'strings_quote',
    ({ args }) => conversion(args[0], (size) => ({ min: wrap(size.min + 2n), max: wrap(size.max * 2n + 2n) })),
  ],
  ['starts_with_string', ({ args }) => ({ cost: scale(sizeOf(args[0]), traversalFactor) })],
  ['ends_with_string', ({ args }) => ({ cost: scale(sizeOf(args[0]), traversalFactor) })],
  ['in_list', ({ args }) => ({ cost: scale(sizeOf(args[1]), 1) })],
  ['matches_string', matches],
  ['contains_string', contains],
  ['add_string', concatenation],
  ['add_bytes', concatenation],
  ['add_list', ({ args }) => ({ cost: one, resultSize: add(sizeOf(args[0]), sizeOf(args[1])) })],
  ...comparisons().map((id): [string, Estimator] => [id, comparison]),
]);

function comparisons(): string[] {
  const ordered = ['less', 'greater', 'less_equals', 'greater_equals'];
  return ['equals', 'not_equals', ...ordered.flatMap((name) => [`${name}_string`, `${name}_bytes`])];
}

function sizeOf(operand: Operand | undefined): Estimate {
  return operand?.size ?? unknown;
}

// Upstream's 64 bits overflow here, and so must these.
function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function conversion(operand: Operand | undefined, result: (size: Estimate) => Estimate): CallEstimate {
  const size = sizeOf(operand);
  return { cost: scale(size, traversalFactor), resultSize: result(size) };
}

/** The text with one character more, so that an empty one is not free, times a guess of the expression's states. */
function matches({ target, args }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const text = scale(add(sizeOf(target), one), traversalFactor);
  return { cost: multiply(text, scale(sizeOf(args[0]), regexFactor)) };
}

function contains({ target, args }: EstimatedCall): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const text = scale(sizeOf(target), traversalFactor);
  return { cost: multiply(text, scale(sizeOf(args[0]), traversalFactor)) };
}

function concatenation({ args }: EstimatedCall): CallEstimate {
  const size = add(sizeOf(args[0]), sizeOf(args[1]));
  return { cost: scale(size, traversalFactor), resultSize: size };
}

function comparison({ args }: EstimatedCall): CallEstimate {
  const [left, right] = [sizeOf(args[0]), sizeOf(args[1])];
  const max = left.max < right.max ? left.max : right.max;
  return { cost: scale({ min: max > 0n ? 1n : 0n, max }, traversalFactor) };
}
