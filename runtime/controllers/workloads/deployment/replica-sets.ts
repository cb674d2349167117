import { semanticEqual } from '../../../../api/equal.ts';
import type { PodTemplate } from '../../pod-control.ts';
import { timeOf } from '../../pod-state.ts';
import { type Deployment, hashLabel, type ReplicaSet, sizeOf } from './deployment.ts';

type Order = (a: ReplicaSet, b: ReplicaSet) => number;

export const oldestFirst: Order = (a, b) => {
  const difference = (timeOf(a.metadata?.creationTimestamp) ?? 0) - (timeOf(b.metadata?.creationTimestamp) ?? 0);
  return difference || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
};

export const largestThenNewest: Order = (a, b) => sizeOf(b) - sizeOf(a) || oldestFirst(b, a);
export const largestThenOldest: Order = (a, b) => sizeOf(b) - sizeOf(a) || oldestFirst(a, b);

/** The hash is left out: a Deployment's own template has none, and another implementation may have computed it. */
export function isSameTemplate(a: PodTemplate | undefined, b: PodTemplate | undefined): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

export function withoutHash(template: PodTemplate = {}): PodTemplate {
  const { metadata } = template;
  if (metadata?.labels?.[hashLabel] === undefined) return template;
  const { [hashLabel]: _, ...labels } = metadata.labels;
  return { ...template, metadata: { ...metadata, labels } };
}

export interface Generations {
  /** Has the Deployment's template: the oldest of several. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export function generationsOf(deployment: Deployment, sets: readonly ReplicaSet[]): Generations {
  const sorted = sets.toSorted(oldestFirst);
  const current = sorted.find(({ spec }) => isSameTemplate(spec?.template, deployment.spec?.template));
  return { current, old: sorted.filter((set) => set !== current) };
}

export function allOf({ current, old }: Generations): readonly ReplicaSet[] {
  return current === undefined ? old : [...old, current];
}

export function activeOf(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => sizeOf(set) > 0);
}

/** The sum of the sizes that are asked for. */
export function totalSize(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + sizeOf(set), 0);
}

export function totalOf(
  sets: readonly ReplicaSet[],
  count: 'replicas' | 'readyReplicas' | 'availableReplicas',
): number {
  return sets.reduce((sum, { status }) => sum + (status?.[count] ?? 0), 0);
}

/** Undefined as long as one that has been looked after does not count them. */
export function totalTerminating(sets: readonly ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas;
    else if ((status?.observedGeneration ?? 0) !== 0) return undefined;
  }
  return total;
}

/** The one to scale when nothing has to be divided: the only active one, or the newest where none is. */
export function activeOrLatest({ current, old }: Generations): ReplicaSet | undefined {
  const active = activeOf(allOf({ current, old }));
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? old.toSorted(oldestFirst).at(-1);
}
