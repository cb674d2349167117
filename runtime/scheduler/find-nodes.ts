import type { SchedulerCache } from './cache.ts';
import { type Diagnosis, emptyDiagnosis } from './diagnosis.ts';
import { type Plugin, type PodStep, type Rejection, unresolvable } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { Nominator } from './nominator.ts';
import type { PodInfo } from './pod-info.ts';

/** Plugins' knowledge of one pod, those left out that have nothing to say. */
export interface PodSteps {
  readonly steps: readonly PodStep[];
  readonly nodeNames: ReadonlySet<string> | undefined;
  readonly namers: readonly string[];
  readonly rejection: Rejection | undefined;
}

const nothing: PodSteps = { steps: [], nodeNames: undefined, namers: [], rejection: undefined };

export function prepareSteps(plugins: readonly Plugin[], pod: PodInfo, nodes: readonly NodeInfo[]): PodSteps {
  const steps: PodStep[] = [];
  const namers: string[] = [];
  let nodeNames: ReadonlySet<string> | undefined;
  let rejection: Rejection | undefined;
  for (const plugin of plugins) {
    const plan = plugin.filter?.(pod, nodes);
    if (plan === undefined) continue;
    if (plan.rejection !== undefined) {
      if (plan.rejection.isUnresolvable) return { ...nothing, rejection: plan.rejection };
      rejection = plan.rejection;
      continue;
    }
    if (plan.step !== undefined) steps.push(plan.step);
    if (plan.nodeNames === undefined) continue;
    namers.push(plugin.name);
    const allowed = plan.nodeNames;
    nodeNames = nodeNames === undefined ? allowed : new Set([...nodeNames].filter((name) => allowed.has(name)));
    if (nodeNames.size > 0) continue;
    const sorted = namers.toSorted();
    const text =
      sorted.length === 1
        ? `node(s) didn't satisfy plugin ${sorted[0]}`
        : `node(s) didn't satisfy plugin(s) [${sorted.join(' ')}] simultaneously`;
    return { ...nothing, namers, rejection: unresolvable(plugin.name, text) };
  }
  return { steps, nodeNames, namers, rejection };
}

export function runFilters(steps: readonly PodStep[], node: NodeInfo): Rejection | undefined {
  for (const step of steps) {
    const rejection = step.filter(node);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}

export function cloneSteps(steps: readonly PodStep[]): readonly PodStep[] {
  return steps.map((step) => step.clone?.() ?? step);
}

/** A node must do with the pods of at least this priority that are promised to it, and without them: they may never come. */
export function filterNode(
  steps: readonly PodStep[],
  pod: PodInfo,
  node: NodeInfo,
  nominator: Nominator,
): Rejection | undefined {
  const promised = nominator.on(node.name);
  if (promised.length > 0) {
    const others = promised.filter(({ uid, priority }) => priority >= pod.priority && uid !== pod.uid);
    if (others.length > 0) {
      const fuller = node.clone();
      const thought = cloneSteps(steps);
      for (const other of others) {
        fuller.addPod(other);
        for (const step of thought) step.addPod?.(other, fuller);
      }
      const rejection = runFilters(thought, fuller);
      if (rejection !== undefined) return rejection;
    }
  }
  return runFilters(steps, node);
}

export const minFeasibleNodes = 100;
const minPercentage = 5;

/** How many nodes that fit are enough: in a large cluster not all are looked at. */
export function feasibleNodesToFind(percentage: number | undefined, nodeCount: number): number {
  if (nodeCount < minFeasibleNodes) return nodeCount;
  const wanted = percentage ?? 0;
  const share = wanted === 0 ? Math.max(minPercentage, 50 - Math.trunc(nodeCount / 125)) : wanted;
  return Math.max(minFeasibleNodes, Math.trunc((nodeCount * share) / 100));
}

export interface Found {
  readonly feasible: readonly NodeInfo[];
  readonly steps: readonly PodStep[];
  readonly diagnosis: Diagnosis;
}

export interface FinderDeps {
  readonly cache: SchedulerCache;
  readonly nominator: Nominator;
}

export interface FindOptions {
  readonly plugins: readonly Plugin[];
  readonly percentageOfNodesToScore: number | undefined;
  /** Nobody compares nodes: the first will do. */
  readonly isFirstEnough: boolean;
}

/** Finds nodes that fit, beginning each time where the last search ended. */
export class NodeFinder {
  readonly #deps: FinderDeps;
  #start = 0;

  constructor(deps: FinderDeps) {
    this.#deps = deps;
  }

  find(pod: PodInfo, options: FindOptions): Found {
    const { cache, nominator } = this.#deps;
    const all = cache.nodes;
    const diagnosis = emptyDiagnosis(all.length);
    const { steps, nodeNames, namers, rejection } = prepareSteps(options.plugins, pod, all);
    for (const name of namers) diagnosis.rejectors.add(name);
    if (rejection !== undefined) {
      diagnosis.absent = rejection;
      diagnosis.preFilterMessage = rejection.reasons.join(', ');
      diagnosis.preFilterPlugin = rejection.plugin;
      diagnosis.rejectors.add(rejection.plugin);
      return { feasible: [], steps, diagnosis };
    }
    const nominated = pod.pod.status?.nominatedNodeName ?? '';
    const promised = nominated === '' ? undefined : cache.node(nominated);
    if (promised !== undefined && filterNode(steps, pod, promised, nominator) === undefined)
      return { feasible: [promised], steps, diagnosis };
    let nodes = all;
    if (nodeNames !== undefined) {
      nodes = [...nodeNames].map((name) => cache.node(name)).filter((node) => node !== undefined);
      const text = `node(s) didn't satisfy plugin(s) [${namers.toSorted().join(' ')}]`;
      diagnosis.absent = unresolvable(namers[0] ?? '', text);
    }
    const feasible = this.#filterAll(pod, nodes, steps, { diagnosis, options });
    if (all.length > 0) this.#start = (this.#start + feasible.length + diagnosis.rejections.size) % all.length;
    return { feasible, steps, diagnosis };
  }

  #filterAll(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    steps: readonly PodStep[],
    { diagnosis, options }: { readonly diagnosis: Diagnosis; readonly options: FindOptions },
  ): readonly NodeInfo[] {
    const { isFirstEnough, percentageOfNodesToScore } = options;
    const wanted = isFirstEnough ? 1 : feasibleNodesToFind(percentageOfNodesToScore, nodes.length);
    const feasible: NodeInfo[] = [];
    let last = '';
    for (let i = 0; i < nodes.length && feasible.length < wanted; i++) {
      const node = nodes[(this.#start + i) % nodes.length];
      if (node === undefined) continue;
      const rejection = filterNode(steps, pod, node, this.#deps.nominator);
      if (rejection === undefined) feasible.push(node);
      else {
        diagnosis.rejections.add(node.name, rejection);
        if (rejection.plugin !== last) diagnosis.rejectors.add(rejection.plugin);
        last = rejection.plugin;
      }
    }
    return feasible;
  }
}
