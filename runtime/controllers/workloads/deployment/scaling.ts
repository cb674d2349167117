import { type Deployment, isRolling, maxSurge, maxUnavailable, type ReplicaSet, sizeOf } from './deployment.ts';
import {
  activeOf,
  activeOrLatest,
  allOf,
  type Generations,
  largestThenNewest,
  largestThenOldest,
  oldestFirst,
  totalOf,
  totalSize,
} from './replica-sets.ts';
import { desiredReplicasAnnotation, maxReplicasAnnotation, notedSize } from './revision-annotations.ts';

/** One change of one ReplicaSet. The same one may come twice: each is a change, and an event, of its own. */
export interface ScaleStep {
  readonly set: ReplicaSet;
  readonly size: number;
  /** Also when only the sizes noted in its annotations are out of date. */
  readonly notesSizes?: boolean;
}

/** The Deployment's size was changed since its ReplicaSets were last scaled. */
export function isScaling(deployment: Deployment, generations: Generations): boolean {
  return activeOf(allOf(generations)).some((set) => {
    const desired = notedSize(set, desiredReplicasAnnotation);
    return desired !== undefined && desired !== sizeOf(deployment);
  });
}

/** How large the current ReplicaSet may be now; `all` includes it. */
export function currentSize(deployment: Deployment, all: readonly ReplicaSet[], size: number): number {
  const wanted = sizeOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - totalSize(all);
  return room <= 0 ? size : size + Math.min(room, wanted - size);
}

/** Old ReplicaSets shrink as far as enough pods stay available: first by what is not available anyway. */
export function shrinkSteps(deployment: Deployment, { current, old }: Generations): ScaleStep[] {
  const active = activeOf(old).toSorted(oldestFirst);
  if (active.length === 0) return [];
  const minAvailable = sizeOf(deployment) - maxUnavailable(deployment);
  const all = current === undefined ? old : [...old, current];
  const unavailableNew = current === undefined ? 0 : sizeOf(current) - (current.status?.availableReplicas ?? 0);
  const most = totalSize(all) - minAvailable - unavailableNew;
  if (most <= 0) return [];
  const sizes = new Map(active.map((set) => [set, sizeOf(set)]));
  const steps: ScaleStep[] = [];
  const shrink = (set: ReplicaSet, by: number): void => {
    const size = (sizes.get(set) ?? 0) - by;
    sizes.set(set, size);
    steps.push({ set, size });
  };
  let left = most;
  for (const set of active) {
    const unhealthy = Math.min(left, sizeOf(set) - (set.status?.availableReplicas ?? 0));
    if (left <= 0) break;
    if (unhealthy <= 0) continue;
    shrink(set, unhealthy);
    left -= unhealthy;
  }
  let spare = totalOf(current === undefined ? active : [...active, current], 'availableReplicas') - minAvailable;
  for (const set of active) {
    const by = Math.min(sizes.get(set) ?? 0, spare);
    if (spare <= 0) break;
    if (by <= 0) continue;
    shrink(set, by);
    spare -= by;
  }
  return steps;
}

/** Both sides believe that the current ReplicaSet has all pods, and these are available. */
function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const size = sizeOf(deployment);
  return (
    set !== undefined &&
    sizeOf(set) === size &&
    notedSize(set, desiredReplicasAnnotation) === size &&
    (set.status?.availableReplicas ?? 0) === size
  );
}

/**
 * After the Deployment's size was changed, or while it is paused: each active ReplicaSet takes its share, so that scaling does not hasten a
 * rollout that may be going wrong.
 */
export function scaleSteps(deployment: Deployment, generations: Generations): ScaleStep[] {
  const only = activeOrLatest(generations);
  if (only !== undefined) return [{ set: only, size: sizeOf(deployment) }];
  if (isSaturated(deployment, generations.current)) {
    return activeOf(generations.old).map((set) => ({ set, size: 0 }));
  }
  return isRolling(deployment) ? proportionalSteps(deployment, activeOf(allOf(generations))) : [];
}

function proportionalSteps(deployment: Deployment, active: readonly ReplicaSet[]): ScaleStep[] {
  const size = sizeOf(deployment);
  const allowed = size > 0 ? size + maxSurge(deployment) : 0;
  const toAdd = allowed - totalSize(active);
  const sorted = toAdd === 0 ? active : active.toSorted(toAdd > 0 ? largestThenNewest : largestThenOldest);
  let added = 0;
  const sizes = sorted.map((set) => {
    const share = shareOf(deployment, set, toAdd, added);
    added += share;
    return sizeOf(set) + share;
  });
  // What rounding leaves goes to the largest.
  if (toAdd !== 0) sizes[0] = Math.max((sizes[0] ?? 0) + toAdd - added, 0);
  return sorted.map((set, i) => ({ set, size: sizes[i] ?? 0, notesSizes: true }));
}

function shareOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (toAdd === 0 || toAdd === added) return 0;
  const share = fractionOf(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

/** By how much a ReplicaSet would grow or shrink with the whole. */
function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const size = sizeOf(deployment);
  if (size === 0) return -sizeOf(set);
  const before = notedSize(set, maxReplicasAnnotation) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((sizeOf(set) * (size + maxSurge(deployment))) / before) - sizeOf(set);
}
