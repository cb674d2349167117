import type { Api } from '../../../api/object.ts';

export type HorizontalPodAutoscaler = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler'>;
export type MetricSpec = Api<'io.k8s.api.autoscaling.v2.MetricSpec'>;
export type ScalingRules = Api<'io.k8s.api.autoscaling.v2.HPAScalingRules'>;

/** What autoscalers without metrics aim at. */
export const defaultCPUUtilization = 80;
const scalingPeriodSeconds = 15;

export function cpuUtilizationMetric(averageUtilization: number): MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

/** The pace of autoscalers before it could be chosen. */
function scaleUpRules(): ScalingRules {
  return {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: scalingPeriodSeconds },
      { type: 'Percent', value: 100, periodSeconds: scalingPeriodSeconds },
    ],
  };
}

/** Its window is left to the controller's flag. */
function scaleDownRules(): ScalingRules {
  return {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: scalingPeriodSeconds }],
  };
}

function withDefaults(rules: Readonly<ScalingRules> | undefined, defaults: ScalingRules): ScalingRules {
  return { ...defaults, ...rules };
}

export function defaultHorizontalPodAutoscaler(autoscaler: HorizontalPodAutoscaler): void {
  autoscaler.spec ??= {};
  const spec = autoscaler.spec;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuUtilizationMetric(defaultCPUUtilization)];
  if (spec.behavior === undefined) return;
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, scaleUpRules());
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, scaleDownRules());
}
