import {
  duplicate,
  type FieldErrors,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { defaultMatchResources, validateMatchResources, validateMutatingOperations } from './match-resources.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

export type ValidatingAdmissionPolicyBinding =
  Api<'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding'>;
export type MutatingAdmissionPolicyBinding = Api<'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding'>;
type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;
type ParamRef = Api<'io.k8s.api.admissionregistration.v1.ParamRef'>;

const specPath = FieldPath.of('spec');

function validateParamRef(reference: Readonly<ParamRef> | undefined, path: FieldPath): FieldErrors {
  if (reference === undefined) return [];
  const { name = '', selector, parameterNotFoundAction: action = '' } = reference;
  const errors: FieldErrors = [];
  if (name !== '') {
    for (const message of isPathSegmentName(name)) errors.push(invalid(path.child('name'), name, message));
    if (selector !== undefined) errors.push(forbidden(path.child('name'), 'name and selector are mutually exclusive'));
  }
  if (selector !== undefined) {
    errors.push(...validateLabelSelector(selector, {}, path.child('selector')));
    if (name !== '') errors.push(forbidden(path.child('selector'), 'name and selector are mutually exclusive'));
  }
  if (name === '' && selector === undefined) errors.push(required(path, 'one of name or selector must be specified'));
  const actions = ['Deny', 'Allow'];
  if (action === '') errors.push(required(path.child('parameterNotFoundAction')));
  else if (!actions.includes(action)) errors.push(notSupported(path.child('parameterNotFoundAction'), action, actions));
  return errors;
}

function validatePolicyName(name: string): FieldErrors {
  const path = specPath.child('policyName');
  return name === ''
    ? [required(path)]
    : nameIsDNSSubdomain(name, false).map((message) => invalid(path, name, message));
}

function validateActions(actions: readonly string[], path: FieldPath): FieldErrors {
  const known = ['Audit', 'Deny', 'Warn'];
  const errors = actions.flatMap((action, i) => [
    ...(known.includes(action) ? [] : [notSupported(path.index(i), action, known)]),
    ...(actions.indexOf(action) < i ? [duplicate(path.index(i), action)] : []),
  ]);
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why = 'repeating the same validation failure information in the API response and headers serves no purpose';
    errors.push(invalid(path, actions, `must not contain both Deny and Warn (${why})`));
  }
  if (actions.length === 0) errors.push(required(path, 'at least one validation action is required'));
  return errors;
}

function bindingStrategy<T extends Binding>(plural: string, rest: (binding: Readonly<T>) => FieldErrors): Strategy<T> {
  const validate = (binding: Readonly<T>): FieldErrors => [
    ...validatePolicyName(binding.spec?.policyName ?? ''),
    ...validateParamRef(binding.spec?.paramRef, specPath.child('paramRef')),
    ...validateMatchResources(binding.spec?.matchResources, specPath.child('matchResources')),
    ...rest(binding),
  ];
  return {
    resource: `${plural}.admissionregistration.k8s.io`,
    allowUnconditionalUpdate: false,
    generation: true,
    applyDefaults: (binding) => defaultMatchResources(binding.spec?.matchResources),
    validateCreate: validate,
    validateUpdate: validate,
    warningsOnCreate: staticSuffixWarnings,
    warningsOnUpdate: staticSuffixWarnings,
  };
}

export const validatingAdmissionPolicyBindings = bindingStrategy<ValidatingAdmissionPolicyBinding>(
  'validatingadmissionpolicybindings',
  (binding) => validateActions(binding.spec?.validationActions ?? [], specPath.child('validationActions')),
);

export const mutatingAdmissionPolicyBindings = bindingStrategy<MutatingAdmissionPolicyBinding>(
  'mutatingadmissionpolicybindings',
  (binding) => validateMutatingOperations(binding.spec?.matchResources, specPath.child('matchResources')),
);
