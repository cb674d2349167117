import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { isControlledBy } from '../ownership.ts';
import { isPodTerminal } from '../pod-state.ts';

export type ResourceClaim = Api<'io.k8s.api.resource.v1.ResourceClaim'>;
export type ResourceClaimTemplate = Api<'io.k8s.api.resource.v1.ResourceClaimTemplate'>;
export type Pod = Api<'io.k8s.api.core.v1.Pod'>;
export type PodClaim = NonNullable<NonNullable<Pod['spec']>['resourceClaims']>[number];
export type Consumer = NonNullable<NonNullable<ResourceClaim['status']>['reservedFor']>[number];

const group = { group: 'resource.k8s.io', version: 'v1' };
export const resourceClaims: GroupVersionResource = { ...group, resource: 'resourceclaims' };
export const resourceClaimTemplates: GroupVersionResource = { ...group, resource: 'resourceclaimtemplates' };
export const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
export const deleteProtection = 'resource.kubernetes.io/delete-protection';
/** The name that the pod knows a generated claim by. */
export const podClaimName = 'resource.kubernetes.io/pod-claim-name';

/** The claim that a pod's entry stands for: undefined while it is to be made, '' when none is needed. */
export function claimNameOf(pod: Readonly<Pod>, podClaim: PodClaim): string | undefined {
  if (podClaim.resourceClaimName !== undefined) return podClaim.resourceClaimName;
  const status = pod.status?.resourceClaimStatuses?.find(({ name }) => name === podClaim.name);
  return status === undefined ? undefined : (status.resourceClaimName ?? '');
}

/** Keys of the claims that a pod uses, as far as they have names. */
export function claimKeysOf(pod: Readonly<Pod>): string[] {
  const namespace = pod.metadata?.namespace ?? '';
  const named = (pod.spec?.resourceClaims ?? []).map((podClaim) => claimNameOf(pod, podClaim) ?? '');
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName ?? '';
  return [...new Set([...named, extended])].filter((name) => name !== '').map((name) => `${namespace}/${name}`);
}

/** It will not run any more, or never has. */
export function isPodDone(pod: Readonly<Pod>): boolean {
  return isPodTerminal(pod) || (pod.metadata?.deletionTimestamp !== undefined && (pod.spec?.nodeName ?? '') === '');
}

export function isReservedFor({ status }: Readonly<ResourceClaim>, { metadata }: Readonly<Pod>): boolean {
  return status?.reservedFor?.some(({ uid }) => uid === metadata?.uid) ?? false;
}

/** Why a generated claim is not this pod's. */
export function ownershipError(claim: Readonly<ResourceClaim>, pod: Readonly<Pod>): string | undefined {
  if (isControlledBy(claim, pod)) return undefined;
  const of = ({ metadata }: Readonly<ResourceClaim | Pod>): string => `${metadata?.namespace}/${metadata?.name}`;
  return `ResourceClaim ${of(claim)} was not created for Pod ${of(pod)} (Pod is not owner)`;
}

/** Whether somebody has to look at the pod: a claim is to be made, or to be reserved for a pod that was put on its node by hand. */
export function needsWork(pod: Readonly<Pod>, claimOf: (key: string) => Readonly<ResourceClaim> | undefined): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined) return false;
  return (pod.spec?.resourceClaims ?? []).some((podClaim) => {
    const name = claimNameOf(pod, podClaim);
    if (name === undefined) return true;
    if (name === '') return false;
    const claim = claimOf(`${pod.metadata?.namespace}/${name}`);
    const isGenerated = podClaim.resourceClaimTemplateName !== undefined;
    if (claim === undefined) return isGenerated;
    if (isGenerated && ownershipError(claim, pod) !== undefined) return false;
    return (pod.spec?.nodeName ?? '') !== '' && claim.status?.allocation !== undefined && !isReservedFor(claim, pod);
  });
}

/** Leaves room for a hyphen and five random characters. */
const maxBase = 57;

/** A pod's claim made from a template. */
export function claimFromTemplate(
  pod: Readonly<Pod>,
  podClaim: PodClaim,
  { spec }: Readonly<ResourceClaimTemplate>,
): ResourceClaim {
  const { name: podName = '', uid = '', namespace = '' } = pod.metadata ?? {};
  const { name = '' } = podClaim;
  let generateName = `${podName}-${name}-`;
  if (generateName.length > maxBase) {
    const cut = (text: string): string => text.slice(0, Math.trunc((text.length * maxBase) / generateName.length));
    generateName = `${cut(podName)}-${cut(name)}`;
  }
  const { labels, annotations } = spec?.metadata ?? {};
  return {
    metadata: {
      generateName,
      namespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid, controller: true }],
      annotations: { ...annotations, [podClaimName]: name },
      ...(labels === undefined ? {} : { labels }),
    },
    ...(spec?.spec === undefined ? {} : { spec: spec.spec }),
  } as ResourceClaim;
}

/** The pod that a generated claim was made for. */
export function owningPod({ metadata }: Readonly<ResourceClaim>): { name: string; uid: string } | undefined {
  const owner = metadata?.ownerReferences?.find(
    ({ controller, apiVersion, kind }) => controller === true && apiVersion === 'v1' && kind === 'Pod',
  );
  return owner === undefined ? undefined : { name: owner.name ?? '', uid: owner.uid ?? '' };
}
