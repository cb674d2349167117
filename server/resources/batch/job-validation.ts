import { type FieldErrors, FieldPath, invalid, notSupported, required, tooLong } from '../../../api/field-error.ts';
import { isDNS1123Label, isDomainPrefixedPath } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../../../api/validation/labels.ts';
import { validateTemplate } from '../apps/replica-template.ts';
import {
  nonnegative,
  printedSelector,
  selectorMismatch,
  selectsLabels,
  sortedMap,
} from '../apps/workload-validation.ts';
import type { PodTemplateSpec } from '../core/pod-template.ts';
import { type JobSpec, printedSuccessPolicy, validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts';

export type Job = Api<'io.k8s.api.batch.v1.Job'>;

const specPath = FieldPath.of('spec');

export const jobLabels = {
  controllerUid: 'batch.kubernetes.io/controller-uid',
  jobName: 'batch.kubernetes.io/job-name',
  legacyControllerUid: 'controller-uid',
  legacyJobName: 'job-name',
} as const;

const maxIndexed = 100_000;
const manyCompletions = 100_000;
const maxParallelismOfMany = 10_000;
const maxFailedIndexesOfMany = 10_000;
const maxManagedByLength = 63;

const countFields = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

function validateManagedBy(managedBy: string | undefined, path: FieldPath): FieldErrors {
  if (managedBy === undefined) return [];
  const errors = isDomainPrefixedPath(path, managedBy);
  return managedBy.length > maxManagedByLength ? [...errors, tooLong(path, maxManagedByLength)] : errors;
}

function validateIndexed(spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const { completions, parallelism = 0, maxFailedIndexes } = spec;
  const errors: FieldErrors = [];
  const atMost = (field: 'parallelism' | 'maxFailedIndexes', max: number, why = ''): void => {
    const value = spec[field];
    if (value !== undefined && value > max) {
      errors.push(invalid(path.child(field), value, `must be less than or equal to ${max}${why}`));
    }
  };
  if (completions === undefined) errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  if (parallelism > maxIndexed) atMost('parallelism', maxIndexed, ' when completion mode is Indexed');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(path.child('maxFailedIndexes'), maxFailedIndexes, 'must be less than or equal to completions'));
  }
  atMost('maxFailedIndexes', maxIndexed);
  if (completions === undefined || completions <= manyCompletions || spec.backoffLimitPerIndex === undefined)
    return errors;
  if (maxFailedIndexes === undefined) {
    errors.push(
      required(path.child('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`),
    );
  }
  const why = ` when completions are above ${manyCompletions} and used with backoff limit per index`;
  atMost('parallelism', maxParallelismOfMany, why);
  atMost('maxFailedIndexes', maxFailedIndexesOfMany, why);
  return errors;
}

function validateCompletionMode(spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const { completionMode = 'NonIndexed', backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completionMode === 'Indexed') return validateIndexed(spec, path);
  if (completionMode !== 'NonIndexed') {
    return [notSupported(path.child('completionMode'), completionMode, ['NonIndexed', 'Indexed'])];
  }
  return Object.entries({ backoffLimitPerIndex, maxFailedIndexes }).flatMap(([field, value]) =>
    value === undefined ? [] : [invalid(path.child(field), value, 'requires indexed completion mode')],
  );
}

function validateReplacement(spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return [];
  const supported = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return supported.includes(policy) ? [] : [notSupported(path, policy, supported)];
}

function validateRestartPolicy(spec: Readonly<JobSpec>, path: FieldPath): FieldErrors {
  const policy = spec.template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])];
  return spec.podFailurePolicy !== undefined && policy !== 'Never'
    ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

