import { semanticEqual } from '../../../api/equal.ts';
import { formatIP, parseIP } from '../../../api/ip.ts';
import { EndpointSet, isSameState, portsKey, sortedPorts } from './endpoint-set.ts';
import {
  type AddressType,
  type DesiredSlice,
  type Endpoint,
  type EndpointAddress,
  type EndpointPort,
  type EndpointSlice,
  type Endpoints,
  serviceNameLabel,
  sliceManagedByLabel,
  triggerTimeAnnotation,
} from './kinds.ts';
import { sliceNamePrefix } from './service-slices.ts';
import type { SliceChanges } from './slice-packing.ts';
import { repackSubsets } from './subsets.ts';

export const mirroringLabel = 'endpointslicemirroring-controller.k8s.io';
const maxEndpointsPerSubset = 1000;
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

export interface MirrorPlan extends SliceChanges {
  /** Addresses that are none. */
  readonly invalid: number;
  /** All that are not mirrored, the invalid ones with them. */
  readonly skipped: number;
}

interface Group {
  readonly type: AddressType;
  readonly ports: EndpointPort[];
  readonly endpoints: EndpointSet;
}

function mirrored(
  { ip, hostname, nodeName, targetRef }: Readonly<EndpointAddress>,
  ready: boolean,
): { readonly endpoint: Endpoint; readonly type: AddressType } | undefined {
  const parsed = parseIP(ip ?? '');
  if (parsed === undefined) return undefined;
  return {
    type: parsed.family === 6 ? 'IPv6' : 'IPv4',
    endpoint: {
      addresses: [formatIP(parsed.family, parsed.bits)],
      conditions: { ready },
      ...((hostname ?? '') === '' ? {} : { hostname: hostname ?? '' }),
      ...(targetRef === undefined ? {} : { targetRef }),
      ...(nodeName === undefined ? {} : { nodeName }),
    },
  };
}

function groupsOf(object: Readonly<Endpoints>): { groups: Map<string, Group>; invalid: number; skipped: number } {
  const groups = new Map<string, Group>();
  let invalid = 0;
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of repackSubsets(object.subsets ?? [])) {
    const slicePorts = ports.map(({ name = '', protocol = 'TCP', ...port }) => ({ name, protocol, ...port }));
    const key = portsKey(slicePorts);
    const groupOf = (type: AddressType): Group => {
      const group = groups.get(`${type} ${key}`);
      if (group !== undefined) return group;
      const made = { type, ports: sortedPorts(slicePorts), endpoints: new EndpointSet() };
      groups.set(`${type} ${key}`, made);
      return made;
    };
    let added = 0;
    for (const [list, isReady] of [
      [addresses, true],
      [notReadyAddresses, false],
    ] as const)
      for (const address of list) {
        if (added >= maxEndpointsPerSubset) break;
        const found = mirrored(address, isReady);
        if (found === undefined) invalid++;
        else {
          groupOf(found.type).endpoints.add(found.endpoint);
          added++;
        }
      }
    skipped += addresses.length + notReadyAddresses.length - added;
  }
  return { groups, invalid, skipped };
}

function without(map: Readonly<Record<string, string>> | undefined, ...keys: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}

function sliceFor({ metadata }: Readonly<Endpoints>, { type, ports }: Group, endpoints: Endpoint[]): DesiredSlice {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  return {
    metadata: {
      generateName: sliceNamePrefix(name),
      namespace,
      labels: { ...metadata?.labels, [serviceNameLabel]: name, [sliceManagedByLabel]: mirroringLabel },
      annotations: without(metadata?.annotations, triggerTimeAnnotation, lastAppliedAnnotation),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    addressType: type,
    endpoints,
    ports,
  };
}

function isUpToDate(object: Readonly<Endpoints>, slice: Readonly<EndpointSlice>, desired: EndpointSet): boolean {
  const present = slice.endpoints ?? [];
  const isWanted = (endpoint: Readonly<Endpoint>): boolean => {
    const wanted = desired.get(endpoint);
    return wanted !== undefined && isSameState(wanted, endpoint);
  };
  const { metadata } = slice;
  return (
    present.length === desired.size &&
    present.every(isWanted) &&
    semanticEqual(object.metadata?.labels, without(metadata?.labels, serviceNameLabel, sliceManagedByLabel)) &&
    semanticEqual(
      without(object.metadata?.annotations, triggerTimeAnnotation, lastAppliedAnnotation),
      metadata?.annotations,
    ) &&
    !(metadata?.ownerReferences ?? []).some(
      ({ kind, name, uid }) => kind === 'Endpoints' && name === object.metadata?.name && uid !== object.metadata?.uid,
    )
  );
}

/** The slices that say what an Endpoints object says: one for each set of ports and family. */
export function planMirror(object: Readonly<Endpoints>, existing: readonly Readonly<EndpointSlice>[]): MirrorPlan {
  const { groups, invalid, skipped } = groupsOf(object);
  const plan: MirrorPlan = { create: [], update: [], delete: [], invalid, skipped };
  const present = new Map<string, Readonly<EndpointSlice>[]>();
  for (const slice of existing) {
    const key = `${slice.addressType} ${portsKey(slice.ports)}`;
    const slices = present.get(key);
    if (slices === undefined) present.set(key, [slice]);
    else slices.push(slice);
  }
  for (const [key, group] of groups) {
    const [first, ...others] = present.get(key) ?? [];
    present.delete(key);
    plan.delete.push(...others);
    if (first !== undefined && isUpToDate(object, first, group.endpoints)) continue;
    const slice = sliceFor(object, group, group.endpoints.takeSome(maxEndpointsPerSubset));
    if (first === undefined) plan.create.push(slice);
    else {
      const { generateName: _, ...metadata } = slice.metadata ?? {};
      plan.update.push({ ...slice, metadata: { ...metadata, name: first.metadata?.name ?? '' } });
    }
  }
  for (const slices of present.values()) plan.delete.push(...slices);
  return plan;
}
