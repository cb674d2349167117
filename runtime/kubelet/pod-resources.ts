import { parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { Container, PodSpec } from './pod-runtime.ts';

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
function totalOf({ containers = [], initContainers = [] }: PodSpec, what: 'requests' | 'limits'): Amounts {
  const own = ({ resources }: Container): Amounts | undefined => resources?.[what];
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const total = sum([...containers, ...sidecars].map(own));
  for (const [index, container] of initContainers.entries()) {
    if (container.restartPolicy === 'Always') continue;
    const beside = initContainers.slice(0, index).filter(({ restartPolicy }) => restartPolicy === 'Always');
    for (const [name, amount] of sum([...beside, container].map(own))) {
      const known = total.get(name);
      if (known === undefined || known.compare(amount) < 0) total.set(name, amount);
    }
  }
  return Object.fromEntries([...total].map(([name, amount]) => [name, amount.toString()]));
}

export function podResources(spec: PodSpec): Resources {
  const requests = { ...totalOf(spec, 'requests'), ...spec.resources?.requests };
  const limits = { ...totalOf(spec, 'limits'), ...spec.resources?.limits };
  return {
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}
