import { parseQuantity } from '../../../api/quantity.ts';
import { type EvictionSettings, quantityOf, type Signal } from './thresholds.ts';

type Amounts = Readonly<Record<string, string>>;

const kept: readonly (readonly [resource: string, signal: Signal])[] = [
  ['memory', 'memory.available'],
  ['ephemeral-storage', 'nodefs.available'],
];

/** What pods may have of a node all together: not what is to be free always. */
export function allocatableOf(capacity: Amounts, { thresholds }: EvictionSettings): Amounts {
  const left = { ...capacity };
  for (const [resource, signal] of kept) {
    const threshold = thresholds.find((one) => one.signal === signal && one.graceMs === 0);
    const all = capacity[resource];
    if (threshold === undefined || all === undefined) continue;
    const quantity = parseQuantity(all);
    left[resource] = quantity.sub(quantityOf(threshold.value, Number(quantity.value()))).toString();
  }
  return left;
}
