import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isPathSegmentName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { dns1123LabelErrors, invalidEach } from '../core/field-checks.ts';
import { validateContainerResourceName } from '../core/resource-requirements-names.ts';
import type { MetricSpec } from './hpa-defaults.ts';

type MetricTarget = Api<'io.k8s.api.autoscaling.v2.MetricTarget'>;
type MetricIdentifier = Api<'io.k8s.api.autoscaling.v2.MetricIdentifier'>;
type ObjectReference = Api<'io.k8s.api.autoscaling.v2.CrossVersionObjectReference'>;

/** Which apiVersions a reference may have. */
export interface ReferenceRules {
  readonly allowEmptyGroup: boolean;
  readonly allowInvalid: boolean;
}

/** Why an apiVersion is no group and version, in upstream's words; undefined when it is fine. */
export function apiVersionError(
  apiVersion: string,
  { allowEmptyGroup, allowInvalid }: ReferenceRules,
): string | undefined {
  if (allowInvalid) return undefined;
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = slashes === 1 ? (apiVersion.split('/')[0] ?? '') : '';
  return !allowEmptyGroup && group === '' ? 'apiVersion must specify API group' : undefined;
}

function validatePathSegment(value: string | undefined, path: FieldPath, detail = ''): FieldErrors {
  return value ? invalidEach(path, value, isPathSegmentName(value)) : [required(path, detail)];
}

export function validateReference(
  reference: Readonly<ObjectReference> | undefined,
  path: FieldPath,
  rules: ReferenceRules,
): FieldErrors {
  const { kind, name, apiVersion = '' } = reference ?? {};
  const errors = [...validatePathSegment(kind, path.child('kind')), ...validatePathSegment(name, path.child('name'))];
  const error = apiVersionError(apiVersion, rules);
  if (error !== undefined) errors.push(invalid(path.child('apiVersion'), apiVersion, error));
  return errors;
}

function validateIdentifier(metric: Readonly<MetricIdentifier> | undefined, path: FieldPath): FieldErrors {
  return validatePathSegment(metric?.name, path.child('name'), 'must specify a metric name');
}

const targetTypes = ['Utilization', 'Value', 'AverageValue'];

function validateTarget(target: Readonly<MetricTarget> | undefined, path: FieldPath): FieldErrors {
  const { type = '', value, averageValue, averageUtilization } = target ?? {};
  const errors: FieldErrors = [];
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric target type'));
  if (!targetTypes.includes(type)) {
    errors.push(invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [name, quantity] of Object.entries({ value, averageValue })) {
    if (quantity === undefined || parseQuantity(String(quantity)).sign() === 1) continue;
    errors.push(invalid(path.child(name), quantity, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

function validateObject(
  source: NonNullable<MetricSpec['object']>,
  path: FieldPath,
  rules: ReferenceRules,
): FieldErrors {
  const { target } = source;
  const errors = [
    ...validateReference(source.describedObject, path.child('describedObject'), rules),
    ...validateIdentifier(source.metric, path.child('metric')),
    ...validateTarget(target, path.child('target')),
  ];
  if (target?.value === undefined && target?.averageValue === undefined) {
    const text = 'must set either a target value or averageValue';
    errors.push(required(path.child('target', 'averageValue'), text));
  }
  return errors;
}

function validateExternal(source: NonNullable<MetricSpec['external']>, path: FieldPath): FieldErrors {
  const { value, averageValue } = source.target ?? {};
  const errors = [
    ...validateIdentifier(source.metric, path.child('metric')),
    ...validateTarget(source.target, path.child('target')),
  ];
  if (value === undefined && averageValue === undefined) {
    const text = 'must set either a target value for metric or a per-pod target';
    errors.push(required(path.child('target', 'averageValue'), text));
  }
  if (value !== undefined && averageValue !== undefined) {
    const text = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbidden(path.child('target', 'value'), text));
  }
  return errors;
}

function validatePods(source: NonNullable<MetricSpec['pods']>, path: FieldPath): FieldErrors {
  const errors = [
    ...validateIdentifier(source.metric, path.child('metric')),
    ...validateTarget(source.target, path.child('target')),
  ];
  if (source.target?.averageValue === undefined) {
    errors.push(required(path.child('target', 'averageValue'), 'must specify a positive target averageValue'));
  }
  return errors;
}

function validateUsage(target: Readonly<MetricTarget> | undefined, path: FieldPath): FieldErrors {
  const { averageUtilization, averageValue } = target ?? {};
  const errors = validateTarget(target, path);
  if (averageUtilization === undefined && averageValue === undefined) {
    const text = 'must set either a target raw value or a target utilization';
    errors.push(required(path.child('averageUtilization'), text));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const text = 'may not set both a target raw value and a target utilization';
    errors.push(forbidden(path.child('averageValue'), text));
  }
  return errors;
}

function validateResource(source: NonNullable<MetricSpec['resource']>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = source.name ? [] : [required(path.child('name'), 'must specify a resource name')];
  return [...errors, ...validateUsage(source.target, path.child('target'))];
}

function validateContainerResource(source: NonNullable<MetricSpec['containerResource']>, path: FieldPath): FieldErrors {
  const { name, container } = source;
  const errors: FieldErrors = [];
  if (name) validateContainerResourceName(name, path.child('name'), errors);
  else errors.push(required(path.child('name'), 'must specify a resource name'));
  if (container) errors.push(...dns1123LabelErrors(container, path.child('container')));
  else errors.push(required(path.child('container'), 'must specify a container'));
  return [...errors, ...validateUsage(source.target, path.child('target'))];
}

const fieldOfType: Readonly<Record<string, keyof MetricSpec>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const metricTypes = Object.keys(fieldOfType);

/** Errors of the first source given, as upstream: a second one is refused anyway. */
function validateSource(metric: Readonly<MetricSpec>, path: FieldPath, rules: ReferenceRules): FieldErrors {
  const { object, external, pods, resource, containerResource } = metric;
  if (object !== undefined) return validateObject(object, path.child('object'), rules);
  if (external !== undefined) return validateExternal(external, path.child('external'));
  if (pods !== undefined) return validatePods(pods, path.child('pods'));
  if (resource !== undefined) return validateResource(resource, path.child('resource'));
  if (containerResource === undefined) return [];
  return validateContainerResource(containerResource, path.child('containerResource'));
}

export function validateMetric(metric: Readonly<MetricSpec>, path: FieldPath, rules: ReferenceRules): FieldErrors {
  const type = metric.type ?? '';
  const typePath = path.child('type');
  const expected = fieldOfType[type];
  const errors: FieldErrors = type === '' ? [required(typePath, 'must specify a metric source type')] : [];
  if (expected === undefined) errors.push(notSupported(typePath, type, metricTypes));
  errors.push(...validateSource(metric, path, rules));
  if (expected === undefined) {
    // Said twice upstream.
    errors.push(notSupported(typePath, type, metricTypes));
  } else if (metric[expected] === undefined) {
    errors.push(required(path.child(expected), 'must populate information for the given metric source'));
  }
  const present = Object.values(fieldOfType).filter((field) => metric[field] !== undefined);
  if (present.length === 1) return errors;
  const others = present.filter((field) => field !== expected);
  return [
    ...errors,
    ...others.map((field) => forbidden(path.child(field), 'must populate the given metric source only')),
  ];
}
