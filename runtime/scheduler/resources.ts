import type { Api } from '../../api/object.ts';
import { milliUnitsOf, unitsOf } from './quantities.ts';

type Pod = Readonly<Api<'io.k8s.api.core.v1.Pod'>>;
type Container = Readonly<Api<'io.k8s.api.core.v1.Container'>>;
export type ResourceList = Readonly<Record<string, string>>;

/** cpu in thousandths, everything else in units, by the resource's name. */
export type Amounts = Map<string, number>;

/** What is missing counts as this much where a pod without requests must not look free. */
export const assumedMilliCPU = 100;
export const assumedMemory = 200 * 1024 * 1024;
const assumed: Readonly<Record<string, number>> = { cpu: assumedMilliCPU, memory: assumedMemory };

export function amountOf(name: string, quantity: string): number {
  return name === 'cpu' ? milliUnitsOf(quantity) : unitsOf(quantity);
}

export function amountsOf(list: ResourceList | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const [name, quantity] of Object.entries(list ?? {})) amounts.set(name, amountOf(name, quantity));
  return amounts;
}

function add(into: Amounts, more: Amounts): void {
  for (const [name, amount] of more) into.set(name, (into.get(name) ?? 0) + amount);
}

function raise(into: Amounts, other: Amounts): void {
  for (const [name, amount] of other) if (amount > (into.get(name) ?? -1)) into.set(name, amount);
}

interface Given {
  readonly resources?: { readonly requests?: ResourceList };
  readonly allocatedResources?: ResourceList;
}

export interface RequestOptions {
  /** What the node has given already counts where it is more than what is asked for: pods that are being resized. */
  readonly useStatus?: boolean;
  /** Names whose absence counts as the assumed amount. */
  readonly assume?: readonly string[];
}

function isInfeasible({ status }: Pod): boolean {
  return status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
}

function effective(pod: Pod, wanted: ResourceList | undefined, given: Given | undefined): Amounts {
  if (given?.resources === undefined) return amountsOf(wanted);
  const amounts = isInfeasible(pod) ? new Map<string, number>() : amountsOf(wanted);
  raise(amounts, amountsOf(given.resources.requests));
  raise(amounts, amountsOf(given.allocatedResources));
  return amounts;
}

function supportsPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

export function isPodLevel({ spec }: Pod): boolean {
  return Object.keys(spec?.resources?.requests ?? {}).some(supportsPodLevel);
}

function containerAmounts(pod: Pod, { useStatus = false, assume = [] }: RequestOptions): Amounts {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const statuses = new Map<string | undefined, Given>();
  if (useStatus)
    for (const one of [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])])
      if (one.resources !== undefined) statuses.set(one.name, one as Given);
  const of = (container: Container, isRunning: boolean): Amounts => {
    const given = isRunning ? statuses.get(container.name) : undefined;
    const amounts = effective(pod, container.resources?.requests as ResourceList | undefined, given);
    for (const name of assume) if (!amounts.has(name)) amounts.set(name, assumed[name] ?? 0);
    return amounts;
  };
  const total: Amounts = new Map();
  for (const container of containers) add(total, of(container, true));
  if (initContainers.length === 0) return total;
  // Sidecars started so far run beside each later init container.
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of initContainers) {
    const isSidecar = container.restartPolicy === 'Always';
    const own = of(container, isSidecar);
    if (isSidecar) {
      add(total, own);
      add(sidecars, own);
      raise(peak, sidecars);
    } else {
      add(own, sidecars);
      raise(peak, own);
    }
  }
  raise(total, peak);
  return total;
}

/** What a pod takes of a node: containers, init containers and sidecars, what is set for the pod as a whole, overhead. */
export function podRequests(pod: Pod, options: RequestOptions = {}): Amounts {
  const total = containerAmounts(pod, options);
  if (isPodLevel(pod)) {
    const given = options.useStatus === true ? (pod.status as Given | undefined) : undefined;
    const wanted = pod.spec?.resources?.requests as ResourceList | undefined;
    for (const [name, amount] of effective(pod, wanted, given)) if (supportsPodLevel(name)) total.set(name, amount);
  }
  if (pod.spec?.overhead !== undefined) add(total, amountsOf(pod.spec.overhead as ResourceList));
  return total;
}

/** Like podRequests, with something assumed for cpu and memory that nobody asked for. */
export function podRequestsAtLeast(pod: Pod, requests: Amounts, options: RequestOptions = {}): Amounts {
  const assume = isPodLevel(pod) ? ['cpu', 'memory'].filter((name) => !requests.has(name)) : ['cpu', 'memory'];
  return assume.length === 0 ? requests : podRequests(pod, { ...options, assume });
}

/** Neither of the kinds that every node has: what is counted by name. */
export function isScalar(name: string): boolean {
  return name !== 'cpu' && name !== 'memory' && name !== 'ephemeral-storage' && name !== 'pods';
}

/** Names outside kubernetes.io, as `example.com/gpu`. */
export function isExtended(name: string): boolean {
  return name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name) && !name.startsWith('requests.');
}
