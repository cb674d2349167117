import type { Api } from '../../../api/object.ts';
import { isPodAvailable, isPodReady, type Pod } from '../pod-state.ts';
import { podRevision, replicasOf, type StatefulSet, type Version } from './identity.ts';

export type StatefulSetStatus = Readonly<Api<'io.k8s.api.apps.v1.StatefulSetStatus'>>;

export interface StatusInput {
  readonly set: StatefulSet;
  readonly current: Version;
  readonly update: Version;
  readonly collisionCount: number;
  readonly now: number;
}

/** Counts pods. The status is written anew: conditions that somebody set do not stay. */
export function setStatus(
  { set, current, update, collisionCount, now }: StatusInput,
  pods: readonly Pod[],
): StatefulSetStatus {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod));
  const lasting = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  const count = (revision: string): number => lasting.filter((pod) => podRevision(pod) === revision).length;
  return {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready.length,
    currentReplicas: count(current.revision),
    updatedReplicas: count(update.revision),
    currentRevision: current.revision,
    updateRevision: update.revision,
    collisionCount,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, minReadySeconds, now)).length,
  };
}

/** All replicas are there, ready, and of the update revision. */
function isUpdated(set: StatefulSet, status: StatefulSetStatus): boolean {
  const replicas = replicasOf(set);
  return [status.updatedReplicas, status.readyReplicas, status.replicas].every((count) => (count ?? 0) === replicas);
}

/** The status to store: a finished update makes the update revision the current one. */
export function settled(set: StatefulSet, status: StatefulSetStatus): StatefulSetStatus {
  if (set.spec?.updateStrategy?.type !== 'RollingUpdate' || !isUpdated(set, status)) return status;
  return { ...status, currentReplicas: status.updatedReplicas ?? 0, currentRevision: status.updateRevision ?? '' };
}

const counts = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;

export function needsStoring({ status: old = { replicas: 0 } }: StatefulSet, status: StatefulSetStatus): boolean {
  return (
    (status.observedGeneration ?? 0) > (old.observedGeneration ?? 0) ||
    counts.some((name) => (old[name] ?? 0) !== (status[name] ?? 0)) ||
    (old.currentRevision ?? '') !== status.currentRevision ||
    (old.updateRevision ?? '') !== status.updateRevision
  );
}

/** As it goes over the wire: counts of zero are left out where upstream leaves them out. */
export function storedStatus(status: StatefulSetStatus): StatefulSetStatus {
  const { readyReplicas, currentReplicas, updatedReplicas, ...rest } = status;
  return {
    ...rest,
    ...(readyReplicas ? { readyReplicas } : {}),
    ...(currentReplicas ? { currentReplicas } : {}),
    ...(updatedReplicas ? { updatedReplicas } : {}),
  };
}
