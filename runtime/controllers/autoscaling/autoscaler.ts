import type { Api, GroupVersionKind, GroupVersionResource } from '../../../api/object.ts';

export type Autoscaler = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler'>;
export type AutoscalerStatus = NonNullable<Autoscaler['status']>;
export type MetricSpec = Api<'io.k8s.api.autoscaling.v2.MetricSpec'>;
export type MetricStatus = Api<'io.k8s.api.autoscaling.v2.MetricStatus'>;
export type Condition = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition'>;
export type Behavior = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior'>;
export type ScalingRules = Api<'io.k8s.api.autoscaling.v2.HPAScalingRules'>;
export type Pod = Api<'io.k8s.api.core.v1.Pod'>;

export const autoscalers: GroupVersionResource = {
  group: 'autoscaling',
  version: 'v2',
  resource: 'horizontalpodautoscalers',
};
export const autoscalerKind: GroupVersionKind = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
};

export type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

/** What a look at the conditions ends with; the time of a change of status is kept. */
export class Conditions {
  readonly #list: Condition[];
  readonly #now: string;

  constructor(present: readonly Condition[], now: string) {
    this.#list = present.map((condition) => ({ ...condition }));
    this.#now = now;
  }

  get list(): Condition[] {
    return this.#list;
  }

  set(type: ConditionType, isTrue: boolean, reason: string, message: string): void {
    const status = isTrue ? 'True' : 'False';
    const present = this.#list.find((condition) => condition.type === type);
    if (present === undefined) this.#list.push({ type, status, lastTransitionTime: this.#now, reason, message });
    else {
      if (present.status !== status) present.lastTransitionTime = this.#now;
      Object.assign(present, { status, reason, message });
    }
  }
}
