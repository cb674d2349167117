import { scaledValue } from '../int-or-percent.ts';
import { controllerOf } from '../ownership.ts';
import type { Pod } from '../pod-state.ts';
import type { Budget } from './budget.ts';
import type { ScaleFinder } from './owner-scale.ts';

export interface Expected {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
  /** Pods without a controller, which a share of the whole cannot count. */
  readonly unmanaged: readonly string[];
}

/** How many pods there should be, by the scales of their controllers, and how many of them must be healthy. */
export async function expectedPods({ spec }: Budget, pods: readonly Pod[], find: ScaleFinder): Promise<Expected> {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const { total, unmanaged } = await totalScale(pods, find);
    const desiredHealthy = Math.max(0, total - scaledValue(maxUnavailable, total, 'up'));
    return { expectedPods: total, desiredHealthy, unmanaged };
  }
  if (typeof minAvailable === 'string') {
    const { total, unmanaged } = await totalScale(pods, find);
    return { expectedPods: total, desiredHealthy: scaledValue(minAvailable, total, 'up'), unmanaged };
  }
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0, unmanaged: [] };
  return { expectedPods: pods.length, desiredHealthy: minAvailable, unmanaged: [] };
}

async function totalScale(
  pods: readonly Pod[],
  find: ScaleFinder,
): Promise<{ readonly total: number; readonly unmanaged: string[] }> {
  const scales = new Map<string, number>();
  const seen = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const owner = controllerOf(pod);
    if (owner === undefined) unmanaged.push(name);
    else if (!seen.has(owner.uid ?? '')) {
      const found = await find(namespace, owner);
      if (found === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(name)}`);
      seen.add(owner.uid ?? '');
      scales.set(found.uid, found.replicas);
    }
  }
  return { total: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged };
}
