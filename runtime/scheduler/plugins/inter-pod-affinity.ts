import type { Api } from '../../../api/object.ts';
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
import { type AffinityTerm, type Pod, type PodInfo, podInfoOf, termMatches } from '../pod-info.ts';

export interface InterPodAffinityArgs {
  /** How much the required affinity of a pod that runs draws others to it. */
  readonly hardPodAffinityWeight?: number;
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

type Labels = Readonly<Record<string, string>>;

const name = 'InterPodAffinity';
const notNear = unresolvable(name, "node(s) didn't match pod affinity rules");
const tooNear = unschedulable(name, "node(s) didn't match pod anti-affinity rules");
const unwanted = unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules");

/** Counts by topology key and value. */
class PlaceCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  keys(): Iterable<[string, ReadonlyMap<string, number>]> {
    return this.#counts;
  }

  get(key: string, value: string): number {
    return this.#counts.get(key)?.get(value) ?? 0;
  }

  add(labels: Labels, key: string, by: number): void {
    const value = labels[key];
    if (value === undefined) return;
    let values = this.#counts.get(key);
    if (values === undefined) {
      values = new Map();
      this.#counts.set(key, values);
    }
    const count = (values.get(value) ?? 0) + by;
    if (count !== 0) values.set(value, count);
    else {
      values.delete(value);
      if (values.size === 0) this.#counts.delete(key);
    }
  }

  clone(): PlaceCounts {
    const copy = new PlaceCounts();
    for (const [key, values] of this.#counts) copy.#counts.set(key, new Map(values));
    return copy;
  }
}

interface Counts {
  /** Pods there do not want this one. */
  readonly unwanted: PlaceCounts;
  readonly near: PlaceCounts;
  readonly far: PlaceCounts;
}

/** Labels of a pod's namespace, for selectors of namespaces. */
type LabelsOf = (pod: PodInfo) => Labels | undefined;

function matchesAll(terms: readonly AffinityTerm[], pod: PodInfo, labels: Labels | undefined): boolean {
  return terms.length > 0 && terms.every((term) => termMatches(term, pod, labels));
}

function affinityStep(pod: PodInfo, counts: Counts, labelsOf: LabelsOf): PodStep {
  const { requiredAffinity, requiredAntiAffinity } = pod;
  const own = labelsOf(pod);
  const update = (other: PodInfo, { labels }: NodeInfo, by: number): void => {
    for (const term of other.requiredAntiAffinity)
      if (termMatches(term, pod, own)) counts.unwanted.add(labels, term.topologyKey, by);
    const theirs = labelsOf(other);
    if (matchesAll(requiredAffinity, other, theirs))
      for (const { topologyKey } of requiredAffinity) counts.near.add(labels, topologyKey, by);
    for (const term of requiredAntiAffinity)
      if (termMatches(term, other, theirs)) counts.far.add(labels, term.topologyKey, by);
  };
  const isNear = (labels: Labels): boolean => {
    let found = true;
    for (const { topologyKey } of requiredAffinity) {
      const value = labels[topologyKey];
      if (value === undefined) return false;
      if (counts.near.get(topologyKey, value) <= 0) found = false;
    }
    // The first of a group that wants to be together may go anywhere.
    return found || (counts.near.isEmpty && matchesAll(requiredAffinity, pod, own));
  };
  return {
    filter: ({ labels }) => {
      if (requiredAffinity.length > 0 && !isNear(labels)) return notNear;
      if (!counts.far.isEmpty)
        for (const { topologyKey } of requiredAntiAffinity) {
          const value = labels[topologyKey];
          if (value !== undefined && counts.far.get(topologyKey, value) > 0) return tooNear;
        }
      if (!counts.unwanted.isEmpty)
        for (const [key, values] of counts.unwanted.keys()) {
          const value = labels[key];
          if (value !== undefined && (values.get(value) ?? 0) > 0) return unwanted;
        }
      return undefined;
    },
    addPod: (other, node) => update(other, node, 1),
    removePod: (other, node) => update(other, node, -1),
    clone: () =>
      affinityStep(
        pod,
        { unwanted: counts.unwanted.clone(), near: counts.near.clone(), far: counts.far.clone() },
        labelsOf,
      ),
  };
}

const namespaces = { group: '', version: 'v1', resource: 'namespaces' } as const;

/** Pods that want to be near others, or away from them. */
export function interPodAffinity(args: InterPodAffinityArgs, cache: SchedulerCache, informers: Informers): Plugin {
  const { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false } = args;
  const labelsOf: LabelsOf = ({ namespace }) =>
    informers.of<Api<'io.k8s.api.core.v1.Namespace'>>(namespaces).get(namespace)?.metadata?.labels;
  const filter = (pod: PodInfo, nodes: readonly NodeInfo[]): FilterPlan | undefined => {
    const counts = { unwanted: new PlaceCounts(), near: new PlaceCounts(), far: new PlaceCounts() };
    const step = affinityStep(pod, counts, labelsOf);
    if (pod.requiredAffinity.length + pod.requiredAntiAffinity.length > 0) {
      for (const node of nodes) for (const other of node.pods.values()) step.addPod?.(other, node);
      return { step };
    }
    for (const node of cache.nodesWithRequiredAntiAffinity)
      for (const other of node.podsWithRequiredAntiAffinity) step.addPod?.(other, node);
    return counts.unwanted.isEmpty ? undefined : { step };
  };
  const score = (pod: PodInfo): ScoreStep | undefined => {
    const { preferredAffinity, preferredAntiAffinity } = pod;
    const hasOwn = preferredAffinity.length + preferredAntiAffinity.length > 0;
    if (!hasOwn && (ignorePreferredTermsOfExistingPods || cache.nodesWithAffinity.size === 0)) return undefined;
    const own = labelsOf(pod);
    const sums = new PlaceCounts();
    const weigh = (terms: readonly AffinityTerm[], about: PodInfo, labels: Labels, sign: 1 | -1): void => {
      const of = about === pod ? own : labelsOf(about);
      for (const term of terms)
        if (termMatches(term, about, of))
          sums.add(labels, term.topologyKey, sign * (term.weight === 0 ? hardPodAffinityWeight : term.weight));
    };
    const weighAll = (other: PodInfo, labels: Labels): void => {
      weigh(preferredAffinity, other, labels, 1);
      weigh(preferredAntiAffinity, other, labels, -1);
      if (hardPodAffinityWeight > 0) weigh(other.requiredAffinity, pod, labels, 1);
      weigh(other.preferredAffinity, pod, labels, 1);
      weigh(other.preferredAntiAffinity, pod, labels, -1);
    };
    for (const node of hasOwn ? cache.nodes : cache.nodesWithAffinity)
      for (const other of hasOwn ? node.pods.values() : node.podsWithAffinity) weighAll(other, node.labels);
    return sums.isEmpty ? undefined : affinityScore(sums);
  };
  return { name, hints: hints(labelsOf), filter, score };
}

function affinityScore(sums: PlaceCounts): ScoreStep {
  return {
    score: ({ labels }) => {
      let sum = 0;
      for (const [key, values] of sums.keys()) {
        const value = labels[key];
        if (value !== undefined) sum += values.get(value) ?? 0;
      }
      return sum;
    },
    normalize: (scores) => {
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const score of scores) {
        if (score < least) least = score;
        if (score > most) most = score;
      }
      for (let i = 0; i < scores.length; i++)
        scores[i] = most > least ? Math.trunc((maxScore * ((scores[i] ?? 0) - least)) / (most - least)) : 0;
    },
  };
}

