import { maxScore, type Plugin, type ScoreStep } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { isScalar } from '../resources.ts';

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

export interface ShapePoint {
  /** Percent. */
  readonly utilization: number;
  /** 0 to 10. */
  readonly score: number;
}

export interface ScoringStrategy {
  readonly type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  readonly resources: readonly WeightedResource[];
  readonly shape: readonly ShapePoint[];
}

export const defaultResources: readonly WeightedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

/** A line from point to point, level outside of them. */
export function brokenLine(shape: readonly ShapePoint[]): (utilization: number) => number {
  const points = shape.map(({ utilization, score }) => ({ utilization, score: score * 10 }));
  return (at) => {
    const next = points.findIndex(({ utilization }) => at <= utilization);
    const [after, before] = [points[next], points[next - 1]];
    if (after === undefined) return points.at(-1)?.score ?? 0;
    if (before === undefined) return after.score;
    const rise = (after.score - before.score) * (at - before.utilization);
    return before.score + Math.trunc(rise / (after.utilization - before.utilization));
  };
}

function scorerOf({ type, shape }: ScoringStrategy): (requested: number, allocatable: number) => number {
  if (type === 'LeastAllocated')
    return (requested, allocatable) =>
      requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * maxScore) / allocatable);
  if (type === 'MostAllocated')
    return (requested, allocatable) => Math.trunc((Math.min(requested, allocatable) * maxScore) / allocatable);
  const line = brokenLine(shape);
  return (requested, allocatable) => line(requested > allocatable ? 100 : Math.trunc((requested * 100) / allocatable));
}

function assumedRequest(pod: PodInfo, name: string): number {
  if (name === 'cpu') return pod.assumedMilliCPU;
  return name === 'memory' ? pod.assumedMemory : (pod.requests.get(name) ?? 0);
}

function assumedOn(node: NodeInfo, name: string): number {
  if (name === 'cpu') return node.assumedMilliCPU;
  return name === 'memory' ? node.assumedMemory : node.requested(name);
}

function allocatableOn(node: NodeInfo, name: string): number {
  if (name === 'cpu') return node.milliCPU;
  return name === 'memory' ? node.memory : (node.allocatable.get(name) ?? 0);
}

/** How full the node would be, weighed over resources. */
export function allocationScore(pod: PodInfo, strategy: ScoringStrategy): ScoreStep {
  const scorer = scorerOf(strategy);
  const isRatio = strategy.type === 'RequestedToCapacityRatio';
  const wanted = strategy.resources
    .map(({ name, weight }) => ({ name, weight, request: assumedRequest(pod, name) }))
    .filter(({ name, request }) => request > 0 || !isScalar(name));
  return {
    score: (node) => {
      let sum = 0;
      let weights = 0;
      for (const { name, weight, request } of wanted) {
        const allocatable = allocatableOn(node, name);
        if (allocatable === 0) continue;
        const score = scorer(assumedOn(node, name) + request, allocatable);
        if (isRatio && score === 0) continue;
        sum += score * weight;
        weights += weight;
      }
      if (weights === 0) return 0;
      return isRatio ? Math.round(sum / weights) : Math.trunc(sum / weights);
    },
  };
}

function imbalance(fractions: readonly number[]): number {
  const [first = 0, second = 0] = fractions;
  if (fractions.length < 2) return 0;
  if (fractions.length === 2) return Math.abs((first - second) / 2);
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
  return Math.sqrt(fractions.reduce((sum, fraction) => sum + (fraction - mean) ** 2, 0) / fractions.length);
}

/** Nodes whose resources would be used more evenly than before are better. */
export function balancedAllocation({ resources }: { readonly resources: readonly WeightedResource[] }): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    hints: [],
    score: (pod) => {
      const wanted = resources.map(({ name }) => ({ name, request: pod.requests.get(name) ?? 0 }));
      if (wanted.every(({ request }) => request === 0)) return undefined;
      const counted = wanted.filter(({ name, request }) => request > 0 || !isScalar(name));
      const [before, after] = [[] as number[], [] as number[]];
      const fill = (node: NodeInfo): void => {
        before.length = 0;
        after.length = 0;
        for (const { name, request } of counted) {
          const allocatable = allocatableOn(node, name);
          if (allocatable === 0) continue;
          const requested = node.requested(name);
          before.push(Math.min(1, requested / allocatable));
          after.push(Math.min(1, (requested + request) / allocatable));
        }
      };
      const balance = (fractions: readonly number[]): number => Math.trunc((1 - imbalance(fractions)) * maxScore);
      const half = maxScore / 2;
      return {
        score: (node) => {
          fill(node);
          return half + Math.trunc((half + balance(after) - balance(before)) / 2);
        },
      };
    },
  };
}
