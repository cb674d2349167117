import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { type ExpressionCheck, expressionsOf, validateMatchConditions, validateVariables } from './expressions.ts';
import {
  defaultMatchResources,
  validateMatchConstraints,
  validateMutatingOperations,
  validateParamKind,
} from './match-resources.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

export type MutatingAdmissionPolicy = Api<'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy'>;
type Spec = NonNullable<MutatingAdmissionPolicy['spec']>;
type Mutation = NonNullable<Spec['mutations']>[number];

const specPath = FieldPath.of('spec');

/** Patch type: its field and the other's. */
const patchFields = {
  JSONPatch: ['jsonPatch', 'applyConfiguration'],
  ApplyConfiguration: ['applyConfiguration', 'jsonPatch'],
} as const;

function isPatchType(type: string): type is keyof typeof patchFields {
  return Object.hasOwn(patchFields, type);
}

function validateMutation(
  mutation: Readonly<Mutation>,
  spec: Readonly<Spec>,
  check: ExpressionCheck,
  path: FieldPath,
): FieldErrors {
  const { patchType = '' } = mutation;
  if (patchType === '') return [required(path.child('patchType'))];
  if (!isPatchType(patchType))
    return [notSupported(path.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch'])];
  const [field, other] = patchFields[patchType];
  const errors: FieldErrors = [];
  const patch = mutation[field];
  const at = path.child(field, 'expression');
  const expression = patch?.expression?.trim() ?? '';
  if (patch === undefined) errors.push(required(path.child(field), `must be specified when patchType is ${patchType}`));
  else if (expression === '') errors.push(required(at));
  else {
    const hasParams = spec.paramKind !== undefined;
    errors.push(
      ...check(
        expression,
        { kind: field, hasParams, hasAuthorizer: true, variables: spec.variables ?? [], stored: false },
        at,
      ),
    );
  }
  if (mutation[other] !== undefined)
    errors.push(invalid(path.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`));
  return errors;
}

function validateSpec(spec: Readonly<Spec>, old: Readonly<Spec> | undefined, check: ExpressionCheck): FieldErrors {
  const { failurePolicy, paramKind, matchConstraints, mutations = [], reinvocationPolicy = '' } = spec;
  const errors: FieldErrors = [];
  const policies = ['Fail', 'Ignore'];
  if (failurePolicy === undefined) errors.push(required(specPath.child('failurePolicy')));
  else if (!policies.includes(failurePolicy))
    errors.push(notSupported(specPath.child('failurePolicy'), failurePolicy, policies));
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, specPath.child('paramKind')));
  errors.push(
    ...validateMatchConstraints(matchConstraints, specPath.child('matchConstraints')),
    ...validateMutatingOperations(matchConstraints, specPath.child('matchConstraints')),
  );
  const options = { check, hasParams: paramKind !== undefined, storedExpressions: expressionsOf(old?.matchConditions) };
  const unchanged =
    old !== undefined &&
    semanticEqual(old.paramKind, paramKind) &&
    semanticEqual(old.matchConditions, spec.matchConditions);
  if (!unchanged)
    errors.push(...validateMatchConditions(spec.matchConditions, options, specPath.child('matchConditions')));
  errors.push(
    ...validateVariables(spec.variables, { ...options, storedExpressions: new Set() }, specPath.child('variables')),
  );
  if (mutations.length === 0)
    errors.push(required(specPath.child('mutations'), 'mutations must contain at least one item'));
  errors.push(
    ...mutations.flatMap((each, i) => validateMutation(each, spec, check, specPath.child('mutations').index(i))),
  );
  const reinvocations = ['IfNeeded', 'Never'];
  const at = specPath.child('reinvocationPolicy');
  if (reinvocationPolicy === '') errors.push(required(at));
  else if (!reinvocations.includes(reinvocationPolicy))
    errors.push(notSupported(at, reinvocationPolicy, reinvocations));
  return errors;
}

export function mutatingAdmissionPolicies(check: ExpressionCheck): Strategy<MutatingAdmissionPolicy> {
  return {
    resource: 'mutatingadmissionpolicies.admissionregistration.k8s.io',
    allowUnconditionalUpdate: false,
    generation: true,
    applyDefaults(policy) {
      policy.spec ??= {};
      policy.spec.failurePolicy ??= 'Fail';
      defaultMatchResources(policy.spec.matchConstraints);
    },
    validateCreate: (policy) => validateSpec(policy.spec ?? {}, undefined, check),
    validateUpdate: (policy, old) => validateSpec(policy.spec ?? {}, old.spec, check),
    warningsOnCreate: staticSuffixWarnings,
    warningsOnUpdate: staticSuffixWarnings,
  };
}
