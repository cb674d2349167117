import { isPodAvailable, type Pod } from '../pod-state.ts';
import { placementOf, updatedTest } from './placement.ts';
import { type Daemons, isTerminating, type PodChanges, surgeCount, unavailableCount } from './pods-on-nodes.ts';

/** The one new and the one old pod of a node. */
interface Pair {
  readonly node: string;
  readonly newPod: Pod | undefined;
  readonly oldPod: Pod | undefined;
  /** More than one of either: managing comes first. */
  readonly isCrowded: boolean;
}

interface Rollout {
  readonly pairs: readonly Pair[];
  readonly desired: number;
  isAvailable(pod: Pod): boolean;
  shouldRun(node: string): boolean;
}

function rolloutOf({ daemonSet, nodes, byNode, hash, now }: Daemons): Rollout {
  const placement = placementOf(daemonSet);
  const wanted = new Set(nodes.filter((node) => placement(node).shouldRun).map(({ metadata }) => metadata?.name ?? ''));
  const isUpdated = updatedTest(daemonSet, hash);
  const pairs = [...new Set([...byNode.keys(), ...wanted])].map((node): Pair => {
    const pods = (byNode.get(node) ?? []).filter((pod) => !isTerminating(pod));
    const [newPod, ...moreNew] = pods.filter(isUpdated);
    const [oldPod, ...moreOld] = pods.filter((pod) => !isUpdated(pod));
    return { node, newPod, oldPod, isCrowded: moreNew.length + moreOld.length > 0 };
  });
  return {
    pairs,
    desired: wanted.size,
    isAvailable: (pod) => isPodAvailable(pod, daemonSet.spec?.minReadySeconds ?? 0, now),
    shouldRun: (node) => wanted.has(node),
  };
}

/** Old pods that may go, or nodes that may have a new pod beside the old one, as far as the strategy allows. */
export function rollingUpdate(daemons: Daemons): PodChanges {
  const rollout = rolloutOf(daemons);
  const surge = surgeCount(daemons.daemonSet, rollout.desired);
  if (surge > 0) return surgeOver(rollout, surge);
  // Neither would never end.
  return { creations: [], deletions: replaceable(rollout, unavailableCount(daemons.daemonSet, rollout.desired) || 1) };
}

/** Managing creates the new pods when the old ones have gone. Those that are not available anyway may all go. */
function replaceable({ pairs, isAvailable }: Rollout, maxUnavailable: number): Pod[] {
  const free: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { newPod, oldPod, isCrowded } of pairs) {
    if (isCrowded || (newPod === undefined) === (oldPod === undefined)) unavailable++;
    else if (newPod !== undefined) unavailable += isAvailable(newPod) ? 0 : 1;
    else if (oldPod !== undefined) {
      if (isAvailable(oldPod)) candidates.push(oldPod);
      else {
        free.push(oldPod);
        unavailable++;
      }
    }
  }
  return [...free, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))];
}

/** New pods come first; an old one goes when its new one is available. Managing creates pods where there are none. */
function surgeOver({ pairs, desired, isAvailable, shouldRun }: Rollout, maxSurge: number): PodChanges {
  const deletions: Pod[] = [];
  const leaving: Pod[] = [];
  const free: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const { node, newPod, oldPod, isCrowded } of pairs) {
    if (isCrowded) {
      surging++;
      continue;
    }
    const counted = oldPod ?? newPod;
    if (counted !== undefined && isAvailable(counted)) available++;
    if (oldPod === undefined) continue;
    if (newPod !== undefined) {
      if (isAvailable(newPod)) deletions.push(oldPod);
      else surging++;
    } else if (shouldRun(node)) (isAvailable(oldPod) ? candidates : free).push(node);
    else (isAvailable(oldPod) ? leaving : deletions).push(oldPod);
  }
  // Where a set moves from node to node, a pod goes when another one is available.
  const spare = Math.max(0, available - desired);
  return {
    creations: [...free, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
    deletions: [...deletions, ...leaving.slice(0, spare)],
  };
}
