import { semanticEqual } from '../../../api/equal.ts';
import type { Informers } from '../../client/informers.ts';
import type { SchedulerCache } from '../cache.ts';
import {
  type ClusterEvent,
  type FilterPlan,
  maxScore,
  type Plugin,
  type PodStep,
  type ScoreStep,
  unresolvable,
  unschedulable,
} from '../framework.ts';
import type { Node, NodeInfo } from '../node-info.ts';
import type { Pod, PodInfo } from '../pod-info.ts';
import { createConstraints, type SpreadArgs, type SpreadConstraint } from './spread-constraints.ts';

const name = 'PodTopologySpread';
const reason = "node(s) didn't match pod topology spread constraints";
const hostname = 'kubernetes.io/hostname';
const noLabels = {};

function hasAllKeys(node: Node, constraints: readonly SpreadConstraint[]): boolean {
  const { labels = noLabels as Readonly<Record<string, string>> } = node.metadata ?? {};
  return constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined);
}

function isCounted({ pod }: PodInfo): boolean {
  return pod.metadata?.deletionTimestamp === undefined;
}

/** How many pods that count there are in each domain of one constraint. */
class DomainCounts {
  readonly #counts: Map<string, number>;
  #least: number | undefined;

  constructor(counts: Map<string, number> = new Map()) {
    this.#counts = counts;
  }

  get(domain: string): number {
    return this.#counts.get(domain) ?? 0;
  }

  has(domain: string): boolean {
    return this.#counts.has(domain);
  }

  add(domain: string, by: number): void {
    this.#counts.set(domain, this.get(domain) + by);
    this.#least = undefined;
  }

