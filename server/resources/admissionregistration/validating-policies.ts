import { semanticEqual } from '../../../api/equal.ts';
import { duplicate, type FieldErrors, FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { byteLength, isQualifiedName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateConditions } from '../../../api/validation/conditions.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { keepSpec, keepStatus } from '../core/kept-fields.ts';
import {
  type ExpressionCheck,
  type ExpressionUse,
  expressionsOf,
  validateMatchConditions,
  validateVariables,
} from './expressions.ts';
import { defaultMatchResources, validateMatchConstraints, validateParamKind } from './match-resources.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

export type ValidatingAdmissionPolicy = Api<'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy'>;
type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;
type Validation = Api<'io.k8s.api.admissionregistration.v1.Validation'>;
type AuditAnnotation = Api<'io.k8s.api.admissionregistration.v1.AuditAnnotation'>;

const specPath = FieldPath.of('spec');
const maxAuditAnnotations = 20;
// Less than an annotation may hold: an expression that joins texts often gives more than its own length.
const maxValueExpression = 5 * 1024;

interface ExpressionContext {
  readonly check: ExpressionCheck;
  readonly spec: Readonly<Spec>;
  readonly old: Readonly<Spec> | undefined;
}

function useOf(context: ExpressionContext, kind: ExpressionUse['kind'], stored: boolean): ExpressionUse {
  const { paramKind, variables = [] } = context.spec;
  return { kind, hasParams: paramKind !== undefined, hasAuthorizer: kind !== 'message', variables, stored };
}

function validateValidation(
  validation: Readonly<Validation>,
  context: ExpressionContext,
  path: FieldPath,
): FieldErrors {
  const { expression = '', message = '', messageExpression = '', reason } = validation;
  const { check, old } = context;
  const errors: FieldErrors = [];
  if (expression.trim() === '') errors.push(required(path.child('expression'), 'expression is not specified'));
  else {
    const stored = expressionsOf(old?.validations).has(expression);
    errors.push(...check(expression, useOf(context, 'validation', stored), path.child('expression')));
  }
  const messagePath = path.child('messageExpression');
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalid(messagePath, messageExpression, 'must be non-empty if specified'));
  } else if (messageExpression !== '') {
    const stored = (old?.validations ?? []).some((each) => each.messageExpression === messageExpression);
    errors.push(...check(messageExpression, useOf(context, 'message', stored), messagePath));
  }
  if (message !== '' && message.trim() === '')
    errors.push(invalid(path.child('message'), message, 'must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalid(path.child('message'), message, 'must not contain line breaks'));
  const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
  if (reason !== undefined && !reasons.includes(reason))
    errors.push(notSupported(path.child('reason'), reason, reasons));
  return errors;
}

function validateAuditAnnotation(
  annotation: Readonly<AuditAnnotation>,
  policyName: string,
  context: ExpressionContext,
  path: FieldPath,
): FieldErrors {
  const { key = '', valueExpression = '' } = annotation;
  const errors: FieldErrors = [];
  if (policyName === '') errors.push(invalid(path.child('key'), key, 'requires metadata.name be non-empty'));
  else
    for (const message of isQualifiedName(`${policyName}/${key}`))
      errors.push(invalid(path.child('key'), `${policyName}/${key}`, message));
  const at = path.child('valueExpression');
  const trimmed = valueExpression.trim();
  if (trimmed === '') return [...errors, required(at, 'valueExpression is not specified')];
  if (byteLength(trimmed) > maxValueExpression)
    return [...errors, required(at, `must not exceed ${maxValueExpression} bytes in length`)];
  const stored = (context.old?.auditAnnotations ?? []).some((each) => each.valueExpression === valueExpression);
  return [...errors, ...context.check(trimmed, useOf(context, 'auditAnnotation', stored), at)];
}

function validateAuditAnnotations(policyName: string, context: ExpressionContext): FieldErrors {
  const annotations = context.spec.auditAnnotations ?? [];
  const path = specPath.child('auditAnnotations');
  const errors: FieldErrors = [];
  if (annotations.length > maxAuditAnnotations) {
    const shown = annotations.map(({ key = '', valueExpression = '' }) => ({
      Key: key,
      ValueExpression: valueExpression,
    }));
    errors.push(invalid(path, shown, `must not have more than ${maxAuditAnnotations} auditAnnotations`));
  }
  const seen = new Set<string>();
  for (const [i, annotation] of annotations.entries()) {
    const { key = '' } = annotation;
    errors.push(...validateAuditAnnotation(annotation, policyName, context, path.index(i)));
    if (seen.has(key)) errors.push(duplicate(path.index(i).child('key'), key));
    seen.add(key);
  }
  return errors;
}

function validateSpec(policyName: string, context: ExpressionContext): FieldErrors {
  const { spec, old, check } = context;
  const { failurePolicy, paramKind, matchConstraints, validations = [], auditAnnotations = [] } = spec;
  const errors: FieldErrors = [];
  const policies = ['Fail', 'Ignore'];
  if (failurePolicy === undefined) errors.push(required(specPath.child('failurePolicy')));
  else if (!policies.includes(failurePolicy))
    errors.push(notSupported(specPath.child('failurePolicy'), failurePolicy, policies));
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, specPath.child('paramKind')));
  errors.push(...validateMatchConstraints(matchConstraints, specPath.child('matchConstraints')));
  const options = { check, hasParams: paramKind !== undefined };
  const unchanged =
    old !== undefined &&
    semanticEqual(old.paramKind, paramKind) &&
    semanticEqual(old.matchConditions, spec.matchConditions);
  if (!unchanged) {
    const storedExpressions = expressionsOf(old?.matchConditions);
    errors.push(
      ...validateMatchConditions(
        spec.matchConditions,
        { ...options, storedExpressions },
        specPath.child('matchConditions'),
      ),
    );
  }
  const storedExpressions = expressionsOf(old?.validations);
  errors.push(...validateVariables(spec.variables, { ...options, storedExpressions }, specPath.child('variables')));
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item';
    return [
      ...errors,
      required(specPath.child('validations'), detail),
      required(specPath.child('auditAnnotations'), detail),
    ];
  }
  errors.push(
    ...validations.flatMap((each, i) => validateValidation(each, context, specPath.child('validations').index(i))),
  );
  return [...errors, ...validateAuditAnnotations(policyName, context)];
}

