import { type FieldErrors, FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { isValidLabelValue, nameIsDNSLabel, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelName, validateLabelSelector } from '../../../api/validation/labels.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { LabelSelector } from './pod-types.ts';

type Affinity = Api<'io.k8s.api.core.v1.Affinity'>;
type NodeSelector = Api<'io.k8s.api.core.v1.NodeSelector'>;
type NodeSelectorTerm = Api<'io.k8s.api.core.v1.NodeSelectorTerm'>;
type Requirement = Api<'io.k8s.api.core.v1.NodeSelectorRequirement'>;
type PodAffinityTerm = Api<'io.k8s.api.core.v1.PodAffinityTerm'>;
type PodAffinity = Api<'io.k8s.api.core.v1.PodAffinity'>;

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution';
const weightRange = 'must be in the range 1-100';

export function validateAffinity(
  affinity: Readonly<Affinity>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  if (nodeAffinity !== undefined) {
    const nodePath = path.child('nodeAffinity');
    const must = nodeAffinity[requiredField];
    if (must !== undefined) {
      const allowInvalid = options.allowInvalidLabelValueInNodeAffinity === true;
      errors.push(...validateNodeSelector(must, nodePath.child(requiredField), allowInvalid));
    }
    for (const [i, { weight = 0, preference = {} }] of (nodeAffinity[preferredField] ?? []).entries()) {
      const at = nodePath.child(preferredField).index(i);
      if (weight <= 0 || weight > 100) errors.push(invalid(at.child('weight'), weight, weightRange));
      validateNodeSelectorTerm(preference, at.child('preference'), errors, true);
    }
  }
  if (podAffinity !== undefined) validatePodAffinity(podAffinity, path.child('podAffinity'), errors, options);
  if (podAntiAffinity !== undefined)
    validatePodAffinity(podAntiAffinity, path.child('podAntiAffinity'), errors, options);
}

/** Terms over the labels and the name of a node: pods, persistent volumes, resource slices. */
export function validateNodeSelector(
  selector: Readonly<NodeSelector>,
  path: FieldPath,
  allowInvalidLabelValues = false,
): FieldErrors {
  const { nodeSelectorTerms: terms = [] } = selector;
  const termsPath = path.child('nodeSelectorTerms');
  if (terms.length === 0) return [required(termsPath, 'must have at least one node selector term')];
  const errors: FieldErrors = [];
  for (const [i, term] of terms.entries())
    validateNodeSelectorTerm(term, termsPath.index(i), errors, allowInvalidLabelValues);
  return errors;
}

function validateNodeSelectorTerm(
  term: Readonly<NodeSelectorTerm>,
  path: FieldPath,
  errors: FieldErrors,
  allowInvalidLabelValues: boolean,
): void {
  for (const [i, requirement] of (term.matchExpressions ?? []).entries()) {
    validateRequirement(requirement, path.child('matchExpressions').index(i), errors, allowInvalidLabelValues);
  }
  for (const [i, requirement] of (term.matchFields ?? []).entries()) {
    validateFieldRequirement(requirement, path.child('matchFields').index(i), errors);
  }
}

function validateRequirement(
  requirement: Readonly<Requirement>,
  path: FieldPath,
  errors: FieldErrors,
  allowInvalidLabelValues: boolean,
): void {
  const { key = '', operator = '', values = [] } = requirement;
  const problem = countProblem(operator, values.length, path.child('values'));
  if (problem === 'unknown') errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  else if (problem !== undefined) errors.push(problem);
  errors.push(...validateLabelName(key, path.child('key')));
  if (allowInvalidLabelValues) return;
  for (const [i, value] of values.entries()) {
    for (const message of isValidLabelValue(value)) errors.push(invalid(path.child('values').index(i), value, message));
  }
}

function countProblem(operator: string, count: number, path: FieldPath): FieldErrors[number] | 'unknown' | undefined {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count === 0 ? required(path, "must be specified when `operator` is 'In' or 'NotIn'") : undefined;
    case 'Exists':
    case 'DoesNotExist':
      return count > 0
        ? forbidden(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        : undefined;
    case 'Gt':
    case 'Lt':
      return count === 1 ? undefined : required(path, "must be specified single value when `operator` is 'Lt' or 'Gt'");
    default:
      return 'unknown';
  }
}

/** metadata.name is the only field of a node that can be selected. */
function validateFieldRequirement(requirement: Readonly<Requirement>, path: FieldPath, errors: FieldErrors): void {
  const { key = '', operator = '', values = [] } = requirement;
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(path.child('values'), detail));
  }
  if (key !== 'metadata.name') {
    errors.push(invalid(path.child('key'), key, 'not a valid field selector key'));
    return;
  }
  for (const [i, value] of values.entries()) {
    for (const message of nameIsDNSSubdomain(value, false))
      errors.push(invalid(path.child('values').index(i), value, message));
  }
}

