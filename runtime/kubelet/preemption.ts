import type { PodInfo } from '../scheduler/pod-info.ts';

/** A pod of at least this priority is run whatever runs already. */
export const criticalPriority = 2_000_000_000;

export interface Lack {
  readonly amount: number;
  of(pod: PodInfo): number;
}

/** Who is sent away so that enough is free: who is promised least first, and as few as possible. Undefined: it would not be enough. */
export function podsToPreempt(
  pods: readonly PodInfo[],
  lacks: readonly Lack[],
  wanted: Pick<PodInfo, 'priority'>,
): PodInfo[] | undefined {
  const victims = pods.filter(({ priority }) => priority < wanted.priority);
  const rankOf = ({ pod }: PodInfo): number => ranks[pod.status?.qosClass ?? ''] ?? 0;
  const chosen = new Set<PodInfo>();
  const missing = (without: PodInfo | undefined, from: Iterable<PodInfo>): readonly Lack[] => {
    const others = [...from].filter((pod) => pod !== without);
    return lacks.filter(({ amount, of }) => others.reduce((sum, pod) => sum + of(pod), 0) < amount);
  };
  if (missing(undefined, victims).length > 0) return undefined;
  for (const rank of [0, 1, 2]) {
    // The largest first: fewer have to go.
    const candidates = victims
      .filter((pod) => rankOf(pod) === rank)
      .sort((a, b) => weight(b, lacks) - weight(a, lacks));
    for (const pod of candidates) {
      if (missing(undefined, chosen).length === 0) break;
      if (weight(pod, lacks) > 0) chosen.add(pod);
    }
  }
  // Whoever turned out not to be needed stays.
  for (const pod of [...chosen].reverse()) if (missing(pod, chosen).length === 0) chosen.delete(pod);
  return [...chosen];
}

const ranks: Readonly<Record<string, number>> = { BestEffort: 0, Burstable: 1, Guaranteed: 2 };

function weight(pod: PodInfo, lacks: readonly Lack[]): number {
  return lacks.reduce((sum, { amount, of }) => sum + Math.min(1, of(pod) / amount), 0);
}
