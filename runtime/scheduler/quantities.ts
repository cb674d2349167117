import { parseQuantity } from '../../api/quantity.ts';

const plain = /^([0-9]{1,9})(m|k|M|G|Ki|Mi|Gi|Ti)?$/;
const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Rounded up to whole units. A double holds what real nodes have exactly: up to 9 petabytes. */
export function unitsOf(text: string): number {
  const parts = plain.exec(text);
  if (parts === null) return Number(parseQuantity(text).value());
  const [, digits, suffix = ''] = parts;
  return suffix === 'm' ? Math.ceil(Number(digits) / 1000) : Number(digits) * (factors[suffix] ?? 1);
}

/** Thousandths, rounded up. */
export function milliUnitsOf(text: string): number {
  const parts = plain.exec(text);
  if (parts === null) return Number(parseQuantity(text).milliValue());
  const [, digits, suffix = ''] = parts;
  return suffix === 'm' ? Number(digits) : Number(digits) * (factors[suffix] ?? 1) * 1000;
}