function validatePodAffinity(
  affinity: Readonly<PodAffinity>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  for (const [i, term] of (affinity[requiredField] ?? []).entries()) {
    validatePodAffinityTerm(term, path.child(requiredField).index(i), errors, options);
  }
  for (const [i, { weight = 0, podAffinityTerm = {} }] of (affinity[preferredField] ?? []).entries()) {
    const at = path.child(preferredField).index(i);
    if (weight <= 0 || weight > 100) errors.push(invalid(at.child('weight'), weight, weightRange));
    validatePodAffinityTerm(podAffinityTerm, at.child('podAffinityTerm'), errors, options);
  }
}

function validatePodAffinityTerm(
  term: Readonly<PodAffinityTerm>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  validateTermSelectors(term, path, errors, options.allowInvalidLabelValueInSelector === true);
  for (const namespace of term.namespaces ?? []) {
    for (const message of nameIsDNSLabel(namespace, false))
      errors.push(invalid(path.child('namespace'), namespace, message));
  }
  validateMatchLabelKeys(term, path, errors);
  const { topologyKey = '' } = term;
  if (topologyKey === '') errors.push(required(path.child('topologyKey'), 'can not be empty'));
  errors.push(...validateLabelName(topologyKey, path.child('topologyKey')));
}

function validateTermSelectors(
  term: Readonly<PodAffinityTerm>,
  path: FieldPath,
  errors: FieldErrors,
  allowInvalid: boolean,
): void {
  const selectorOptions = { allowInvalidLabelValueInSelector: allowInvalid };
  errors.push(...validateLabelSelector(term.labelSelector, selectorOptions, path.child('labelSelector')));
  errors.push(...validateLabelSelector(term.namespaceSelector, selectorOptions, path.child('namespaceSelector')));
}

/** Whether selectors of an affinity hold values that are no label values. */
export function hasInvalidTermSelector(affinity: Readonly<PodAffinity> | undefined): boolean {
  const weighted = (affinity?.[preferredField] ?? []).map(({ podAffinityTerm = {} }) => podAffinityTerm);
  const errors: FieldErrors = [];
  for (const term of [...(affinity?.[requiredField] ?? []), ...weighted]) {
    validateTermSelectors(term, FieldPath.of('term'), errors, false);
  }
  return errors.length > 0;
}

/** matchLabelKeys and mismatchLabelKeys of an affinity term or a spread constraint. */
export function validateMatchLabelKeys(
  term: {
    readonly matchLabelKeys?: string[];
    readonly mismatchLabelKeys?: string[];
    readonly labelSelector?: LabelSelector;
  },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  validateLabelKeys(matchLabelKeys, labelSelector, path.child('matchLabelKeys'), errors);
  validateLabelKeys(mismatchLabelKeys, labelSelector, path.child('mismatchLabelKeys'), errors);
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key = '' } of labelSelector?.matchExpressions ?? []) {
    const i = matchLabelKeys.lastIndexOf(key);
    // The server merges the keys into the selector, where each may stand once.
    if (i >= 0 && selected.has(key))
      errors.push(invalid(path.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
    selected.add(key);
  }
  for (const [i, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue;
    errors.push(
      invalid(path.child('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
    );
  }
}

function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (keys.length === 0) return;
  if (selector === undefined) errors.push(forbidden(path, 'must not be specified when labelSelector is not set'));
  else for (const [i, key] of keys.entries()) errors.push(...validateLabelName(key, path.index(i)));
}