/** A job's spec or that of a cron job's template: everything but the selector, which the server generates. */
export function validateJobFields(
  spec: Readonly<JobSpec>,
  path: FieldPath,
  oldTemplate?: Readonly<PodTemplateSpec>,
): FieldErrors {
  const errors = countFields.flatMap((field) => nonnegative(spec[field], path.child(field)));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  errors.push(...validateManagedBy(spec.managedBy, path.child('managedBy')), ...validateCompletionMode(spec, path));
  if (spec.podFailurePolicy !== undefined) {
    errors.push(...validateFailurePolicy(spec, path.child('podFailurePolicy', 'rules')));
  }
  if (spec.successPolicy !== undefined) {
    const policyPath = path.child('successPolicy');
    errors.push(
      ...(spec.completionMode === 'Indexed'
        ? validateSuccessPolicy(spec, policyPath.child('rules'))
        : [invalid(policyPath, printedSuccessPolicy(spec.successPolicy), 'requires indexed completion mode')]),
    );
  }
  return [
    ...errors,
    ...validateReplacement(spec, path.child('podReplacementPolicy')),
    ...validateTemplate(spec.template ?? {}, oldTemplate, path.child('template')),
    ...validateRestartPolicy(spec, path.child('template', 'spec', 'restartPolicy')),
  ];
}

function validateHasLabel(template: Readonly<PodTemplateSpec>, key: string, expected: string): FieldErrors {
  const labels = template.metadata?.labels;
  const path = specPath.child('template', 'metadata', 'labels').key(key);
  const value = labels?.[key];
  if (value === undefined) return [required(path, `must be '${expected}'`)];
  return value === expected ? [] : [invalid(path, sortedMap(labels), `must be '${expected}'`)];
}

/** A selector that the server made selects what the server labelled, and nothing else. */
function validateGeneratedSelector(job: Readonly<Job>, requirePrefixedLabels: boolean): FieldErrors {
  const { spec = {}, metadata = {} } = job;
  if (spec.manualSelector || spec.selector === undefined) return [];
  const { uid = '', name = '' } = metadata;
  const legacy = { [jobLabels.legacyControllerUid]: uid, [jobLabels.legacyJobName]: name };
  const prefixed: Record<string, string> = requirePrefixedLabels
    ? { [jobLabels.controllerUid]: uid, [jobLabels.jobName]: name }
    : {};
  const expected = { ...legacy, ...prefixed };
  const errors: FieldErrors = uid === '' ? [required(FieldPath.of('metadata', 'uid'))] : [];
  for (const [key, value] of Object.entries(expected))
    errors.push(...validateHasLabel(spec.template ?? {}, key, value));
  const selectorPath = specPath.child('selector');
  if (validateLabelSelector(spec.selector, {}, selectorPath).length > 0) return errors;
  if (!labelSelectorMatcher(spec.selector).matches(expected)) {
    errors.push(invalid(selectorPath, printedSelector(spec.selector), '`selector` not auto-generated'));
  }
  return errors;
}

export function validateJobSpec(spec: Readonly<JobSpec>, old: Readonly<JobSpec> | undefined): FieldErrors {
  const selectorPath = specPath.child('selector');
  const oldTemplate = old === undefined ? undefined : (old.template ?? {});
  const options = { allowInvalidLabelValueInSelector: hasInvalidLabelValue(old?.selector) };
  const errors = validateJobFields(spec, specPath, oldTemplate);
  errors.push(
    ...(spec.selector === undefined
      ? [required(selectorPath)]
      : validateLabelSelector(spec.selector, options, selectorPath)),
  );
  const template = spec.template ?? {};
  if (selectsLabels(spec.selector, template.metadata?.labels, selectorPath) === false) {
    errors.push(...selectorMismatch(template, specPath.child('template')));
  }
  return errors;
}

/** Hosts of an indexed job's pods are named after its last index. */
function validateHostNames(job: Readonly<Job>): FieldErrors {
  const { completionMode, completions = 0 } = job.spec ?? {};
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  const name = job.metadata?.name ?? '';
  const hostName = `${name}-${completions - 1}`;
  if (isDNS1123Label(hostName).length === 0) return [];
  const text = `will not able to create pod with invalid DNS label: ${hostName}`;
  return [invalid(FieldPath.of('metadata', 'name'), name, text)];
}

export function validateJob(job: Readonly<Job>, old?: Readonly<Job>): FieldErrors {
  const oldLabels = old?.spec?.template?.metadata?.labels;
  const requirePrefixedLabels =
    old === undefined ||
    (oldLabels?.[jobLabels.jobName] !== undefined && oldLabels[jobLabels.controllerUid] !== undefined);
  return [
    ...validateGeneratedSelector(job, requirePrefixedLabels),
    ...validateJobSpec(job.spec ?? {}, old?.spec),
    ...validateHostNames(job),
  ];
}