  /** In the emptiest domain; none as long as there are fewer domains than wanted. */
  least(minDomains: number): number {
    if (this.#counts.size < minDomains) return 0;
    if (this.#least === undefined) {
      let least = 2 ** 31 - 1;
      for (const count of this.#counts.values()) if (count < least) least = count;
      this.#least = least;
    }
    return this.#least;
  }

  clone(): DomainCounts {
    return new DomainCounts(new Map(this.#counts));
  }
}

const notSpread = unschedulable(name, reason);
const noLabel = unresolvable(name, `${reason} (missing required label)`);

function spreadStep(pod: PodInfo, constraints: readonly SpreadConstraint[], counts: readonly DomainCounts[]): PodStep {
  const own = constraints.map((constraint) => (constraint.counts(pod.labels) ? 1 : 0));
  const update = (other: PodInfo, { node }: NodeInfo, by: number): void => {
    if (other.namespace !== pod.namespace || !hasAllKeys(node, constraints)) return;
    for (const [i, constraint] of constraints.entries())
      if (constraint.counts(other.labels) && constraint.includes(node))
        counts[i]?.add(node.metadata?.labels?.[constraint.topologyKey] ?? '', by);
  };
  return {
    filter: ({ labels }) => {
      for (let i = 0; i < constraints.length; i++) {
        const { topologyKey, minDomains, maxSkew } = constraints[i] as SpreadConstraint;
        const domain = labels[topologyKey];
        if (domain === undefined) return noLabel;
        const count = counts[i] as DomainCounts;
        if (count.get(domain) + (own[i] ?? 0) - count.least(minDomains) > maxSkew) return notSpread;
      }
      return undefined;
    },
    addPod: (other, node) => update(other, node, 1),
    removePod: (other, node) => update(other, node, -1),
    clone: () =>
      spreadStep(
        pod,
        constraints,
        counts.map((count) => count.clone()),
      ),
  };
}

function isInvolved(changed: Pod, { uid, namespace }: PodInfo): boolean {
  if (changed.metadata?.uid === uid) return true;
  const hasPlace = (changed.spec?.nodeName ?? '') !== '' || (changed.status?.nominatedNodeName ?? '') !== '';
  return hasPlace && changed.metadata?.namespace === namespace;
}

/** Pods that belong together are spread over domains: as a rule, or as a wish. */
export function topologySpread(args: SpreadArgs, cache: SchedulerCache, informers: Informers): Plugin {
  const all = createConstraints(args, informers);
  const count = (pod: PodInfo, constraints: readonly SpreadConstraint[], into: readonly DomainCounts[]): void => {
    for (const { info, nodeName } of cache.podsIn(pod.namespace)) {
      const node = cache.node(nodeName)?.node;
      if (node === undefined || !isCounted(info)) continue;
      for (let i = 0; i < constraints.length; i++) {
        const { topologyKey, counts } = constraints[i] as SpreadConstraint;
        const domain = node.metadata?.labels?.[topologyKey];
        if (domain === undefined || !into[i]?.has(domain) || !counts(info.labels)) continue;
        if (constraints[i]?.includes(node) && hasAllKeys(node, constraints)) into[i]?.add(domain, 1);
      }
    }
  };
  const filter = (pod: PodInfo, nodes: readonly NodeInfo[]): FilterPlan | undefined => {
    const { constraints } = all.of(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const counts = constraints.map(() => new DomainCounts());
    for (const { node, labels } of nodes) {
      if (!hasAllKeys(node, constraints)) continue;
      for (const [i, constraint] of constraints.entries())
        if (constraint.includes(node)) counts[i]?.add(labels[constraint.topologyKey] ?? '', 0);
    }
    count(pod, constraints, counts);
    return { step: spreadStep(pod, constraints, counts) };
  };
  const score = (pod: PodInfo, feasible: readonly NodeInfo[]): ScoreStep | undefined => {
    const { constraints, isDefaulted } = all.of(pod, 'ScheduleAnyway');
    if (constraints.length === 0) return undefined;
    const needsAll = !isDefaulted || !all.isSystem;
    return spreadScore({ pod, constraints, feasible, needsAll, cache });
  };
  return {
    name,
    hints: [
      {
        resource: 'pods',
        actions: ['add', 'labels', 'tolerations', 'delete'],
        helps: (pod, { object, old }: ClusterEvent) => {
          const [now, before] = [object as Pod | undefined, old as Pod | undefined];
          if (now !== undefined && !isInvolved(now, pod)) return false;
          if (before !== undefined && !isInvolved(before, pod)) return false;
          const { constraints } = all.of(pod, 'DoNotSchedule');
          const counts = (of: Pod | undefined): boolean[] =>
            constraints.map((constraint) => of !== undefined && constraint.counts(of.metadata?.labels ?? noLabels));
          if (now !== undefined && before !== undefined) {
            const isOwn = now.metadata?.uid === pod.uid;
            if (isOwn && !semanticEqual(now.spec?.tolerations, before.spec?.tolerations)) return true;
            return !semanticEqual(counts(now), counts(before));
          }
          return counts(now ?? before).includes(true);
        },
      },
      {
        resource: 'nodes',
        actions: ['add', 'delete', 'labels', 'taints'],
        helps: (pod, { object, old }) => {
          const { constraints } = all.of(pod, 'DoNotSchedule');
          const [now, before] = [object as Node | undefined, old as Node | undefined];
          const isIn = now !== undefined && hasAllKeys(now, constraints);
          const wasIn = before !== undefined && hasAllKeys(before, constraints);
          if (now === undefined || before === undefined) return isIn || wasIn;
          if (isIn !== wasIn) return true;
          const { labels = noLabels as Readonly<Record<string, string>> } = now.metadata ?? {};
          const moved = constraints.some(
            ({ topologyKey }) => labels[topologyKey] !== before.metadata?.labels?.[topologyKey],
          );
          return isIn && (moved || !semanticEqual(now.spec?.taints, before.spec?.taints));
        },
      },
    ],
    filter,
    score,
  };
}

interface SpreadScoring {
  readonly pod: PodInfo;
  readonly constraints: readonly SpreadConstraint[];
  readonly feasible: readonly NodeInfo[];
  /** A node that lacks one of the labels does not count. */
  readonly needsAll: boolean;
  readonly cache: SchedulerCache;
}

function spreadScore({ pod, constraints, feasible, needsAll, cache }: SpreadScoring): ScoreStep {
  const ignored = new Set<NodeInfo>();
  const counts = constraints.map(() => new Map<string, number>());
  for (const node of feasible) {
    if (needsAll && !hasAllKeys(node.node, constraints)) {
      ignored.add(node);
      continue;
    }
    for (const [i, { topologyKey }] of constraints.entries())
      if (topologyKey !== hostname) counts[i]?.set(node.labels[topologyKey] ?? '', 0);
  }
  const weights = constraints.map(({ topologyKey }, i) =>
    Math.log((topologyKey === hostname ? feasible.length - ignored.size : (counts[i]?.size ?? 0)) + 2),
  );
  countDomains({ pod, constraints, needsAll, cache }, counts);
  const onNode = (node: NodeInfo, constraint: SpreadConstraint): number => {
    let sum = 0;
    for (const other of node.pods.values())
      if (other.namespace === pod.namespace && isCounted(other) && constraint.counts(other.labels)) sum++;
    return sum;
  };
  return {
    score: (node) => {
      if (ignored.has(node)) return 0;
      let sum = 0;
      for (let i = 0; i < constraints.length; i++) {
        const constraint = constraints[i] as SpreadConstraint;
        const domain = node.labels[constraint.topologyKey];
        if (domain === undefined) continue;
        const found = constraint.topologyKey === hostname ? onNode(node, constraint) : (counts[i]?.get(domain) ?? 0);
        sum += found * (weights[i] ?? 0) + constraint.maxSkew - 1;
      }
      return Math.round(sum);
    },
    normalize: (scores, nodes) => normalizeSpread(scores, nodes, ignored),
  };
}

/** Pods in domains that several nodes share; those of one node are counted when it is looked at. */
function countDomains(
  { pod, constraints, needsAll, cache }: Omit<SpreadScoring, 'feasible'>,
  counts: readonly Map<string, number>[],
): void {
  if (!counts.some((domains) => [...domains.keys()].some((domain) => domain !== ''))) return;
  const add = (constraint: SpreadConstraint, domains: Map<string, number>, info: PodInfo, node: Node): void => {
    const domain = node.metadata?.labels?.[constraint.topologyKey] ?? '';
    const before = domains.get(domain);
    if (before !== undefined && constraint.counts(info.labels) && constraint.includes(node))
      domains.set(domain, before + 1);
  };
  for (const { info, nodeName } of cache.podsIn(pod.namespace)) {
    const node = cache.node(nodeName)?.node;
    if (node === undefined || !isCounted(info) || (needsAll && !hasAllKeys(node, constraints))) continue;
    for (let i = 0; i < constraints.length; i++) {
      const [constraint, domains] = [constraints[i], counts[i]];
      if (constraint !== undefined && domains !== undefined) add(constraint, domains, info, node);
    }
  }
}

/** The emptiest get the most; nodes that are left out get nothing. */
function normalizeSpread(scores: number[], nodes: readonly NodeInfo[], ignored: ReadonlySet<NodeInfo>): void {
  let [least, most] = [Number.MAX_SAFE_INTEGER, 0];
  for (let i = 0; i < scores.length; i++) {
    if (ignored.has(nodes[i] as NodeInfo)) continue;
    least = Math.min(least, scores[i] ?? 0);
    most = Math.max(most, scores[i] ?? 0);
  }
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0;
    if (ignored.has(nodes[i] as NodeInfo)) scores[i] = 0;
    else scores[i] = most === 0 ? maxScore : Math.trunc((maxScore * (most + least - score)) / most);
  }
}
