import type { ApiClient } from '../../../api/client.ts';
import { type Clock, toTime } from '../../../api/clock.ts';
import type { GroupVersionResource } from '../../../api/object.ts';
import type { Informers } from '../../client/informers.ts';
import { type ClusterEvent, type FilterPlan, type Plugin, type PodStep, unresolvable } from '../framework.ts';
import { type NodeTest, nodeSelectorTest } from '../node-affinity.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Pod, PodInfo } from '../pod-info.ts';
import {
  type Allocation,
  allocationOf,
  type DeviceClass,
  deviceId,
  devicesInUse,
  devicesOf,
  findDevices,
  type Matches,
  type ResourceClaim,
  type ResourceSlice,
} from './devices.ts';

export const resourceClaims: GroupVersionResource = {
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'resourceclaims',
};

export const deviceClasses: GroupVersionResource = {
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'deviceclasses',
};

export const resourceSlices: GroupVersionResource = {
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'resourceslices',
};

const name = 'DynamicResources';
const finalizer = 'resource.kubernetes.io/delete-protection';
/** As many pods as may share one claim. */
const maxReservations = 256;

interface Named {
  /** Undefined: made from a template, and not there yet. */
  readonly claimName: string | undefined;
  readonly isTemplated: boolean;
  readonly name: string;
}

function namedClaims({ spec, status }: Pod): readonly (Named | undefined)[] {
  return (spec?.resourceClaims ?? []).map(({ name: entry = '', resourceClaimName }) => {
    if (resourceClaimName !== undefined) return { name: entry, claimName: resourceClaimName, isTemplated: false };
    const made = status?.resourceClaimStatuses?.find((one) => one.name === entry);
    // Made, and found to be needless.
    if (made !== undefined && made.resourceClaimName === undefined) return undefined;
    return { name: entry, claimName: made?.resourceClaimName, isTemplated: true };
  });
}

/** The claims of a pod, or why it has to wait. */
function claimsOf(pod: PodInfo, informers: Informers): readonly ResourceClaim[] | string {
  const found: ResourceClaim[] = [];
  for (const named of namedClaims(pod.pod)) {
    if (named === undefined) continue;
    const { claimName, isTemplated } = named;
    if (claimName === undefined)
      return `pod "${pod.namespace}/${pod.name}": pod claim ${named.name}: claim not created yet`;
    const claim = informers.of<ResourceClaim>(resourceClaims).get(`${pod.namespace}/${claimName}`);
    if (claim === undefined) return `resourceclaim.resource.k8s.io "${claimName}" not found`;
    if (claim.metadata?.deletionTimestamp !== undefined) return `resourceclaim "${claimName}" is being deleted`;
    const owner = claim.metadata?.ownerReferences?.find(({ controller }) => controller === true);
    if (isTemplated && owner?.uid !== pod.uid)
      return `ResourceClaim ${pod.namespace}/${claimName} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)`;
    found.push(claim);
  }
  return found;
}

