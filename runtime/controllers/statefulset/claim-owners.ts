import {
  type Api,
  apiVersionOf,
  type GroupVersionKind,
  type KubeObject,
  type OwnerReference,
} from '../../../api/object.ts';
import { controllerRef } from '../ownership.ts';
import type { Pod } from '../pod-state.ts';
import { type Claim, isInRange, type StatefulSet, statefulSetKind } from './identity.ts';

type Policy = Api<'io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy'>;

const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;

function policyOf({ spec }: StatefulSet): Required<Policy> {
  return { whenDeleted: 'Retain', whenScaled: 'Retain', ...spec?.persistentVolumeClaimRetentionPolicy };
}

function isRetain({ whenDeleted, whenScaled }: Policy): boolean {
  return whenDeleted === 'Retain' && whenScaled === 'Retain';
}

function refsOf(claim: Claim): readonly OwnerReference[] {
  return claim.metadata?.ownerReferences ?? [];
}

function names(ref: OwnerReference, object: Readonly<KubeObject>, gvk: GroupVersionKind): boolean {
  return ref.apiVersion === apiVersionOf(gvk) && ref.kind === gvk.kind && ref.name === object.metadata?.name;
}

function isOwnedBy(claim: Claim, { metadata }: Readonly<KubeObject>): boolean {
  return refsOf(claim).some(({ uid }) => uid === metadata?.uid);
}

/** An owner of the same name, but not the same object: it was there before. */
function hasStaleOwner(claim: Claim, object: Readonly<KubeObject>, gvk: GroupVersionKind): boolean {
  const ref = refsOf(claim).find((candidate) => names(candidate, object, gvk));
  return ref !== undefined && ref.uid !== object.metadata?.uid;
}

/** The claim goes with a pod that has gone: a new pod waits until it is away. */
export function isStaleClaim(set: StatefulSet, pod: Pod, claim: Claim): boolean {
  return policyOf(set).whenScaled !== 'Retain' && hasStaleOwner(claim, pod, podKind);
}

/** Where a policy should delete the claim, somebody else manages it. */
export function hasForeignController(set: StatefulSet, pod: Pod, claim: Claim): boolean {
  if (isRetain(policyOf(set))) return false;
  return refsOf(claim).some((ref) => {
    if (names(ref, set, statefulSetKind)) return ref.uid !== set.metadata?.uid;
    if (names(ref, pod, podKind)) return ref.uid !== pod.metadata?.uid;
    return ref.controller === true;
  });
}

/** Whether set and pod are the owners that the policy asks for. */
function owners(set: StatefulSet, pod: Pod): { readonly bySet: boolean; readonly byPod: boolean } {
  const { whenDeleted, whenScaled } = policyOf(set);
  const byPod = whenScaled === 'Delete' && !isInRange(set, pod);
  return { bySet: whenDeleted === 'Delete' && !byPod, byPod };
}

/** The policy is obeyed, or the claim's owners are none of our business. */
export function isClaimUpToDate(set: StatefulSet, pod: Pod, claim: Claim): boolean {
  if (hasStaleOwner(claim, set, statefulSetKind) || hasStaleOwner(claim, pod, podKind)) return true;
  const [hasSet, hasPod] = [isOwnedBy(claim, set), isOwnedBy(claim, pod)];
  if (hasForeignController(set, pod, claim)) return !hasSet && !hasPod;
  const uids = [set.metadata?.uid, pod.metadata?.uid];
  if (refsOf(claim).some(({ uid, controller }) => uids.includes(uid) && controller !== true)) return false;
  const { bySet, byPod } = owners(set, pod);
  return hasSet === bySet && hasPod === byPod;
}

/** The claim with the owners that the policy asks for. */
export function withOwners(set: StatefulSet, pod: Pod, claim: Claim): Claim {
  const { bySet, byPod } = owners(set, pod);
  const others = refsOf(claim).filter((ref) => !names(ref, set, statefulSetKind) && !names(ref, pod, podKind));
  const isForeign = hasForeignController(set, pod, claim);
  const ownerReferences = [
    ...others,
    ...(byPod && !isForeign ? [controllerRef(pod, podKind)] : []),
    ...(bySet && !isForeign ? [controllerRef(set, statefulSetKind)] : []),
  ];
  return { ...claim, metadata: { ...claim.metadata, ownerReferences } };
}
