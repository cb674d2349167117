import { parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { ContainerRecord } from './container-record.ts';
import type { PodSpec } from './pod-runtime.ts';

type Amounts = Readonly<Record<string, string>>;
export type Resources = { readonly requests?: Amounts; readonly limits?: Amounts };

function sum(lists: readonly (Amounts | undefined)[]): Map<string, Quantity> {
  const total = new Map<string, Quantity>();
  for (const list of lists) {
    for (const [name, text] of Object.entries(list ?? {})) {
      const amount = parseQuantity(text);
      total.set(name, total.get(name)?.add(amount) ?? amount);
    }
  }
  return total;
}

/** Of all containers of a pod: those that run together are added up, one that runs before them may need more. */
function totalOf(records: readonly ContainerRecord[], own: (record: ContainerRecord) => Amounts | undefined): Amounts {
  const total = sum(records.filter(({ kind }) => kind !== 'init').map(own));
  for (const [index, record] of records.entries()) {
    if (record.kind !== 'init') continue;
    const beside = records.slice(0, index).filter(({ kind }) => kind === 'sidecar');
    for (const [name, amount] of sum([...beside, record].map(own))) {
      const known = total.get(name);
      if (known === undefined || known.compare(amount) < 0) total.set(name, amount);
    }
  }
  return Object.fromEntries([...total].map(([name, amount]) => [name, amount.toString()]));
}

/** `records`: init containers first, in their order. */
export function podResources(
  { resources }: PodSpec,
  of: (record: ContainerRecord) => Resources | undefined,
  records: readonly ContainerRecord[],
): Resources {
  const requests = { ...totalOf(records, (record) => of(record)?.requests), ...resources?.requests };
  const limits = { ...totalOf(records, (record) => of(record)?.limits), ...resources?.limits };
  return {
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}