/** A request for a class that is not there. */
function missingClass({ spec, status }: ResourceClaim, informers: Informers): string | undefined {
  if (status?.allocation !== undefined) return undefined;
  for (const { name: request = '', exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    const wanted = [
      ...(exactly === undefined ? [] : [{ name: request, of: exactly.deviceClassName ?? '' }]),
      ...firstAvailable.map((one) => ({ name: `${request}/${one.name}`, of: one.deviceClassName ?? '' })),
    ];
    const missing = wanted.find(({ of }) => informers.of(deviceClasses).get(of) === undefined);
    if (missing !== undefined) return `request ${missing.name}: device class ${missing.of} does not exist`;
  }
  return undefined;
}

function isReserved({ status }: ResourceClaim, uid: string): boolean {
  return status?.reservedFor?.some((consumer) => consumer.uid === uid) === true;
}

/** Gives the claim its devices, if it has none, and to the pod. */
async function reserve(
  { client, clock }: Devices,
  claim: ResourceClaim,
  pod: PodInfo,
  made?: Allocation,
): Promise<void> {
  const allocation = made === undefined ? undefined : { ...made, allocationTimestamp: toTime(clock.now()) };
  const { namespace = '', name: claimName = '', uid, finalizers = [] } = claim.metadata ?? {};
  let { resourceVersion } = claim.metadata ?? {};
  const target = {
    resource: resourceClaims,
    namespace,
    name: claimName,
    type: 'application/merge-patch+json',
  } as const;
  if (allocation !== undefined && !finalizers.includes(finalizer)) {
    const metadata = { uid, resourceVersion, finalizers: [...finalizers, finalizer] };
    resourceVersion = (await client.patch(target, { metadata })).metadata?.resourceVersion;
  }
  const consumer = { resource: 'pods', name: pod.name, uid: pod.uid };
  const status = {
    reservedFor: [...(claim.status?.reservedFor ?? []), consumer],
    ...(allocation === undefined ? {} : { allocation }),
  };
  await client.patch(target, { metadata: { uid, resourceVersion }, status }, { subresource: 'status' });
}

export interface DynamicResourcesDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly informers: Informers;
  /** Something may help pods that is no event of the cluster. */
  tell(event: ClusterEvent): void;
}

interface Devices extends DynamicResourcesDeps {
  /** Decided, not yet seen in the claims; by their uids. */
  readonly assumed: Map<string, Allocation>;
  /** Undefined until expressions can be evaluated: that is loaded with the first class. */
  matches: Matches | undefined;
}

function classOf({ informers }: Devices): (className: string) => DeviceClass | undefined {
  return (className) => informers.of<DeviceClass>(deviceClasses).get(className);
}

/** Allocations for all claims that have none, if the node has the devices. */
function allocate(
  claims: readonly ResourceClaim[],
  { node }: NodeInfo,
  devices: Devices,
): ReadonlyMap<string, Allocation> | undefined {
  const { informers, assumed, matches } = devices;
  if (matches === undefined) return undefined;
  const classes = classOf(devices);
  const candidates = devicesOf(informers.of<ResourceSlice>(resourceSlices).list(), node);
  const used = new Set(devicesInUse(informers.of<ResourceClaim>(resourceClaims).list()));
  for (const { devices: taken } of assumed.values())
    for (const result of taken?.results ?? []) used.add(deviceId(result));
  const made = new Map<string, Allocation>();
  for (const claim of claims) {
    if (claim.status?.allocation !== undefined) continue;
    const found = findDevices({ claim, devices: candidates, used, classes, matches });
    if (found === undefined) return undefined;
    for (const { candidate, isAdmin } of found) if (!isAdmin) used.add(candidate.id);
    made.set(claim.metadata?.uid ?? '', allocationOf(claim, found, classes));
  }
  return made;
}

