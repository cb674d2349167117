import type { Random } from '../../api/clock.ts';
import type { Plugin } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export interface WeightedPlugin {
  readonly plugin: Plugin;
  readonly weight: number;
}

/** The sum of what each plugin thinks of each node, in their order. */
export function scoreNodes(
  plugins: readonly WeightedPlugin[],
  pod: PodInfo,
  nodes: readonly NodeInfo[],
): readonly number[] {
  const totals = new Array<number>(nodes.length).fill(0);
  const scores = new Array<number>(nodes.length).fill(0);
  for (const { plugin, weight } of plugins) {
    const step = plugin.score?.(pod, nodes);
    if (step === undefined) continue;
    for (let i = 0; i < nodes.length; i++) scores[i] = step.score(nodes[i] as NodeInfo);
    step.normalize?.(scores, nodes);
    for (let i = 0; i < nodes.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0) * weight;
  }
  return totals;
}

/** The best, or any of the best with the same chance. */
export function bestNode(nodes: readonly NodeInfo[], totals: readonly number[], random: Random): NodeInfo | undefined {
  let best: NodeInfo | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  let ties = 0;
  for (let i = 0; i < nodes.length; i++) {
    const total = totals[i] ?? 0;
    if (total < highest) continue;
    ties = total === highest ? ties + 1 : 1;
    if (ties > 1 && random.next() * ties >= 1) continue;
    highest = total;
    best = nodes[i];
  }
  return best;
}
