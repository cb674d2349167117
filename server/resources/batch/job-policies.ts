import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { invalidWithoutValue, nonnegative } from '../apps/workload-validation.ts';
import { qualifiedNameErrors } from '../core/field-checks.ts';
import { countIndexes, IndexesError } from './job-indexes.ts';

export type JobSpec = Api<'io.k8s.api.batch.v1.JobSpec'>;
type FailurePolicy = Api<'io.k8s.api.batch.v1.PodFailurePolicy'>;
type FailureRule = Api<'io.k8s.api.batch.v1.PodFailurePolicyRule'>;
type OnExitCodes = Api<'io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement'>;
type OnPodCondition = Api<'io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern'>;
type SuccessPolicy = Api<'io.k8s.api.batch.v1.SuccessPolicy'>;
type SuccessRule = Api<'io.k8s.api.batch.v1.SuccessPolicyRule'>;

const maxRules = 20;
const maxConditionPatterns = 20;
const maxExitCodes = 255;
const maxIndexesLength = 64 * 1024;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

const validValues = (values: readonly string[]): string =>
  `valid values: [${values.map((v) => JSON.stringify(v)).join(' ')}]`;

function validateOneOf(value: string | undefined, path: FieldPath, values: readonly string[]): FieldErrors {
  if (!value) return [required(path, validValues(values))];
  return values.includes(value) ? [] : [notSupported(path, value, values)];
}

function validateConditions(patterns: readonly OnPodCondition[], path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (patterns.length > maxConditionPatterns) errors.push(tooMany(path, patterns.length, maxConditionPatterns));
  patterns.forEach(({ type = '', status }, i) => {
    errors.push(...qualifiedNameErrors(type, path.index(i).child('type')));
    errors.push(...validateOneOf(status, path.index(i).child('status'), statuses));
  });
  return errors;
}

function validateExitCodes(
  exitCodes: Readonly<OnExitCodes>,
  path: FieldPath,
  containers: ReadonlySet<string>,
): FieldErrors {
  const { operator, containerName, values = [] } = exitCodes;
  const errors = validateOneOf(operator, path.child('operator'), operators);
  if (containerName !== undefined && !containers.has(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(path.child('containerName'), containerName, text));
  }
  const valuesPath = path.child('values');
  if (values.length === 0) errors.push(invalid(valuesPath, exitCodes.values, 'at least one value is required'));
  else if (values.length > maxExitCodes) errors.push(tooMany(valuesPath, values.length, maxExitCodes));
  const seen = new Set<number>();
  values.forEach((value, i) => {
    if (operator === 'In' && value === 0)
      errors.push(invalid(valuesPath.index(i), value, 'must not be 0 for the In operator'));
    if (seen.has(value)) errors.push(duplicate(valuesPath.index(i), value));
    seen.add(value);
  });
  const isOrdered = values.every((value, i) => i === 0 || (values[i - 1] ?? value) <= value);
  if (!isOrdered) errors.push(invalid(valuesPath, values, 'must be ordered'));
  return errors;
}

function validateAction(action: string | undefined, spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  if (action !== 'FailIndex') return validateOneOf(action, path, actions);
  return spec.backoffLimitPerIndex === undefined
    ? [invalid(path, action, 'requires the backoffLimitPerIndex to be set')]
    : [];
}

function validateFailureRule(rule: Readonly<FailureRule>, spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const { onExitCodes, onPodConditions = [] } = rule;
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name = '' }) => name));
  const errors = validateAction(rule.action, spec, path.child('action'));
  if (onExitCodes !== undefined) errors.push(...validateExitCodes(onExitCodes, path.child('onExitCodes'), names));
  errors.push(...validateConditions(onPodConditions, path.child('onPodConditions')));
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    errors.push(invalidWithoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    errors.push(invalidWithoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

export function validateFailurePolicy(spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const errors = rules.length > maxRules ? [tooMany(path, rules.length, maxRules)] : [];
  return [...errors, ...rules.flatMap((rule, i) => validateFailureRule(rule, spec, path.index(i)))];
}

function validateSuccessRule(rule: Readonly<SuccessRule>, completions: number, path: FieldPath): FieldErrors {
  const { succeededCount, succeededIndexes } = rule;
  const errors: FieldErrors = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (succeededIndexes !== undefined) {
    const indexesPath = path.child('succeededIndexes');
    if (succeededIndexes.length > maxIndexesLength) errors.push(tooLong(indexesPath, maxIndexesLength));
    try {
      total = countIndexes(succeededIndexes, completions);
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error;
      errors.push(invalid(indexesPath, succeededIndexes, `error parsing succeededIndexes: ${error.message}`));
    }
  }
  if (succeededCount === undefined) return errors;
  const countPath = path.child('succeededCount');
  const atMost = (max: number, what: string): string => `must be less than or equal to ${max} (the number of ${what})`;
  errors.push(...nonnegative(succeededCount, countPath));
  if (succeededCount > completions) {
    errors.push(invalid(countPath, succeededCount, atMost(completions, 'specified completions')));
  }
  if (succeededIndexes !== undefined && succeededCount > total) {
    const what = 'indexes in the specified succeededIndexes field';
    errors.push(invalid(countPath, succeededCount, atMost(total, what)));
  }
  return errors;
}

export function validateSuccessPolicy(spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const rules = spec.successPolicy?.rules ?? [];
  const errors: FieldErrors = [];
  if (rules.length === 0) {
    errors.push(required(path, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > maxRules) errors.push(tooMany(path, rules.length, maxRules));
  // Without completions upstream has reported that already, and cannot go on.
  const completions = spec.completions ?? 0;
  return [...errors, ...rules.flatMap((rule, i) => validateSuccessRule(rule, completions, path.index(i)))];
}

/** How upstream prints the policies. */
export function printedFailurePolicy(policy: Readonly<FailurePolicy> | undefined): unknown {
  if (policy === undefined) return null;
  return {
    Rules: (policy.rules ?? []).map(({ action = '', onExitCodes, onPodConditions }) => ({
      Action: action,
      OnExitCodes:
        onExitCodes === undefined
          ? null
          : {
              ContainerName: onExitCodes.containerName ?? null,
              Operator: onExitCodes.operator ?? '',
              Values: onExitCodes.values ?? null,
            },
      OnPodConditions: onPodConditions?.map(({ type = '', status = '' }) => ({ Type: type, Status: status })) ?? null,
    })),
  };
}

export function printedSuccessPolicy(policy: Readonly<SuccessPolicy> | undefined): unknown {
  if (policy === undefined) return null;
  return {
    Rules:
      policy.rules?.map(({ succeededIndexes, succeededCount }) => ({
        SucceededIndexes: succeededIndexes ?? null,
        SucceededCount: succeededCount ?? null,
      })) ?? null,
  };
}