/** Pods with claims to devices go where these are, or where there are free ones; claims are allocated and reserved before the pod is bound. */
export function dynamicResources(deps: DynamicResourcesDeps): Plugin {
  const { informers } = deps;
  const devices: Devices = { ...deps, assumed: new Map(), matches: undefined };
  let isLoading = false;
  informers.of<DeviceClass>(deviceClasses).subscribe({
    added: (object) => {
      if (isLoading) return;
      isLoading = true;
      void import('./device-selectors.ts').then(({ createMatches }) => {
        devices.matches = createMatches();
        deps.tell({ resource: 'deviceclasses', actions: ['update'], object, old: undefined });
      });
    },
  });
  informers.of<ResourceClaim>(resourceClaims).subscribe({
    updated: ({ metadata, status }) => {
      if (status?.allocation !== undefined) devices.assumed.delete(metadata?.uid ?? '');
    },
    deleted: ({ metadata }) => void devices.assumed.delete(metadata?.uid ?? ''),
  });
  const isOwn = (pod: PodInfo, claimName: string | undefined): boolean =>
    namedClaims(pod.pod).some((named) => named?.claimName === claimName);
  const problemOf = (pod: PodInfo, claims: readonly ResourceClaim[]): string | undefined => {
    for (const claim of claims) {
      const { metadata, status } = claim;
      const isFull = (status?.reservedFor ?? []).length >= maxReservations;
      if (status?.allocation !== undefined && !isReserved(claim, pod.uid) && isFull) return 'resourceclaim in use';
      if (status?.allocation === undefined && devices.assumed.has(metadata?.uid ?? ''))
        return `resource claim ${metadata?.namespace}/${metadata?.name} is in the process of being allocated`;
      const missing = missingClass(claim, informers);
      if (missing !== undefined) return missing;
    }
    return undefined;
  };
  const filter = (pod: PodInfo): FilterPlan | undefined => {
    if ((pod.pod.spec?.resourceClaims ?? []).length === 0) return undefined;
    const claims = claimsOf(pod, informers);
    if (typeof claims === 'string') return { rejection: unresolvable(name, claims) };
    const problem = problemOf(pod, claims);
    if (problem !== undefined) return { rejection: unresolvable(name, problem) };
    return claims.length === 0 ? undefined : { step: claimStep(pod, claims, devices) };
  };
  return {
    name,
    hints: [
      {
        resource: 'resourceclaims',
        actions: ['add', 'update', 'delete'],
        // What another pod gives back can be had, too.
        helps: (pod, { object, old }) =>
          (object?.metadata?.namespace === pod.namespace && isOwn(pod, object.metadata.name)) ||
          ((old as ResourceClaim | undefined)?.status?.allocation !== undefined &&
            (object as ResourceClaim | undefined)?.status?.allocation === undefined),
      },
      { resource: 'deviceclasses', actions: ['add', 'update'] },
      { resource: 'resourceslices', actions: ['add', 'update'] },
      { resource: 'pods', actions: ['claims'], helps: (pod, { object }) => object?.metadata?.uid === pod.uid },
      { resource: 'nodes', actions: ['add', 'labels'] },
    ],
    gate: (pod) => {
      if ((pod.pod.spec?.resourceClaims ?? []).length === 0) return undefined;
      const claims = claimsOf(pod, informers);
      return typeof claims === 'string' ? claims : undefined;
    },
    filter,
  };
}

function claimStep(pod: PodInfo, claims: readonly ResourceClaim[], devices: Devices): PodStep {
  const elsewhere = unresolvable(name, 'resourceclaim not available on the node');
  const noDevices = unresolvable(name, 'cannot allocate all claims');
  const isAllocated = claims.every(({ status }) => status?.allocation !== undefined);
  const places: readonly NodeTest[] = claims.flatMap(({ status }) =>
    status?.allocation?.nodeSelector === undefined ? [] : [nodeSelectorTest(status.allocation.nodeSelector)],
  );
  let made: ReadonlyMap<string, Allocation> = new Map();
  const forget = (): void => {
    for (const uid of made.keys()) devices.assumed.delete(uid);
  };
  return {
    filter: (node) => {
      if (!places.every((place) => place.matches(node.node))) return elsewhere;
      return isAllocated || allocate(claims, node, devices) !== undefined ? undefined : noDevices;
    },
    reserve: (node) => {
      if (isAllocated) return undefined;
      const found = allocate(claims, node, devices);
      if (found === undefined) return noDevices;
      made = found;
      for (const [uid, allocation] of made) devices.assumed.set(uid, allocation);
      return undefined;
    },
    unreserve: forget,
    preBind: () => {
      const open = claims.filter((claim) => !isReserved(claim, pod.uid));
      if (open.length === 0) return undefined;
      const write = (claim: ResourceClaim): Promise<void> =>
        reserve(devices, claim, pod, made.get(claim.metadata?.uid ?? ''));
      return Promise.all(open.map(write)).then(() => undefined);
    },
  };
}
