import type { Api } from '../object.ts';
import { canonicalQuantity } from '../quantity.ts';
import { age, cellsOf, name } from './cell.ts';

type Autoscaler = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler'>;
type MetricSpec = Api<'io.k8s.api.autoscaling.v2.MetricSpec'>;
type MetricStatus = Api<'io.k8s.api.autoscaling.v2.MetricStatus'>;
type Target = Api<'io.k8s.api.autoscaling.v2.MetricTarget'>;
type Current = Api<'io.k8s.api.autoscaling.v2.MetricValueStatus'>;

function quantity(value: string | undefined): string {
  return value === undefined ? '<nil>' : canonicalQuantity(value);
}

/** `current/target` of Object and External metrics: by average where the target has one. */
function byAverageOrValue(target: Target | undefined, current: Current | undefined): string {
  if (target?.averageValue !== undefined) {
    const value = current?.averageValue === undefined ? '<unknown>' : quantity(current.averageValue);
    return `${value}/${quantity(target.averageValue)} (avg)`;
  }
  return `${current === undefined ? '<unknown>' : quantity(current.value)}/${quantity(target?.value)}`;
}

/** Resource and ContainerResource: by average, else in percent of the request. */
function byUtilization(resource: string | undefined, target: Target | undefined, current: Current | undefined): string {
  if (target?.averageValue !== undefined) {
    const value = current === undefined ? '<unknown>' : quantity(current.averageValue);
    return `${resource ?? ''}: ${value}/${quantity(target.averageValue)}`;
  }
  const percent = (value: number | undefined, none: string) => (value === undefined ? none : `${value}%`);
  return `${resource ?? ''}: ${percent(current?.averageUtilization, '<unknown>')}/${percent(target?.averageUtilization, '<auto>')}`;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return byAverageOrValue(spec.external?.target, status?.external?.current);
    case 'Object':
      return byAverageOrValue(spec.object?.target, status?.object?.current);
    case 'Pods': {
      const current = status?.pods === undefined ? '<unknown>' : quantity(status.pods.current?.averageValue);
      return `${current}/${quantity(spec.pods?.target?.averageValue)}`;
    }
    case 'Resource':
      return byUtilization(spec.resource?.name, spec.resource?.target, status?.resource?.current);
    case 'ContainerResource':
      return byUtilization(
        spec.containerResource?.name,
        spec.containerResource?.target,
        status?.containerResource?.current,
      );
    case undefined:
      break;
  }
  return '<unknown type>';
}

function targets({ spec, status }: Autoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const texts = metrics.slice(0, 2).map((metric, i) => metricText(metric, status?.currentMetrics?.[i]));
  return texts.join(', ') + (metrics.length > 2 ? ` + ${metrics.length - 2} more...` : '');
}

export const horizontalPodAutoscalerCells = cellsOf<Autoscaler>(
  name,
  ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`,
  targets,
  ({ spec }) => String(spec?.minReplicas ?? '<unset>'),
  ({ spec }) => spec?.maxReplicas ?? 0,
  ({ status }) => status?.currentReplicas ?? 0,
  age,
);
