import type { ClusterEvent, Plugin, PodStep, Rejection } from '../framework.ts';
import { type Node, NodeInfo } from '../node-info.ts';
import { type Pod, type PodInfo, podInfoOf } from '../pod-info.ts';
import { isExtended } from '../resources.ts';
import { allocationScore, type ScoringStrategy } from './allocation-score.ts';

export interface FitArgs {
  readonly ignoredResources: readonly string[];
  readonly ignoredResourceGroups: readonly string[];
  readonly scoringStrategy: ScoringStrategy;
}

const name = 'NodeResourcesFit';

/** The common answer, without a word about why not. */
function isEnough({ milliCPU, memory, ephemeralStorage, scalars }: PodInfo, node: NodeInfo): boolean {
  return (
    node.pods.size < node.podLimit &&
    (milliCPU === 0 || milliCPU <= node.milliCPU - node.requestedMilliCPU) &&
    (memory === 0 || memory <= node.memory - node.requestedMemory) &&
    (ephemeralStorage === 0 || ephemeralStorage <= node.ephemeralStorage - node.requestedEphemeralStorage) &&
    scalars === undefined
  );
}

/** What a node lacks for a pod; undefined: nothing. */
export function lacks(pod: PodInfo, node: NodeInfo, isIgnored: (resource: string) => boolean): Rejection | undefined {
  if (isEnough(pod, node)) return undefined;
  const reasons: string[] = [];
  let isUnresolvable = false;
  const need = (resource: string, amount: number, allocatable: number): void => {
    if (amount === 0 || amount <= allocatable - node.requested(resource) || isIgnored(resource)) return;
    reasons.push(`Insufficient ${resource}`);
    isUnresolvable ||= amount > allocatable;
  };
  if (node.pods.size + 1 > node.podLimit) reasons.push('Too many pods');
  need('cpu', pod.milliCPU, node.milliCPU);
  need('memory', pod.memory, node.memory);
  need('ephemeral-storage', pod.ephemeralStorage, node.ephemeralStorage);
  for (const [resource, amount] of pod.scalars ?? []) need(resource, amount, node.allocatable.get(resource) ?? 0);
  return reasons.length === 0 ? undefined : { plugin: name, isUnresolvable, reasons };
}

function helpsNode(pod: PodInfo, { object, old }: ClusterEvent): boolean {
  const now = new NodeInfo(object as Node);
  if (lacks(pod, now, () => false) !== undefined) return false;
  if (old === undefined) return true;
  const before = new NodeInfo(old as Node);
  if (now.podLimit > before.podLimit) return true;
  return [...pod.requests].some(
    ([resource, amount]) =>
      amount > 0 && (now.allocatable.get(resource) ?? 0) > (before.allocatable.get(resource) ?? 0),
  );
}

function helpsPod(pod: PodInfo, { object, old }: ClusterEvent): boolean {
  if (object === undefined) {
    const gone = old as Pod;
    return (gone.spec?.nodeName ?? '') !== '' || (gone.status?.nominatedNodeName ?? '') !== '';
  }
  const changed = object as Pod;
  if (changed.metadata?.uid === pod.uid) return true;
  if ((changed.spec?.nodeName ?? '') === '' || old === undefined) return false;
  const [now, before] = [podInfoOf(changed).requests, podInfoOf(old as Pod).requests];
  return [...pod.requests].some(([key, amount]) => amount > 0 && (before.get(key) ?? 0) > (now.get(key) ?? 0));
}

/** Nodes must have what the pod asks for, and by default those with more left are better. */
export function resourcesFit({ ignoredResources, ignoredResourceGroups, scoringStrategy }: FitArgs): Plugin {
  const ignored = new Set(ignoredResources);
  const groups = new Set(ignoredResourceGroups);
  const isIgnored = (resource: string): boolean =>
    isExtended(resource) && (ignored.has(resource) || groups.has(resource.slice(0, resource.indexOf('/'))));
  return {
    name,
    hints: [
      { resource: 'pods', actions: ['delete', 'scale-down'], helps: helpsPod },
      { resource: 'nodes', actions: ['add', 'allocatable'], helps: helpsNode },
    ],
    filter: (pod) => ({ step: { filter: (node) => lacks(pod, node, isIgnored) } satisfies PodStep }),
    score: (pod) => allocationScore(pod, scoringStrategy),
  };
}
