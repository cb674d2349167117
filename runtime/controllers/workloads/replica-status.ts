import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { messageOf } from '../../framework/thrown.ts';
import { isPodAvailable, isPodReady, type Pod } from '../pod-state.ts';
import type { ReplicaCondition, ReplicaStatus, Replicated } from './replica-kinds.ts';

export interface ReplicaObservation {
  readonly active: readonly Pod[];
  /** Undefined where the kind does not count them. */
  readonly terminating: number | undefined;
  /** Why pods could not be created or deleted. */
  readonly failure?: unknown;
  readonly now: number;
}

const failureType = 'ReplicaFailure';

/** Zeros are left out where upstream leaves them out. */
export function replicaStatus(object: Readonly<Replicated>, observation: ReplicaObservation): ReplicaStatus {
  const { active, terminating, now } = observation;
  const { minReadySeconds = 0, template } = object.spec ?? {};
  const labels = Object.entries(template?.metadata?.labels ?? {});
  let fullyLabeled = 0;
  let ready = 0;
  let available = 0;
  for (const pod of active) {
    const has = pod.metadata?.labels;
    if (labels.every(([key, value]) => has?.[key] === value)) fullyLabeled++;
    if (!isPodReady(pod)) continue;
    ready++;
    if (isPodAvailable(pod, minReadySeconds, now)) available++;
  }
  const conditions = replicaConditions(object, observation);
  const observedGeneration = object.metadata?.generation;
  return {
    replicas: active.length,
    ...(fullyLabeled === 0 ? {} : { fullyLabeledReplicas: fullyLabeled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function replicaConditions(
  { spec, status }: Readonly<Replicated>,
  { active, failure, now }: ReplicaObservation,
): readonly ReplicaCondition[] {
  const conditions = status?.conditions ?? [];
  const hasFailed = conditions.some(({ type }) => type === failureType);
  if (failure === undefined) return hasFailed ? conditions.filter(({ type }) => type !== failureType) : conditions;
  if (hasFailed) return conditions;
  const surplus = active.length - (spec?.replicas ?? 0);
  const reason = surplus < 0 ? 'FailedCreate' : surplus > 0 ? 'FailedDelete' : '';
  return [
    ...conditions,
    {
      type: failureType,
      status: 'True',
      lastTransitionTime: toTime(now),
      ...(reason === '' ? {} : { reason }),
      message: messageOf(failure),
    },
  ];
}

/** Nothing to write: also when the generation has been seen. */
export function isStatusCurrent(object: Readonly<Replicated>, status: ReplicaStatus): boolean {
  return semanticEqual(withoutZeros(object.status ?? {}), withoutZeros(status));
}

function withoutZeros(status: ReplicaStatus): unknown {
  const { terminatingReplicas, ...counts } = status;
  const present = Object.entries(counts).filter(([, value]) => value !== 0);
  return { ...Object.fromEntries(present), ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }) };
}