function isPlaceless(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') === '' && (pod.status?.nominatedNodeName ?? '') === '';
}

function hints(labelsOf: LabelsOf): Plugin['hints'] {
  const podHelps = (pod: PodInfo, { object, old }: ClusterEvent): boolean => {
    const now = object === undefined ? undefined : podInfoOf(object as Pod);
    const before = old === undefined ? undefined : podInfoOf(old as Pod);
    if (now !== undefined && before !== undefined && now.uid === pod.uid) return true;
    for (const one of [now, before]) if (one !== undefined && isPlaceless(one.pod)) return false;
    const matches = (terms: readonly AffinityTerm[], other: PodInfo): boolean =>
      matchesAll(terms, other, labelsOf(other));
    const { requiredAffinity: near, requiredAntiAffinity: far } = pod;
    if (now !== undefined && before !== undefined)
      return (!matches(near, before) && matches(near, now)) || (matches(far, before) && !matches(far, now));
    if (now !== undefined) return matches(near, now);
    return before !== undefined && (matches(far, before) || matches(before.requiredAntiAffinity, pod));
  };
  const nodeHelps = ({ requiredAffinity, requiredAntiAffinity }: PodInfo, { object, old }: ClusterEvent): boolean => {
    const { labels = {} as Labels } = (object as Node).metadata ?? {};
    const before = (old as Node | undefined)?.metadata?.labels ?? ({} as Labels);
    if (old === undefined)
      return (
        requiredAntiAffinity.length > 0 || requiredAffinity.some(({ topologyKey }) => labels[topologyKey] !== undefined)
      );
    return [...requiredAffinity, ...requiredAntiAffinity].some(
      ({ topologyKey }) => labels[topologyKey] !== before[topologyKey],
    );
  };
  return [
    { resource: 'pods', actions: ['add', 'labels', 'delete'], helps: podHelps },
    { resource: 'nodes', actions: ['add', 'labels'], helps: nodeHelps },
  ];
}
