import { semanticEqual } from '../../../api/equal.ts';
import { isIPv6 } from '../../../api/ip.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import { EndpointSet, portsKey, sortedPorts } from './endpoint-set.ts';
import {
  type AddressType,
  type DesiredSlice,
  type EndpointPort,
  type EndpointSlice,
  hasClusterIP,
  headlessLabel,
  type Node,
  type Pod,
  type Service,
  serviceNameLabel,
  sliceManagedByLabel,
} from './kinds.ts';
import { belongsIntoEndpoints, endpointOf, endpointPortsOf, portsOfAll } from './pod-endpoint.ts';
import { pack, type SliceChanges } from './slice-packing.ts';

export const sliceControllerLabel = 'endpointslice-controller.k8s.io';
export const maxEndpointsPerSlice = 100;

const reserved: ReadonlySet<string> = new Set([headlessLabel, serviceNameLabel, sliceManagedByLabel]);

/** The families of a Service; before they are known a headless one has both. */
export function addressTypesOf({ spec }: Readonly<Service>): AddressType[] {
  const families = (spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return [...new Set<AddressType>(families)];
  const { clusterIP = '' } = spec ?? {};
  if (clusterIP !== '' && clusterIP !== 'None') return [isIPv6(clusterIP) ? 'IPv6' : 'IPv4'];
  return ['IPv4', 'IPv6'];
}

export function isOwnedBy({ metadata }: Readonly<EndpointSlice>, service: Readonly<Service>): boolean {
  return (metadata?.ownerReferences ?? []).some(
    ({ uid, kind, apiVersion }) => uid === service.metadata?.uid && kind === 'Service' && apiVersion === 'v1',
  );
}

function unreserved(labels: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !reserved.has(key)));
}

function labelsFor(service: Readonly<Service>): Record<string, string> {
  return {
    ...unreserved(service.metadata?.labels),
    ...(hasClusterIP(service) ? {} : { [headlessLabel]: '' }),
    [serviceNameLabel]: service.metadata?.name ?? '',
    [sliceManagedByLabel]: sliceControllerLabel,
  };
}

/** With a dash where the name is not too long for one. */
export function sliceNamePrefix(name: string): string {
  return nameIsDNSSubdomain(`${name}-`, true).length === 0 ? `${name}-` : name;
}

export function newSlice(service: Readonly<Service>, ports: readonly EndpointPort[], type: AddressType): DesiredSlice {
  const { namespace = '', name = '', uid = '' } = service.metadata ?? {};
  return {
    metadata: {
      generateName: sliceNamePrefix(name),
      namespace,
      labels: labelsFor(service),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    addressType: type,
    endpoints: [],
    ports: [...ports],
  };
}

function isPlaceholder(slice: Readonly<EndpointSlice>, service: Readonly<Service>): boolean {
  return (
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0 &&
    isOwnedBy(slice, service) &&
    semanticEqual(slice.metadata?.labels, labelsFor(service))
  );
}

export interface SliceInput {
  readonly service: Readonly<Service>;
  readonly pods: readonly Readonly<Pod>[];
  /** Managed by this controller, of the family asked for. */
  readonly existing: readonly Readonly<EndpointSlice>[];
  readonly type: AddressType;
  nodeOf(name: string): Readonly<Node> | undefined;
}

export interface SlicePlan extends SliceChanges {
  /** In upstream's words: pods left out until their node is known. */
  readonly problems: string[];
}

interface Group {
  readonly ports: EndpointPort[];
  readonly endpoints: EndpointSet;
}

/** What there should be, by the ports: pods with other numbers behind a name come into other slices. */
function desiredGroups(
  { service, pods, type, nodeOf }: Omit<SliceInput, 'existing'>,
  problems: string[],
): Map<string, Group> {
  const desired = new Map<string, Group>();
  const sameForAll = portsOfAll(service);
  const sameKey = sameForAll === undefined ? undefined : portsKey(sameForAll);
  for (const pod of pods) {
    if (!belongsIntoEndpoints(pod, true)) continue;
    const ports = sameForAll ?? endpointPortsOf(service, pod);
    const key = sameKey ?? portsKey(ports);
    let group = desired.get(key);
    if (group === undefined) {
      group = { ports: sortedPorts(ports), endpoints: new EndpointSet() };
      desired.set(key, group);
    }
    const { nodeName = '' } = pod.spec ?? {};
    const node = nodeOf(nodeName);
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      const { namespace, name } = service.metadata ?? {};
      problems.push(`skipping Pod ${pod.metadata?.name} for Service ${namespace}/${name}: Node ${nodeName} Not Found`);
      continue;
    }
    const endpoint = endpointOf(pod, node, service, type);
    if ((endpoint.addresses ?? []).length > 0) group.endpoints.add(endpoint);
  }
  return desired;
}

/** How the slices of one family become what Service and pods say; hints aside. */
export function planSlices(input: SliceInput): SlicePlan {
  const { service, existing, type } = input;
  const problems: string[] = [];
  const desired = desiredGroups(input, problems);
  const plan: SlicePlan = { create: [], update: [], delete: [], problems };
  const byPorts = new Map<string, Readonly<EndpointSlice>[]>();
  for (const slice of existing) {
    if (!isOwnedBy(slice, service)) {
      plan.delete.push(slice);
      continue;
    }
    const key = portsKey(slice.ports);
    const group = byPorts.get(key);
    if (group === undefined) byPorts.set(key, [slice]);
    else group.push(slice);
  }
  const labels = labelsFor(service);
  for (const [key, { ports, endpoints }] of desired) {
    const changes = pack({
      existing: byPorts.get(key) ?? [],
      desired: endpoints,
      maxPerSlice: maxEndpointsPerSlice,
      labelsOf: ({ metadata }) => ({
        labels,
        areOther: !semanticEqual(unreserved(metadata?.labels), unreserved(labels)),
      }),
      newSlice: () => newSlice(service, ports, type),
    });
    plan.create.push(...changes.create);
    plan.update.push(...changes.update);
    plan.delete.push(...changes.delete);
  }
  for (const [key, slices] of byPorts) if (!desired.has(key)) plan.delete.push(...slices);
  keepPlaceholder(plan, { service, existing, type });
  return plan;
}

/** A Service that has no endpoints has one empty slice, so that all see that it was looked at. */
function keepPlaceholder(
  plan: SlicePlan,
  { service, existing, type }: Pick<SliceInput, 'service' | 'existing' | 'type'>,
): void {
  if (existing.length !== plan.delete.length || plan.create.length > 0) return;
  const [only] = plan.delete;
  if (plan.delete.length === 1 && only !== undefined && isPlaceholder(only, service)) plan.delete = [];
  else plan.create.push(newSlice(service, [], type));
}
