import { toTime } from '../../../../api/clock.ts';
import type { Api } from '../../../../api/object.ts';

export type DeploymentCondition = Readonly<Api<'io.k8s.api.apps.v1.DeploymentCondition'>>;
export type Conditions = readonly DeploymentCondition[];
export type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure';

export interface NewCondition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export function newCondition({ type, status, reason, message }: NewCondition, now: number): DeploymentCondition {
  const time = toTime(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export function conditionOf(conditions: Conditions | undefined, type: ConditionType): DeploymentCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function withoutCondition(conditions: Conditions, type: ConditionType): Conditions {
  return conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;
}

/** One of the same status and reason stays as it is; the time of transition stays as long as the status does. */
export function withCondition(conditions: Conditions, condition: DeploymentCondition): Conditions {
  const present = conditions.find(({ type }) => type === condition.type);
  if (present === undefined) return [...conditions, condition];
  const isSameStatus = present.status === condition.status;
  if (isSameStatus && present.reason === condition.reason) return conditions;
  const { lastTransitionTime } = isSameStatus ? present : condition;
  const made = lastTransitionTime === undefined ? condition : { ...condition, lastTransitionTime };
  return [...conditions.filter((other) => other !== present), made];
}
