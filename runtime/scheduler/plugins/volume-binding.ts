import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { Informers } from '../../client/informers.ts';
import { keyOf } from '../../client/object-key.ts';
import { volumeForClaim } from '../../controllers/volumes/binder-context.ts';
import { bestMatch, classOfClaim, classOfVolume, isBoundTo } from '../../controllers/volumes/matching.ts';
import {
  type Claim,
  type StorageClass,
  selectedNode,
  type Volume,
  withAnnotations,
} from '../../controllers/volumes/storage-objects.ts';
import { type FilterPlan, type Plugin, type PodStep, type Rejection, unresolvable } from '../framework.ts';
import type { Node, NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { selectorOf } from '../pod-info.ts';
import { unitsOf } from '../quantities.ts';
import { canReach, claimUses, isBound, notOwned, type StorageCapacity, type VolumeLookups } from './volume-lookups.ts';
import { isOwnClaim } from './volume-rules.ts';
import { bindVolumes } from './volume-wait.ts';

export interface VolumeBindingDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly informers: Informers;
  readonly lookups: VolumeLookups;
}

export interface VolumeBindingArgs {
  readonly bindTimeoutSeconds?: number;
}

/** What has to be done for a pod's volumes if it goes to one node. */
export interface VolumePlan {
  readonly matches: readonly { readonly volume: Readonly<Volume>; readonly claim: Readonly<Claim> }[];
  readonly provisions: readonly Readonly<Claim>[];
}

interface PodClaims {
  readonly bound: readonly Readonly<Claim>[];
  /** To be bound once the node is known. */
  readonly delayed: readonly Readonly<Claim>[];
}

const name = 'VolumeBinding';
const wrongPlace = "node(s) didn't match PersistentVolume's node affinity";
const noVolume = "node(s) didn't find available persistent volumes to bind";
const noSpace = 'node(s) did not have enough free storage';
const lostVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';
const nothing: VolumePlan = { matches: [], provisions: [] };

