import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { nonnegativeQuantityErrors } from '../core/field-checks.ts';
import type { HorizontalPodAutoscaler, ScalingRules } from './hpa-defaults.ts';
import { apiVersionError, type ReferenceRules, validateMetric, validateReference } from './hpa-metrics-validation.ts';

type ScalingPolicy = Api<'io.k8s.api.autoscaling.v2.HPAScalingPolicy'>;
type AutoscalerSpec = Api<'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec'>;

const specPath = FieldPath.of('spec');
const maxPeriodSeconds = 1800;
const maxWindowSeconds = 3600;
const selectPolicies = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];

function validatePolicy(policy: Readonly<ScalingPolicy>, path: FieldPath): FieldErrors {
  const { type = '', value = 0, periodSeconds = 0 } = policy;
  const errors: FieldErrors = policyTypes.includes(type) ? [] : [notSupported(path.child('type'), type, policyTypes)];
  if (value <= 0) errors.push(invalid(path.child('value'), value, 'must be greater than zero'));
  const periodPath = path.child('periodSeconds');
  if (periodSeconds <= 0) errors.push(invalid(periodPath, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > maxPeriodSeconds) {
    errors.push(invalid(periodPath, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`));
  }
  return errors;
}

function validateRules(rules: Readonly<ScalingRules> | undefined, path: FieldPath): FieldErrors {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules;
  const windowPath = path.child('stabilizationWindowSeconds');
  const errors: FieldErrors = [];
  if (window < 0) errors.push(invalid(windowPath, window, 'must be greater than or equal to zero'));
  if (window > maxWindowSeconds) {
    errors.push(invalid(windowPath, window, `must be less than or equal to ${maxWindowSeconds}`));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    errors.push(notSupported(path.child('selectPolicy'), selectPolicy, selectPolicies));
  }
  const policiesPath = path.child('policies');
  if (policies.length === 0) errors.push(required(policiesPath, 'must specify at least one Policy'));
  policies.forEach((policy, i) => {
    errors.push(...validatePolicy(policy, policiesPath.index(i)));
  });
  if (tolerance !== undefined) errors.push(...nonnegativeQuantityErrors(String(tolerance), path.child('tolerance')));
  return errors;
}

interface AutoscalerRules {
  readonly minReplicas: number;
  readonly target: ReferenceRules;
  readonly describedObjects: ReferenceRules;
}

/** What the old object had may stay. */
function rulesFor(spec: Readonly<AutoscalerSpec>, old: Readonly<AutoscalerSpec> | undefined): AutoscalerRules {
  const target = spec.scaleTargetRef ?? {};
  const oldTarget = old?.scaleTargetRef;
  const sameTarget =
    old !== undefined && oldTarget?.apiVersion === target.apiVersion && oldTarget?.kind === target.kind;
  const describedObjects = { allowEmptyGroup: true, allowInvalid: false };
  const hadInvalidObject = (old?.metrics ?? []).some(
    ({ type, object }) =>
      type === 'Object' &&
      object !== undefined &&
      apiVersionError(object.describedObject?.apiVersion ?? '', describedObjects) !== undefined,
  );
  return {
    // Scaling to zero is a feature that is off.
    minReplicas: old?.minReplicas === 0 ? 0 : 1,
    target: { allowInvalid: sameTarget, allowEmptyGroup: !sameTarget && target.kind === 'ReplicationController' },
    describedObjects: { ...describedObjects, allowInvalid: hadInvalidObject },
  };
}

function validateReplicas(spec: Readonly<AutoscalerSpec>, lowerBound: number): FieldErrors {
  const { minReplicas, maxReplicas = 0 } = spec;
  const maxPath = specPath.child('maxReplicas');
  const errors: FieldErrors = [];
  if (minReplicas !== undefined && minReplicas < lowerBound) {
    const text = `must be greater than or equal to ${lowerBound}`;
    errors.push(invalid(specPath.child('minReplicas'), minReplicas, text));
  }
  if (maxReplicas === 0) errors.push(required(maxPath, 'must be set and greater than 0'));
  if (maxReplicas < 0) errors.push(invalid(maxPath, maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid(maxPath, maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  return errors;
}

export function validateAutoscaler(
  autoscaler: Readonly<HorizontalPodAutoscaler>,
  old?: Readonly<HorizontalPodAutoscaler>,
): FieldErrors {
  const spec = autoscaler.spec ?? {};
  const rules = rulesFor(spec, old?.spec);
  const metrics = spec.metrics ?? [];
  const metricsPath = specPath.child('metrics');
  const errors = [
    ...validateReplicas(spec, rules.minReplicas),
    ...validateReference(spec.scaleTargetRef, specPath.child('scaleTargetRef'), rules.target),
    ...metrics.flatMap((metric, i) => validateMetric(metric, metricsPath.index(i), rules.describedObjects)),
  ];
  if (spec.minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const text = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbidden(metricsPath, text));
  }
  const behaviorPath = specPath.child('behavior');
  return [
    ...errors,
    ...validateRules(spec.behavior?.scaleUp, behaviorPath.child('scaleUp')),
    ...validateRules(spec.behavior?.scaleDown, behaviorPath.child('scaleDown')),
  ];
}
