import type { ApiClient } from '../../../api/client.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import type { Informers } from '../../client/informers.ts';
import { type FilterPlan, type Plugin, type PodStep, unresolvable } from '../framework.ts';
import { type NodeTest, nodeSelectorTest } from '../node-affinity.ts';
import type { Pod, PodInfo } from '../pod-info.ts';

export type ResourceClaim = Readonly<Api<'io.k8s.api.resource.v1.ResourceClaim'>>;

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

const name = 'DynamicResources';
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

async function reserve(client: ApiClient, claim: ResourceClaim, pod: PodInfo): Promise<undefined> {
  const { namespace = '', name: claimName = '', uid, resourceVersion } = claim.metadata ?? {};
  const consumer = { resource: 'pods', name: pod.name, uid: pod.uid };
  const target = {
    resource: resourceClaims,
    namespace,
    name: claimName,
    type: 'application/merge-patch+json',
  } as const;
  const reservedFor = [...(claim.status?.reservedFor ?? []), consumer];
  await client.patch(
    target,
    { metadata: { uid, resourceVersion }, status: { reservedFor } },
    { subresource: 'status' },
  );
  return undefined;
}

/**
 * Pods with claims to devices: a claim that has its devices binds the pod to the nodes where they are, and is reserved for the pod. Devices are
 * not chosen here: a claim without them waits until somebody has allocated it.
 */
export function dynamicResources(client: ApiClient, informers: Informers): Plugin {
  const isOwn = (pod: PodInfo, claimName: string | undefined): boolean =>
    namedClaims(pod.pod).some((named) => named?.claimName === claimName);
  const filter = (pod: PodInfo): FilterPlan | undefined => {
    if ((pod.pod.spec?.resourceClaims ?? []).length === 0) return undefined;
    const claims = claimsOf(pod, informers);
    if (typeof claims === 'string') return { rejection: unresolvable(name, claims) };
    const inUse = claims.some(
      (claim) =>
        claim.status?.allocation !== undefined &&
        !isReserved(claim, pod.uid) &&
        (claim.status.reservedFor ?? []).length >= maxReservations,
    );
    if (inUse) return { rejection: unresolvable(name, 'resourceclaim in use') };
    for (const claim of claims) {
      const missing = missingClass(claim, informers);
      if (missing !== undefined) return { rejection: unresolvable(name, missing) };
    }
    return claims.length === 0 ? undefined : { step: claimStep(pod, claims, client) };
  };
  return {
    name,
    hints: [
      {
        resource: 'resourceclaims',
        actions: ['add', 'update'],
        helps: (pod, { object }) => object?.metadata?.namespace === pod.namespace && isOwn(pod, object.metadata.name),
      },
      { resource: 'deviceclasses', actions: ['add', 'update'] },
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

function claimStep(pod: PodInfo, claims: readonly ResourceClaim[], client: ApiClient): PodStep {
  const elsewhere = unresolvable(name, 'resourceclaim not available on the node');
  const noDevices = unresolvable(name, 'cannot allocate all claims');
  const isAllocated = claims.every(({ status }) => status?.allocation !== undefined);
  const places: readonly NodeTest[] = claims.flatMap(({ status }) =>
    status?.allocation?.nodeSelector === undefined ? [] : [nodeSelectorTest(status.allocation.nodeSelector)],
  );
  return {
    filter: ({ node }) => {
      if (!places.every((place) => place.matches(node))) return elsewhere;
      return isAllocated ? undefined : noDevices;
    },
    preBind: () => {
      const missing = claims.filter((claim) => !isReserved(claim, pod.uid));
      if (missing.length === 0) return undefined;
      return Promise.all(missing.map((claim) => reserve(client, claim, pod))).then(() => undefined);
    },
  };
}
