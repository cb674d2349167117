import type { Api, KubeObject } from '../../../api/object.ts';
import type { Conversion } from '../../registry/conversion.ts';
import {
  cpuUtilizationMetric,
  defaultCPUUtilization,
  type HorizontalPodAutoscaler,
  type MetricSpec,
} from './hpa-defaults.ts';
import { behaviorText, parsedBehavior } from './v1-behavior.ts';
import {
  fromV1Metric,
  fromV1MetricStatus,
  type MetricStatus,
  toV1Metric,
  toV1MetricStatus,
  type V1Metric,
} from './v1-metrics.ts';

type AutoscalerV1 = Api<'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler'>;
type Condition = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition'>;

/** Where autoscaling/v1 keeps what it has no fields for. */
const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  scaleDownTolerance: 'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  scaleUpTolerance: 'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
} as const;

type Annotations = Record<string, string>;

function withoutRoundTrip(map: Readonly<Annotations> | undefined): Annotations {
  const rest = { ...map };
  for (const key of Object.values(annotations)) delete rest[key];
  return rest;
}

function setAnnotations(object: KubeObject, map: Annotations): void {
  object.metadata ??= {};
  if (Object.keys(map).length > 0) object.metadata.annotations = map;
  else delete object.metadata.annotations;
}

/** Text that is no JSON is dropped, as if it were not there. */
function parsed(map: Readonly<Annotations>, key: string): unknown {
  const text = map[key];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsedList<T>(map: Readonly<Annotations>, key: string): T[] | undefined {
  const value = parsed(map, key);
  return Array.isArray(value) ? value : undefined;
}

function isCPUUtilization(metric: Readonly<MetricSpec>): boolean {
  return (
    metric.type === 'Resource' &&
    metric.resource?.name === 'cpu' &&
    metric.resource.target?.averageUtilization !== undefined
  );
}

function hubMetrics(map: Readonly<Annotations>, utilization: number | undefined): MetricSpec[] {
  const own = utilization === undefined ? [] : [cpuUtilizationMetric(utilization)];
  const others = parsedList<V1Metric>(map, annotations.metrics) ?? [];
  const metrics = [...others.map(fromV1Metric), ...own];
  return metrics.length > 0 ? metrics : [cpuUtilizationMetric(defaultCPUUtilization)];
}

function hubCurrentMetrics(map: Readonly<Annotations>, utilization: number | undefined): MetricStatus[] | undefined {
  const known = parsedList<V1Metric>(map, annotations.currentMetrics)?.map(fromV1MetricStatus);
  if (known !== undefined || utilization === undefined) return known;
  return [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: utilization } } }];
}

function hubConditions(map: Readonly<Annotations>): Condition[] | undefined {
  return parsedList<Condition & { lastTransitionTime?: string | null }>(map, annotations.conditions)?.map(
    ({ lastTransitionTime, ...condition }) => ({
      ...condition,
      ...(lastTransitionTime === null || lastTransitionTime === undefined ? {} : { lastTransitionTime }),
    }),
  );
}

function toHub(object: KubeObject): KubeObject {
  const { metadata = {}, spec = {}, status = {} } = object as AutoscalerV1;
  const map = metadata.annotations ?? {};
  const { targetCPUUtilizationPercentage, ...sharedSpec } = spec;
  const { currentCPUUtilizationPercentage, ...sharedStatus } = status;
  const behavior = parsedBehavior(parsed(map, annotations.behavior));
  const currentMetrics = hubCurrentMetrics(map, currentCPUUtilizationPercentage);
  const conditions = hubConditions(map);
  const autoscaler: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      ...sharedSpec,
      metrics: hubMetrics(map, targetCPUUtilizationPercentage),
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: {
      ...sharedStatus,
      ...(currentMetrics === undefined ? {} : { currentMetrics }),
      ...(conditions === undefined ? {} : { conditions }),
    },
  };
  setAnnotations(autoscaler, withoutRoundTrip(map));
  return autoscaler;
}

function conditionText(conditions: readonly Condition[]): string {
  return JSON.stringify(
    conditions.map(({ type = '', status = '', lastTransitionTime, reason, message }) => ({
      type,
      status,
      lastTransitionTime: lastTransitionTime ?? null,
      reason: reason || undefined,
      message: message || undefined,
    })),
  );
}

function currentUtilization(metrics: readonly MetricStatus[]): number | undefined {
  const found = metrics.findLast(
    ({ type, resource }) =>
      type === 'Resource' && resource?.name === 'cpu' && resource.current?.averageUtilization !== undefined,
  );
  return found?.resource?.current?.averageUtilization;
}

function fromHub(object: Readonly<KubeObject>): KubeObject {
  const { metadata = {}, spec = {}, status = {} } = object as HorizontalPodAutoscaler;
  const { metrics = [], behavior, ...sharedSpec } = spec;
  const { currentMetrics, conditions, ...sharedStatus } = status;
  const map = withoutRoundTrip(metadata.annotations);
  const others = metrics.filter((metric) => !isCPUUtilization(metric));
  if (others.length > 0) map[annotations.metrics] = JSON.stringify(others.map(toV1Metric));
  if (currentMetrics?.length) map[annotations.currentMetrics] = JSON.stringify(currentMetrics.map(toV1MetricStatus));
  if (behavior !== undefined) map[annotations.behavior] = behaviorText(behavior);
  if (conditions?.length) map[annotations.conditions] = conditionText(conditions);
  const target = metrics.find(isCPUUtilization)?.resource?.target?.averageUtilization;
  const current = currentUtilization(currentMetrics ?? []);
  const autoscaler: AutoscalerV1 = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata },
    spec: { ...sharedSpec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      ...sharedStatus,
      currentReplicas: status.currentReplicas ?? 0,
      desiredReplicas: status.desiredReplicas ?? 0,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  };
  setAnnotations(autoscaler, map);
  return autoscaler;
}

export const autoscalingConversions: readonly Conversion[] = [
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', version: 'v1', toHub, fromHub },
];