function validateStatus(policy: Readonly<ValidatingAdmissionPolicy>): FieldErrors {
  const path = FieldPath.of('status');
  const warnings = policy.status?.typeChecking?.expressionWarnings ?? [];
  const errors = warnings.flatMap(({ warning = '', fieldRef = '' }, i) => {
    const at = path.child('typeChecking', 'expressionWarnings').index(i);
    return [
      ...(warning === '' ? [required(at.child('warning'))] : []),
      ...(fieldRef.trim() === '' ? [required(at.child('fieldRef'))] : []),
    ];
  });
  return [...errors, ...validateConditions(policy.status?.conditions ?? [], path.child('conditions'))];
}

export function validatingAdmissionPolicies(check: ExpressionCheck): Strategy<ValidatingAdmissionPolicy> {
  const validate = (
    policy: Readonly<ValidatingAdmissionPolicy>,
    old?: Readonly<ValidatingAdmissionPolicy>,
  ): FieldErrors => validateSpec(policy.metadata?.name ?? '', { check, spec: policy.spec ?? {}, old: old?.spec });
  return {
    resource: 'validatingadmissionpolicies.admissionregistration.k8s.io',
    allowUnconditionalUpdate: false,
    generation: true,
    applyDefaults(policy) {
      policy.spec ??= {};
      policy.spec.failurePolicy ??= 'Fail';
      defaultMatchResources(policy.spec.matchConstraints);
    },
    prepareForCreate(policy) {
      policy.status = {};
    },
    prepareForUpdate(policy, old) {
      keepStatus(policy, old);
    },
    validateCreate: (policy) => validate(policy),
    validateUpdate: validate,
    warningsOnCreate: staticSuffixWarnings,
    warningsOnUpdate: staticSuffixWarnings,
    subresources: {
      status: {
        prepareForUpdate(policy, old) {
          keepSpec(policy, old);
        },
        validateUpdate: validateStatus,
      },
    },
  };
}
