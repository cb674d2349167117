import { semanticEqual } from '../../api/equal.ts';
import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import type { Informer } from '../client/informer.ts';
import type { Informers } from '../client/informers.ts';
import type { SchedulerCache } from './cache.ts';
import type { Action, ClusterEvent } from './framework.ts';
import type { Node } from './node-info.ts';
import type { Nominator } from './nominator.ts';
import { type Pod, podInfoOf } from './pod-info.ts';
import type { SchedulingQueue } from './queue.ts';

export interface EventDeps {
  readonly informers: Informers;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  /** Whether a profile of this scheduler is responsible for the pod. */
  isOurs(pod: Pod): boolean;
}

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function isPlaced({ spec }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '';
}

/** What of a node's change may let pods in. */
export function nodeActions(now: Node, old: Node): readonly Action[] {
  const actions: Action[] = [];
  if (!semanticEqual(now.status?.allocatable, old.status?.allocatable)) actions.push('allocatable');
  if (!semanticEqual(now.metadata?.labels, old.metadata?.labels)) actions.push('labels');
  const isCordoned = now.spec?.unschedulable === true;
  if (isCordoned !== (old.spec?.unschedulable === true) || !semanticEqual(now.spec?.taints, old.spec?.taints))
    actions.push('taints');
  return actions;
}

function requestsShrank(now: Pod, old: Pod): boolean {
  const after = podInfoOf(now).requests;
  return [...podInfoOf(old).requests].some(([name, amount]) => (after.get(name) ?? 0) < amount);
}

/** What of a pod's change may let pods in, itself or others. */
export function podActions(now: Pod, old: Pod): readonly Action[] {
  const actions: Action[] = [];
  if (!semanticEqual(now.metadata?.labels, old.metadata?.labels)) actions.push('labels');
  const isResized = now.status?.containerStatuses !== old.status?.containerStatuses || now.spec !== old.spec;
  if (isResized && requestsShrank(now, old)) actions.push('scale-down');
  if ((old.spec?.schedulingGates ?? []).length > 0 && (now.spec?.schedulingGates ?? []).length === 0)
    actions.push('gates');
  if (!semanticEqual(now.spec?.tolerations, old.spec?.tolerations)) actions.push('tolerations');
  if (!semanticEqual(now.status?.resourceClaimStatuses, old.status?.resourceClaimStatuses)) actions.push('claims');
  return actions;
}

function watchPods({ informers, cache, queue, nominator, isOurs }: EventDeps): Informer<Pod> {
  const informer = informers.of<Pod>(pods);
  const tell = (actions: readonly Action[], object: Pod | undefined, old: Pod | undefined): void => {
    if (actions.length > 0) queue.onEvent({ resource: 'pods', actions, object, old });
  };
  const gone = (pod: Pod): void => {
    const uid = pod.metadata?.uid ?? '';
    nominator.delete(uid);
    queue.delete(uid);
    if (cache.pod(uid) === undefined) {
      // A promise of a place has ended: others may have it.
      if ((pod.status?.nominatedNodeName ?? '') !== '') tell(['delete'], undefined, pod);
      return;
    }
    cache.removePod(uid);
    tell(['delete'], undefined, pod);
  };
  const placed = (pod: Pod, old: Pod | undefined): void => {
    const uid = pod.metadata?.uid ?? '';
    nominator.delete(uid);
    queue.delete(uid);
    const wasPlaced = old !== undefined && isPlaced(old);
    const actions: readonly Action[] = wasPlaced ? podActions(pod, old) : ['add'];
    cache.putPod(pod);
    tell(actions, pod, wasPlaced ? old : undefined);
  };
  const waiting = (pod: Pod, old: Pod | undefined): void => {
    if (!isOurs(pod)) return;
    const uid = pod.metadata?.uid ?? '';
    const nominated = pod.status?.nominatedNodeName ?? '';
    if (nominated !== '' && !cache.isAssumed(uid)) nominator.put(podInfoOf(pod), nominated);
    else if (old !== undefined && (old.status?.nominatedNodeName ?? '') !== '') nominator.delete(uid);
    if (old === undefined) {
      queue.add(pod);
      return;
    }
    const event = { resource: 'pods', actions: podActions(pod, old), object: pod, old };
    queue.update(pod, [event]);
  };
  informer.subscribe({
    added: (pod) => {
      if (isOver(pod)) return;
      if (isPlaced(pod)) placed(pod, undefined);
      else waiting(pod, undefined);
    },
    updated: (pod, old) => {
      if (isOver(pod)) {
        if (!isOver(old)) gone(pod);
      } else if (isPlaced(pod)) placed(pod, old);
      else waiting(pod, old);
    },
    deleted: gone,
  });
  return informer;
}

function watchNodes({ informers, cache, queue }: EventDeps): Informer<Node> {
  const informer = informers.of<Node>(nodes);
  informer.subscribe({
    added: (node) => {
      cache.putNode(node);
      queue.onEvent({ resource: 'nodes', actions: ['add'], object: node, old: undefined });
    },
    updated: (node, old) => {
      const actions = nodeActions(node, old);
      // Conditions and heartbeats change all the time and let nobody in.
      if (actions.length === 0 && node.status?.images === old.status?.images && node.metadata === old.metadata) return;
      cache.putNode(node);
      if (actions.length > 0) queue.onEvent({ resource: 'nodes', actions, object: node, old });
    },
    deleted: (node) => {
      cache.removeNode(node.metadata?.name ?? '');
      queue.onEvent({ resource: 'nodes', actions: ['delete'], object: undefined, old: node });
    },
  });
  return informer;
}

/** Any other resource: whatever plugins wait for. */
function watchOther(resource: GroupVersionResource, { informers, queue }: EventDeps): Informer {
  const informer = informers.of(resource);
  const tell = (actions: readonly Action[], object?: Readonly<KubeObject>, old?: Readonly<KubeObject>): void => {
    const event: ClusterEvent = { resource: resource.resource, actions, object, old };
    queue.onEvent(event);
  };
  informer.subscribe({
    added: (object) => tell(['add'], object),
    updated: (object, old) => tell(['update'], object, old),
    deleted: (object) => tell(['delete'], undefined, object),
  });
  return informer;
}

/** Keeps cache and queue up with the cluster; answers with the informers to wait for. */
export function watchCluster(deps: EventDeps, others: readonly GroupVersionResource[]): readonly Informer[] {
  return [
    watchNodes(deps) as unknown as Informer,
    ...others.map((resource) => watchOther(resource, deps)),
    watchPods(deps) as unknown as Informer,
  ];
}
