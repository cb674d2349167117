export interface Claim {
  readonly lower: number;
  readonly upper: number;
  readonly target: number;
}

export interface Allocation {
  readonly shares: readonly number[];
  /** What each got of its target, unless a bound decided. */
  readonly fraction: number;
}

const minTarget = 0.001;
const epsilon = 1e-7;

/**
 * Shares `sum` out: everybody gets the same fraction of the target, but not less than the lower and not more than the upper bound.
 * Undefined: the bounds do not allow the sum.
 */
export function allocateConcurrency(sum: number, claims: readonly Claim[]): Allocation | undefined {
  const wanted = claims.map(({ lower, upper, target }) => ({ lower, upper, target: Math.max(target, minTarget) }));
  const total = (pick: (claim: Claim) => number): number => wanted.reduce((all, claim) => all + pick(claim), 0);
  if (wanted.some(({ lower, upper, target }) => lower < 0 || upper < lower || lower / target > 1)) return undefined;
  if (total(({ lower }) => lower) - sum > epsilon || sum - total(({ upper }) => upper) > epsilon) return undefined;
  const at = (fraction: number): number[] =>
    wanted.map(({ lower, upper, target }) => Math.max(lower, Math.min(upper, fraction * target)));
  const sumAt = (fraction: number): number => at(fraction).reduce((all, share) => all + share, 0);
  // The sum grows with the fraction, in straight lines between the fractions at which a claim meets a bound.
  const corners = wanted.flatMap(({ lower, upper, target }) => [lower / target, upper / target]).sort((a, b) => a - b);
  let from = corners[0] ?? 0;
  for (const to of corners) {
    if (sumAt(to) < sum - epsilon) {
      from = to;
      continue;
    }
    const low = sumAt(from);
    const high = sumAt(to);
    const fraction = high - low < epsilon ? from : from + ((to - from) * (sum - low)) / (high - low);
    return { shares: at(fraction), fraction };
  }
  return { shares: at(from), fraction: from };
}