function allows({ allowedTopologies = [] }: Readonly<StorageClass>, { metadata }: Node): boolean {
  const labels = metadata?.labels ?? {};
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(
    ({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.length > 0 &&
      matchLabelExpressions.every(({ key = '', values = [] }) => values.includes(labels[key] ?? '')),
  );
}

/** The most a single volume may take. */
function limitOf({ maximumVolumeSize, capacity }: StorageCapacity): number | undefined {
  const text = maximumVolumeSize ?? capacity;
  return text === undefined ? undefined : unitsOf(text);
}

function hasSpace(
  { drivers, capacities }: VolumeLookups,
  storage: Readonly<StorageClass>,
  claim: Readonly<Claim>,
  node: Node,
) {
  const size = claim.spec?.resources?.requests?.['storage'];
  if (size === undefined || drivers.get(storage.provisioner ?? '')?.spec?.storageCapacity !== true) return true;
  const wanted = unitsOf(size);
  return capacities
    .list()
    .some(
      (capacity) =>
        capacity.storageClassName === storage.metadata?.name &&
        (limitOf(capacity) ?? -1) >= wanted &&
        selectorOf(capacity.nodeTopology).matches(node.metadata?.labels),
    );
}

/** The claims of a pod, or why it cannot be placed anywhere now. */
function claimsOf(pod: PodInfo, { claims, classes }: VolumeLookups): PodClaims | string {
  const bound: Readonly<Claim>[] = [];
  const delayed: Readonly<Claim>[] = [];
  let isImmediate = false;
  for (const { name: claimName, isEphemeral } of claimUses(pod)) {
    const claim = claims.get(`${pod.namespace}/${claimName}`);
    if (claim === undefined)
      return isEphemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${claimName}"`
        : `persistentvolumeclaim "${claimName}" not found`;
    const { volumeName = '' } = claim.spec ?? {};
    if (claim.status?.phase === 'Lost')
      return `persistentvolumeclaim "${claimName}" bound to non-existent persistentvolume "${volumeName}"`;
    if (claim.metadata?.deletionTimestamp !== undefined) return `persistentvolumeclaim "${claimName}" is being deleted`;
    const stranger = isEphemeral ? notOwned(pod, claim) : undefined;
    if (stranger !== undefined) return stranger;
    const mode = classes.get(classOfClaim(claim))?.volumeBindingMode;
    if (isBound(claim)) bound.push(claim);
    else if (mode === 'WaitForFirstConsumer' && volumeName === '') delayed.push(claim);
    else isImmediate = true;
  }
  return isImmediate ? 'pod has unbound immediate PersistentVolumeClaims' : { bound, delayed };
}

function bySize(a: Readonly<Claim>, b: Readonly<Claim>): number {
  const size = ({ spec }: Readonly<Claim>): number => unitsOf(spec?.resources?.requests?.['storage'] ?? '0');
  return size(a) - size(b);
}

/** A volume that is there already and not `taken` by another claim of the pod. */
function volumeFor(claim: Readonly<Claim>, node: Node, taken: ReadonlySet<string>, { volumes }: VolumeLookups) {
  const offered = volumes
    .list()
    .filter((volume) => classOfVolume(volume) === classOfClaim(claim) && !taken.has(volume.metadata?.name ?? ''));
  // What is set aside for the claim is not replaced by another.
  const isSetAside = offered.some((volume) => isBoundTo(volume, claim));
  const candidates = offered.filter((volume) => canReach(volume, node) && (!isSetAside || isBoundTo(volume, claim)));
  return bestMatch(claim, candidates, false);
}

/** Why no volume can be made for the claim on the node. */
function whyNotMade(claim: Readonly<Claim>, node: Node, lookups: VolumeLookups): string | undefined {
  const storage = lookups.classes.get(classOfClaim(claim));
  const { provisioner = '' } = storage ?? {};
  if (storage === undefined || provisioner === '' || provisioner === 'kubernetes.io/no-provisioner') return noVolume;
  if (!allows(storage, node)) return noVolume;
  return hasSpace(lookups, storage, claim, node) ? undefined : noSpace;
}

/** Finds volumes for the claims that wait for a node, or where they can be made. Reasons: why not here. */
function planFor(claims: PodClaims, { node }: NodeInfo, lookups: VolumeLookups): VolumePlan | readonly string[] {
  const { volumes } = lookups;
  for (const { spec } of claims.bound) {
    const volume = volumes.get(spec?.volumeName ?? '');
    if (volume === undefined) return [lostVolume];
    if (!canReach(volume, node)) return [wrongPlace];
  }
  if (claims.delayed.length === 0) return nothing;
  const matches: VolumePlan['matches'][number][] = [];
  const provisions: Readonly<Claim>[] = [];
  const taken = new Set<string>();
  for (const claim of claims.delayed.toSorted(bySize)) {
    const chosen = claim.metadata?.annotations?.[selectedNode];
    if (chosen !== undefined && chosen !== node.metadata?.name) return [noVolume];
    const volume = chosen === undefined ? volumeFor(claim, node, taken, lookups) : undefined;
    if (volume === undefined) provisions.push(claim);
    else {
      taken.add(volume.metadata?.name ?? '');
      matches.push({ volume, claim });
    }
  }
  for (const claim of provisions) {
    const reason = whyNotMade(claim, node, lookups);
    if (reason !== undefined) return [reason];
  }
  return { matches, provisions };
}

/** Pods go where their volumes are, or can be made; these are bound before the pod is. */
export function volumeBinding({ bindTimeoutSeconds = 600 }: VolumeBindingArgs, deps: VolumeBindingDeps): Plugin {
  const { lookups } = deps;
  const filter = (pod: PodInfo): FilterPlan | undefined => {
    if (pod.claims.length === 0) return undefined;
    const claims = claimsOf(pod, lookups);
    if (typeof claims === 'string') return { rejection: unresolvable(name, claims) };
    return { step: bindingStep(pod, claims, bindTimeoutSeconds * 1000, deps) };
  };
  return {
    name,
    hints: [
      {
        resource: 'storageclasses',
        actions: ['add', 'update'],
        helps: (_pod, { object, old }) =>
          old === undefined ||
          !semanticEqual((object as StorageClass).allowedTopologies, (old as StorageClass).allowedTopologies),
      },
      { resource: 'persistentvolumeclaims', actions: ['add', 'update'], helps: isOwnClaim },
      { resource: 'persistentvolumes', actions: ['add', 'update'] },
      { resource: 'nodes', actions: ['add', 'labels'] },
      { resource: 'csinodes', actions: ['add'] },
      { resource: 'csidrivers', actions: ['update'] },
      {
        resource: 'csistoragecapacities',
        actions: ['add', 'update'],
        helps: (_pod, { object, old }) =>
          old === undefined || (limitOf(object as StorageCapacity) ?? -1) > (limitOf(old as StorageCapacity) ?? -1),
      },
    ],
    filter,
  };
}

function bindingStep(pod: PodInfo, claims: PodClaims, timeoutMs: number, deps: VolumeBindingDeps): PodStep {
  const { claims: assumedClaims, volumes: assumedVolumes } = deps.lookups;
  let plan = nothing;
  const refused = new Map<string, Rejection>();
  const rejectionOf = (reasons: readonly string[]): Rejection => {
    const key = reasons.join();
    const known = refused.get(key) ?? unresolvable(name, ...reasons);
    refused.set(key, known);
    return known;
  };
  return {
    filter: (node) => {
      const found = planFor(claims, node, deps.lookups);
      return 'matches' in found ? undefined : rejectionOf(found);
    },
    reserve: (node) => {
      if (claims.delayed.length === 0) return undefined;
      const found = planFor(claims, node, deps.lookups);
      if (!('matches' in found)) return rejectionOf(found);
      plan = {
        matches: found.matches.map(({ volume, claim }) => ({ volume: volumeForClaim(volume, claim) ?? volume, claim })),
        provisions: found.provisions.map((claim) => withAnnotations(claim, { [selectedNode]: node.name })),
      };
      for (const { volume } of plan.matches) assumedVolumes.assume(volume);
      for (const claim of plan.provisions) assumedClaims.assume(claim);
      return undefined;
    },
    unreserve: () => {
      for (const { volume } of plan.matches) assumedVolumes.restore(keyOf(volume));
      for (const claim of plan.provisions) assumedClaims.restore(keyOf(claim));
    },
    preBind: (node, signal) =>
      plan.matches.length + plan.provisions.length === 0
        ? undefined
        : bindVolumes({ pod, node, plan, timeoutMs, ...deps }, signal),
  };
}
