import { isPodActive, isPodReady, type Pod, readyCondition, timeOf } from './pod-state.ts';

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** What is compared of a pod, read once: a smaller value goes first. */
interface Candidate {
  readonly pod: Pod;
  /** Unassigned, phase, readiness, cost, colocation. */
  readonly order: readonly number[];
  readonly readySince: number | undefined;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly created: number | undefined;
}

/** Upstream ignores what is not a plain number of 32 bits. */
export function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.[costAnnotation];
  if (text === undefined || !/^(-\d+|0|[1-9]\d*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost < -(2 ** 31) || cost >= 2 ** 31 ? 0 : cost;
}

function candidate(pod: Pod, colocated: number): Candidate {
  const isReady = isPodReady(pod);
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map(({ name }) => name),
  );
  const most = (statuses: readonly { readonly restartCount?: number }[] | undefined): number =>
    (statuses ?? []).reduce((max, { restartCount = 0 }) => Math.max(max, restartCount), 0);
  return {
    pod,
    order: [
      (pod.spec?.nodeName ?? '') === '' ? 0 : 1,
      phaseOrder[pod.status?.phase ?? ''] ?? 0,
      isReady ? 1 : 0,
      deletionCost(pod),
      -colocated,
    ],
    readySince: isReady ? timeOf(readyCondition(pod)?.lastTransitionTime) : undefined,
    restarts: most(pod.status?.containerStatuses),
    sidecarRestarts: most(pod.status?.initContainerStatuses?.filter(({ name }) => sidecars.has(name))),
    created: timeOf(pod.metadata?.creationTimestamp),
  };
}

/** The younger first, on a logarithmic scale: pods about as old as each other come in the order of their uids, which is as good as random. */
function compareAges(a: number | undefined, b: number | undefined, now: number, uids: () => number): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const difference = magnitude(now - a) - magnitude(now - b);
  return difference === 0 ? uids() : difference;
}

function magnitude(ms: number): number {
  return ms > 0 ? Math.trunc(Math.log2(ms * 1e6)) : -1;
}

function compare(a: Candidate, b: Candidate, now: number): number {
  for (let i = 0; i < a.order.length; i++) {
    const difference = (a.order[i] ?? 0) - (b.order[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const uids = (): number => ((a.pod.metadata?.uid ?? '') < (b.pod.metadata?.uid ?? '') ? -1 : 1);
  const bothReady = isPodReady(a.pod) && isPodReady(b.pod);
  return (
    (bothReady ? compareAges(a.readySince, b.readySince, now, uids) : 0) ||
    b.restarts - a.restarts ||
    b.sidecarRestarts - a.sidecarRestarts ||
    compareAges(a.created, b.created, now, uids)
  );
}

export interface DeletionChoice<T> {
  /** Those of `related` (usually a superset) that share a node with a pod make it go earlier. */
  readonly related?: readonly Pod[];
  readonly pods: readonly T[];
  readonly count: number;
  readonly now: number;
}

/** The pods that are missed least. */
export function podsToDelete<T extends Pod>({ pods, related = [], count, now }: DeletionChoice<T>): T[] {
  if (count >= pods.length) return [...pods];
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? '';
    if (isPodActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return pods
    .map((pod) => ({ pod, candidate: candidate(pod, onNode.get(pod.spec?.nodeName ?? '') ?? 0) }))
    .sort((a, b) => compare(a.candidate, b.candidate, now))
    .slice(0, count)
    .map(({ pod }) => pod);
}
