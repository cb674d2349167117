import type { Api } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import type { MetricSpec } from './hpa-defaults.ts';

export type MetricStatus = Api<'io.k8s.api.autoscaling.v2.MetricStatus'>;
type MetricTarget = Api<'io.k8s.api.autoscaling.v2.MetricTarget'>;
type ObjectReference = Api<'io.k8s.api.autoscaling.v2.CrossVersionObjectReference'>;
type LabelSelector = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'>;
type Quantity = string;

/**
 * Metrics as autoscaling/v1 writes them into annotations: it has no fields for them. A key that is undefined is left out
 * of the text, and the order of the keys is that of the text.
 */
export interface V1Metric {
  type?: string;
  object?: {
    target?: ObjectReference;
    metricName?: string;
    selector?: LabelSelector;
    averageValue?: Quantity;
  } & V1Values;
  pods?: { metricName?: string; selector?: LabelSelector } & V1Values;
  resource?: { name?: string } & V1Values;
  containerResource?: { name?: string; container?: string } & V1Values;
  external?: { metricName?: string; metricSelector?: LabelSelector } & V1Values;
}

interface V1Values {
  targetValue?: Quantity;
  targetAverageValue?: Quantity;
  targetAverageUtilization?: number;
  currentValue?: Quantity;
  currentAverageValue?: Quantity;
  currentAverageUtilization?: number;
}

const zero = '0';

function referenceOf({ kind = '', name = '', apiVersion }: Readonly<ObjectReference>): ObjectReference {
  return { kind, name, apiVersion };
}

export function toV1Metric({
  type = '',
  object,
  pods,
  resource,
  containerResource,
  external,
}: Readonly<MetricSpec>): V1Metric {
  return {
    type,
    object: object && {
      target: referenceOf(object.describedObject ?? {}),
      metricName: object.metric?.name ?? '',
      targetValue: object.target?.value ?? zero,
      selector: object.metric?.selector,
      averageValue: object.target?.averageValue,
    },
    pods: pods && {
      metricName: pods.metric?.name ?? '',
      targetAverageValue: pods.target?.averageValue ?? zero,
      selector: pods.metric?.selector,
    },
    resource: resource && {
      name: resource.name ?? '',
      targetAverageUtilization: resource.target?.averageUtilization,
      targetAverageValue: resource.target?.averageValue,
    },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      targetAverageUtilization: containerResource.target?.averageUtilization,
      targetAverageValue: containerResource.target?.averageValue,
      container: containerResource.container ?? '',
    },
    external: external && {
      metricName: external.metric?.name ?? '',
      metricSelector: external.metric?.selector,
      targetValue: external.target?.value,
      targetAverageValue: external.target?.averageValue,
    },
  };
}

function usageTarget({ targetAverageUtilization, targetAverageValue }: V1Values): MetricTarget {
  return {
    type: targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue: targetAverageValue,
    averageUtilization: targetAverageUtilization,
  };
}

/** v1 always writes a value; beside an average a zero one means none. */
function objectTarget({ targetValue = zero, averageValue }: NonNullable<V1Metric['object']>): MetricTarget {
  if (averageValue === undefined) return { type: 'Value', value: targetValue };
  const isZero = parseQuantity(String(targetValue)).isZero();
  return { type: 'AverageValue', value: isZero ? undefined : targetValue, averageValue };
}

export function fromV1Metric({ type, object, pods, resource, containerResource, external }: V1Metric): MetricSpec {
  return {
    type,
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      target: objectTarget(object),
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? zero },
    },
    resource: resource && { name: resource.name, target: usageTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      target: usageTarget(containerResource),
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target: {
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      },
    },
  };
}

export function toV1MetricStatus(status: Readonly<MetricStatus>): V1Metric {
  const { type = '', object, pods, resource, containerResource, external } = status;
  return {
    type,
    object: object && {
      target: referenceOf(object.describedObject ?? {}),
      metricName: object.metric?.name ?? '',
      currentValue: object.current?.value ?? zero,
      selector: object.metric?.selector,
      averageValue: object.current?.averageValue,
    },
    pods: pods && {
      metricName: pods.metric?.name ?? '',
      currentAverageValue: pods.current?.averageValue ?? zero,
      selector: pods.metric?.selector,
    },
    resource: resource && {
      name: resource.name ?? '',
      currentAverageUtilization: resource.current?.averageUtilization,
      currentAverageValue: resource.current?.averageValue ?? zero,
    },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      currentAverageUtilization: containerResource.current?.averageUtilization,
      currentAverageValue: containerResource.current?.averageValue ?? zero,
      container: containerResource.container ?? '',
    },
    external: external && {
      metricName: external.metric?.name ?? '',
      metricSelector: external.metric?.selector,
      currentValue: external.current?.value ?? zero,
      currentAverageValue: external.current?.averageValue,
    },
  };
}

function usageStatus({ currentAverageUtilization, currentAverageValue = zero }: V1Values): {
  averageUtilization: number | undefined;
  averageValue: Quantity;
} {
  return { averageUtilization: currentAverageUtilization, averageValue: currentAverageValue };
}

export function fromV1MetricStatus({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: V1Metric): MetricStatus {
  return {
    type,
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue ?? zero, averageValue: object.averageValue },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue ?? zero },
    },
    resource: resource && { name: resource.name, current: usageStatus(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      current: usageStatus(containerResource),
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue ?? zero, averageValue: external.currentAverageValue },
    },
  };
}
