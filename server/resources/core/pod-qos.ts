import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import type { PodSpec, ResourceList, ResourceRequirements } from './pod-types.ts';
import { quantities } from './resource-requirements-list.ts';

const computeResources = ['cpu', 'memory'];

function addPositive(total: ResourceList, list: ResourceList | undefined): number {
  let found = 0;
  if (list === undefined) return found;
  for (const name of computeResources) {
    const amount = list[name];
    if (amount === undefined || amount === '0' || amount[0] === '-' || parseQuantity(amount).sign() <= 0) continue;
    const present = total[name];
    total[name] = present === undefined ? amount : parseQuantity(present).add(parseQuantity(amount)).toString();
    found++;
  }
  return found;
}

/** Which pods go first when a node runs short: BestEffort, then Burstable, then Guaranteed. */
export function podQOSClass(spec: Readonly<PodSpec>): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const requests: ResourceList = {};
  const limits: ResourceList = {};
  let guaranteed = true;
  const count = (resources: Readonly<ResourceRequirements> | undefined): void => {
    addPositive(requests, quantities(resources?.requests));
    if (addPositive(limits, quantities(resources?.limits)) < computeResources.length) guaranteed = false;
  };
  if (spec.resources === undefined) {
    for (const container of spec.containers ?? []) count(container.resources);
    for (const container of spec.initContainers ?? []) count(container.resources);
  } else {
    addPositive(requests, quantities(spec.resources.requests));
    const podLimits = quantities(spec.resources.limits);
    const found = addPositive(limits, podLimits);
    if (Object.keys(podLimits ?? {}).length > 0 && found < computeResources.length) guaranteed = false;
  }
  const requested = Object.keys(requests);
  const limited = Object.keys(limits);
  if (requested.length === 0 && limited.length === 0) return 'BestEffort';
  if (!guaranteed || requested.length !== limited.length) return 'Burstable';
  const same = requested.every((name) => compareQuantity(requests[name] ?? '0', limits[name] ?? '-1') === 0);
  return same ? 'Guaranteed' : 'Burstable';
}
