import { toTime } from '../../../../api/clock.ts';
import { semanticEqual } from '../../../../api/equal.ts';
import { goQuote } from '../../../../api/go-text.ts';
import { timeOf } from '../../pod-state.ts';
import {
  type Conditions,
  conditionOf,
  type DeploymentCondition,
  newCondition,
  withCondition,
  withoutCondition,
} from './conditions.ts';
import {
  type Deployment,
  type DeploymentStatus,
  hasProgressDeadline,
  maxUnavailable,
  type ReplicaSet,
  sizeOf,
} from './deployment.ts';
import { allOf, type Generations, totalOf, totalSize, totalTerminating } from './replica-sets.ts';

/** What the ReplicaSets report, summed up. Zeros are left out, as upstream does. */
export function deploymentStatus(deployment: Deployment, generations: Generations, now: number): DeploymentStatus {
  const all = allOf(generations);
  const available = totalOf(all, 'availableReplicas');
  const counts = {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: totalOf(all, 'replicas'),
    updatedReplicas: generations.current?.status?.replicas ?? 0,
    readyReplicas: totalOf(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(totalSize(all) - available, 0),
  };
  const terminatingReplicas = totalTerminating(all);
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  const isAvailable = available >= sizeOf(deployment) - maxUnavailable(deployment);
  const availability = newCondition(
    isAvailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    now,
  );
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...withCondition(conditions, availability)],
  };
}

/** All of the size are updated and available, and nothing else runs. */
export function isComplete(deployment: Deployment, status: DeploymentStatus = {}): boolean {
  const size = sizeOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === size &&
    (status.replicas ?? 0) === size &&
    (status.availableReplicas ?? 0) === size &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function hasProgressed(old: DeploymentStatus, status: DeploymentStatus): boolean {
  const outdated = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  return (
    (status.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    outdated(status) < outdated(old) ||
    (status.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function hasTimedOut({ spec }: Deployment, condition: DeploymentCondition | undefined, now: number): boolean {
  // A rollout that ended well may be long ago: the next one has not been noted yet.
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  return (timeOf(condition.lastUpdateTime) ?? 0) + (spec?.progressDeadlineSeconds ?? 0) * 1000 < now;
}

/** The status during a rollout: with its progress, and with what keeps ReplicaSets from creating pods. */
export function rolloutStatus(deployment: Deployment, generations: Generations, now: number): DeploymentStatus {
  const status = deploymentStatus(deployment, generations, now);
  const progressed = withProgress(deployment, generations, status, now);
  const failure = replicaFailure(generations);
  const conditions =
    failure === undefined ? withoutCondition(progressed, 'ReplicaFailure') : withCondition(progressed, failure);
  return { ...status, conditions: [...conditions] };
}

function withProgress(
  deployment: Deployment,
  { current }: Generations,
  status: DeploymentStatus,
  now: number,
): Conditions {
  const { conditions = [] } = status;
  if (!hasProgressDeadline(deployment)) return withoutCondition(conditions, 'Progressing');
  const old = deployment.status ?? {};
  const present = conditionOf(old.conditions, 'Progressing');
  const wasComplete =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && present?.reason === 'NewReplicaSetAvailable';
  if (wasComplete) return conditions;
  const subject =
    current === undefined
      ? `Deployment ${goQuote(deployment.metadata?.name ?? '')}`
      : `ReplicaSet ${goQuote(current.metadata?.name ?? '')}`;
  const progressing = (isTrue: boolean, reason: string, what: string): DeploymentCondition =>
    newCondition(
      { type: 'Progressing', status: isTrue ? 'True' : 'False', reason, message: `${subject} ${what}.` },
      now,
    );
  if (isComplete(deployment, status)) {
    return withCondition(conditions, progressing(true, 'NewReplicaSetAvailable', 'has successfully progressed'));
  }
  if (hasProgressed(old, status)) {
    const made = progressing(true, 'ReplicaSetUpdated', 'is progressing');
    // Each progress renews the time of the last update, even when nothing else of the condition changes.
    const { lastTransitionTime } = present?.status === 'True' ? present : made;
    const kept = { ...made, lastTransitionTime: lastTransitionTime ?? toTime(now) };
    return [...withoutCondition(conditions, 'Progressing'), kept];
  }
  if (hasTimedOut(deployment, conditionOf(conditions, 'Progressing'), now)) {
    return withCondition(conditions, progressing(false, 'ProgressDeadlineExceeded', 'has timed out progressing'));
  }
  return conditions;
}

/** Of the current ReplicaSet before any other. */
function replicaFailure({ current, old }: Generations): DeploymentCondition | undefined {
  for (const { status } of current === undefined ? old : [current, ...old]) {
    const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
    if (failure === undefined) continue;
    const { lastTransitionTime } = failure;
    return { ...failure, ...(lastTransitionTime === undefined ? {} : { lastUpdateTime: lastTransitionTime }) };
  }
  return undefined;
}

/** In how many milliseconds a rollout that shows no progress has to be looked at again: undefined when it is over. */
export function progressCheckMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const condition = conditionOf(deployment.status?.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || condition === undefined) return undefined;
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined;
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 0;
  return (timeOf(condition.lastUpdateTime) ?? 0) + seconds * 1000 - now;
}

export function isStatusEqual(a: DeploymentStatus | undefined, b: DeploymentStatus): boolean {
  return semanticEqual(withoutZeros(a ?? {}), withoutZeros(b));
}

function withoutZeros(status: DeploymentStatus): unknown {
  const always = new Set(['terminatingReplicas', 'collisionCount']);
  return Object.fromEntries(Object.entries(status).filter(([key, value]) => value !== 0 || always.has(key)));
}

/** Pauses are noted, so that the time they take does not count as lack of progress. Undefined when nothing is to be noted. */
export function pauseNote(deployment: Deployment, now: number): DeploymentStatus | undefined {
  if (!hasProgressDeadline(deployment)) return undefined;
  const { status = {}, spec } = deployment;
  const present = conditionOf(status.conditions, 'Progressing');
  if (present?.reason === 'ProgressDeadlineExceeded') return undefined;
  const isPaused = spec?.paused === true;
  if (isPaused === (present?.reason === 'DeploymentPaused')) return undefined;
  const [reason, message] = isPaused
    ? ['DeploymentPaused', 'Deployment is paused']
    : ['DeploymentResumed', 'Deployment is resumed'];
  const note = newCondition({ type: 'Progressing', status: 'Unknown', reason, message }, now);
  return { ...status, conditions: [...withCondition(status.conditions ?? [], note)] };
}

/** A Progressing condition beside the rest of the status. */
export function withProgressing(
  status: DeploymentStatus | undefined,
  isTrue: boolean,
  { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: number },
): DeploymentStatus {
  const condition = newCondition({ type: 'Progressing', status: isTrue ? 'True' : 'False', reason, message }, now);
  return { ...status, conditions: [...withCondition(status?.conditions ?? [], condition)] };
}

export function isOldPodRunning(old: readonly ReplicaSet[], hasRunning: (set: ReplicaSet) => boolean): boolean {
  return totalOf(old, 'replicas') > 0 || old.some(hasRunning);
}
