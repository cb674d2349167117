import type { Api } from '../../../api/object.ts';
import { isPodAvailable, isPodReady } from '../pod-state.ts';
import { type DaemonSet, placementOf, updatedTest } from './placement.ts';
import { compareDaemons, type Daemons } from './pods-on-nodes.ts';

export type DaemonSetStatus = Readonly<Api<'io.k8s.api.apps.v1.DaemonSetStatus'>>;

interface Counts {
  desiredNumberScheduled: number;
  currentNumberScheduled: number;
  numberMisscheduled: number;
  numberReady: number;
  updatedNumberScheduled: number;
  numberAvailable: number;
  numberUnavailable: number;
}

function countDaemons({ daemonSet, nodes, byNode, hash, now }: Daemons): Counts {
  const counts: Counts = {
    desiredNumberScheduled: 0,
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
    updatedNumberScheduled: 0,
    numberAvailable: 0,
    numberUnavailable: 0,
  };
  const placement = placementOf(daemonSet);
  const isUpdated = updatedTest(daemonSet, hash);
  for (const node of nodes) {
    const [oldest] = (byNode.get(node.metadata?.name ?? '') ?? []).toSorted(compareDaemons);
    if (!placement(node).shouldRun) {
      if (oldest !== undefined) counts.numberMisscheduled++;
      continue;
    }
    counts.desiredNumberScheduled++;
    if (oldest === undefined) continue;
    counts.currentNumberScheduled++;
    if (isPodReady(oldest)) counts.numberReady++;
    if (isPodAvailable(oldest, daemonSet.spec?.minReadySeconds ?? 0, now)) counts.numberAvailable++;
    if (isUpdated(oldest)) counts.updatedNumberScheduled++;
  }
  counts.numberUnavailable = counts.desiredNumberScheduled - counts.numberAvailable;
  return counts;
}

/** The generation counts as observed only when the set was not waiting for its own writes. */
export function daemonSetStatus(daemons: Daemons, isObserved: boolean): DaemonSetStatus {
  const { metadata, status } = daemons.daemonSet;
  const { updatedNumberScheduled, numberAvailable, numberUnavailable, ...always } = countDaemons(daemons);
  const observedGeneration = isObserved ? metadata?.generation : status?.observedGeneration;
  const { collisionCount, conditions } = status ?? {};
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
    ...always,
    ...(updatedNumberScheduled === 0 ? {} : { updatedNumberScheduled }),
    ...(numberAvailable === 0 ? {} : { numberAvailable }),
    ...(numberUnavailable === 0 ? {} : { numberUnavailable }),
  };
}

const compared = [
  'desiredNumberScheduled',
  'currentNumberScheduled',
  'numberMisscheduled',
  'numberReady',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'observedGeneration',
] as const;

export function needsStoring({ status: old }: DaemonSet, status: DaemonSetStatus): boolean {
  return compared.some((name) => (old?.[name] ?? 0) !== (status[name] ?? 0));
}
