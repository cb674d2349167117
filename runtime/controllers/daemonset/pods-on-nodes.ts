import { scaledValue } from '../int-or-percent.ts';
import { isPodAvailable, isPodReady, isPodTerminal, type Pod } from '../pod-state.ts';
import { podRevisionLabel } from '../revisions.ts';
import { type DaemonSet, type Node, placementOf, targetNode } from './placement.ts';

/** What decides over a DaemonSet's pods. */
export interface Daemons {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  /** Names the present revision. */
  readonly hash: string;
  readonly now: number;
}

/** What is to be done. */
export interface PodChanges {
  /** Names of nodes that get a pod. */
  readonly creations: readonly string[];
  readonly deletions: readonly Pod[];
}

export interface ManagedChanges extends PodChanges {
  readonly events: readonly {
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly message: string;
  }[];
  /** Failed pods that have to wait. */
  readonly retryMs: number | undefined;
}

/** Says how long a failed pod on a node has to wait until it is replaced; undefined: it may go now. */
export type FailedPodDelay = (nodeName: string) => number | undefined;

/** Pods that have ended and are being deleted are no business of the set any more. */
export function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (isPodTerminal(pod) && isTerminating(pod)) continue;
    const node = targetNode(pod);
    if (node === undefined) continue;
    const present = byNode.get(node);
    if (present === undefined) byNode.set(node, [pod]);
    else present.push(pod);
  }
  return byNode;
}

export function isTerminating({ metadata }: Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** Scheduled ones first, then the oldest. */
export function compareDaemons(a: Pod, b: Pod): number {
  const [waitsA, waitsB] = [(a.spec?.nodeName ?? '') === '', (b.spec?.nodeName ?? '') === ''];
  if (waitsA !== waitsB) return waitsA ? 1 : -1;
  const [madeA = '', madeB = ''] = [a.metadata?.creationTimestamp, b.metadata?.creationTimestamp];
  if (madeA !== madeB) return madeA < madeB ? -1 : 1;
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

export function surgeCount({ spec }: DaemonSet, nodes: number): number {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxSurge, nodes, 'up') : 0;
}

export function unavailableCount({ spec }: DaemonSet, nodes: number): number {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxUnavailable, nodes, 'up') : 0;
}

/** Each node that should have a pod gets one; pods in the wrong place, failed or too many go. */
export function manage(daemons: Daemons, delayOf: FailedPodDelay): ManagedChanges {
  const { daemonSet, nodes, byNode } = daemons;
  const placement = placementOf(daemonSet);
  const creations: string[] = [];
  const deletions: Pod[] = [];
  const events: ManagedChanges['events'][number][] = [];
  let retryMs: number | undefined;
  for (const node of nodes) {
    const name = node.metadata?.name ?? '';
    const pods = byNode.get(name);
    const { shouldRun, shouldContinue } = placement(node);
    if (pods === undefined) {
      if (shouldRun) creations.push(name);
      continue;
    }
    const present = pods.filter((pod) => !isTerminating(pod));
    if (!shouldContinue) {
      deletions.push(...present);
      continue;
    }
    const running: Pod[] = [];
    for (const pod of present) {
      if (!isPodTerminal(pod)) {
        running.push(pod);
        continue;
      }
      const isFailed = pod.status?.phase === 'Failed';
      const delay = isFailed ? delayOf(name) : undefined;
      if (delay !== undefined) {
        retryMs = Math.min(retryMs ?? delay, delay);
        continue;
      }
      events.push(endedEvent(pod, name, isFailed));
      deletions.push(pod);
    }
    deletions.push(...surplus(daemons, running));
    if (running.length === 0 && shouldRun && surgeCount(daemonSet, 1) > 0) creations.push(name);
  }
  return { creations, deletions: [...deletions, ...onMissingNodes(daemons)], events, retryMs };
}

function endedEvent({ metadata }: Pod, node: string, isFailed: boolean): ManagedChanges['events'][number] {
  const found = `daemon pod ${metadata?.namespace}/${metadata?.name} on node ${node}, will try to`;
  return isFailed
    ? { type: 'Warning', reason: 'FailedDaemonPod', message: `Found failed ${found} kill it` }
    : { type: 'Normal', reason: 'SucceededDaemonPod', message: `Found succeeded ${found} delete it` };
}

/**
 * Of the running pods of one node, those that are too many. Without surge all but the oldest. With it an old and a new one may be there
 * together, until the new one is available or the old one not ready.
 */
function surplus({ daemonSet, hash, now }: Daemons, running: readonly Pod[]): Pod[] {
  if (running.length <= 1) return [];
  const sorted = running.toSorted(compareDaemons);
  if (surgeCount(daemonSet, 1) === 0) return sorted.slice(1);
  const isNew = (pod: Pod): boolean => pod.metadata?.labels?.[podRevisionLabel] === hash;
  const newPod = sorted.find(isNew);
  const oldPod = sorted.find((pod) => !isNew(pod));
  const others = sorted.filter((pod) => pod !== newPod && pod !== oldPod);
  if (newPod === undefined || oldPod === undefined) return others;
  const isReplaced = !isPodReady(oldPod) || isPodAvailable(newPod, daemonSet.spec?.minReadySeconds ?? 0, now);
  return isReplaced ? [...others, oldPod] : others;
}

/** Pods that wait for a node that is no more: nobody else would delete them. */
function onMissingNodes({ nodes, byNode }: Daemons): Pod[] {
  const names = new Set(nodes.map(({ metadata }) => metadata?.name));
  return [...byNode].flatMap(([node, pods]) =>
    names.has(node) ? [] : pods.filter(({ spec }) => (spec?.nodeName ?? '') === ''),
  );
}
