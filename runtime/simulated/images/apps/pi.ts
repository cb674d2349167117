const guard = 10;

/** The first digits of pi, rounded, by Machin's formula. */
export function piDigits(digits: number): string {
  const unit = 10n ** BigInt(digits + guard);
  const pi = 16n * inverseTangent(5n, unit) - 4n * inverseTangent(239n, unit);
  const half = 5n * 10n ** BigInt(guard);
  const text = String((pi + half) / 10n ** BigInt(guard + 1));
  return digits <= 1 ? text : `${text[0]}.${text.slice(1)}`;
}

function inverseTangent(x: bigint, unit: bigint): bigint {
  let term = unit / x;
  let sum = term;
  for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
    term /= x * x;
    sum += (sign * term) / n;
  }
  return sum;
}
