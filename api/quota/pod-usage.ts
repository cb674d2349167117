import { isQualifiedName } from '../names.ts';
import type { Api } from '../object.ts';
import { parseQuantity } from '../quantity.ts';
import { type Amounts, addAmounts, maxAmounts } from './amounts.ts';

type Pod = Readonly<Api<'io.k8s.api.core.v1.Pod'>>;
type Container = Readonly<Api<'io.k8s.api.core.v1.Container'>>;
type ContainerStatus = Readonly<Api<'io.k8s.api.core.v1.ContainerStatus'>>;
type Side = 'requests' | 'limits';

/** Not one of Kubernetes' own, and fit to be counted in a quota. */
export function isExtendedResourceName(name: string): boolean {
  if (!name.includes('/') || name.includes('kubernetes.io/') || name.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}

function isOfPods(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function isResizeInfeasible({ status }: Pod): boolean {
  return status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
}

/** While a resize is on its way, the larger of what is wished and what is. */
function amountsOf(pod: Pod, container: Container, side: Side): Amounts {
  const wished = (container.resources?.[side] ?? {}) as Amounts;
  if (pod.status === undefined) return wished;
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status;
  const status: ContainerStatus | undefined = [...containerStatuses, ...initContainerStatuses].find(
    ({ name }) => name === container.name,
  );
  if (status?.resources === undefined) return wished;
  const actual = (status.resources[side] ?? {}) as Amounts;
  const known = side === 'requests' ? maxAmounts(actual, (status.allocatedResources ?? {}) as Amounts) : actual;
  return isResizeInfeasible(pod) ? known : maxAmounts(wished, known);
}

function ofContainers(pod: Pod, side: Side): Amounts {
  let total: Amounts = {};
  for (const container of pod.spec?.containers ?? []) total = addAmounts(total, amountsOf(pod, container, side));
  let sidecars: Amounts = {};
  let init: Amounts = {};
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      const amounts = amountsOf(pod, container, side);
      total = addAmounts(total, amounts);
      sidecars = addAmounts(sidecars, amounts);
      init = maxAmounts(init, sidecars);
    } else {
      init = maxAmounts(init, addAmounts((container.resources?.[side] ?? {}) as Amounts, sidecars));
    }
  }
  return maxAmounts(total, init);
}

/** What the whole pod takes: its containers and sidecars or its largest init container, its own word, and overhead. */
export function podAmounts(pod: Pod, side: Side): Amounts {
  const total: Record<string, string> = { ...ofContainers(pod, side) };
  const own = (pod.spec?.resources?.[side] ?? {}) as Amounts;
  for (const name in own) if (isOfPods(name)) total[name] = own[name] ?? '0';
  const overhead = (pod.spec?.overhead ?? {}) as Amounts;
  if (side === 'requests') return addAmounts(total, overhead);
  for (const name in overhead) {
    const limit = parseQuantity(total[name] ?? '0');
    if (!limit.isZero()) total[name] = limit.add(parseQuantity(overhead[name] ?? '0')).toString();
  }
  return total;
}

/** The names under which quotas know requests and limits. */
export function quotaNamesOf(requests: Amounts, limits: Amounts): Amounts {
  const used: Record<string, string> = { pods: '1' };
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const [request, limit] = [requests[name], limits[name]];
    if (request !== undefined) used[name] = used[`requests.${name}`] = request;
    if (limit !== undefined) used[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    const isHugePages = name.startsWith('hugepages-');
    if (isHugePages) used[name] = request;
    if (isHugePages || isExtendedResourceName(name) || name.startsWith(deviceClassPrefix))
      used[`requests.${name}`] = request;
  }
  return used;
}

export const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/';
