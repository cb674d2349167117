import { compareQuantity, parseQuantity } from '../quantity.ts';

/** Quantities by resource name, as decoded. */
export type Amounts = Readonly<Record<string, string>>;

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum: Record<string, string> = { ...a };
  for (const name in b) {
    const [present, more = '0'] = [sum[name], b[name]];
    sum[name] = present === undefined ? more : parseQuantity(present).add(parseQuantity(more)).toString();
  }
  return sum;
}

/** The larger one of each. */
export function maxAmounts(a: Amounts, b: Amounts): Amounts {
  const larger: Record<string, string> = { ...a };
  for (const name in b) {
    const [present, other = '0'] = [larger[name], b[name]];
    if (present === undefined || compareQuantity(other, present) > 0) larger[name] = other;
  }
  return larger;
}

/** What `a` has more than `b`: never below zero. */
export function excessAmounts(a: Amounts, b: Amounts): Amounts {
  const rest: Record<string, string> = {};
  for (const name in a) {
    const more = b[name] === undefined ? undefined : parseQuantity(a[name] ?? '0').sub(parseQuantity(b[name]));
    rest[name] = more === undefined ? (a[name] ?? '0') : more.sign() > 0 ? more.toString() : '0';
  }
  return rest;
}

export function pickAmounts(amounts: Amounts, names: readonly string[]): Amounts {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const amount = amounts[name];
    if (amount !== undefined) picked[name] = amount;
  }
  return picked;
}

export function withoutZeros(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => !parseQuantity(amount).isZero()));
}
