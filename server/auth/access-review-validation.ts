import { type FieldErrors, FieldPath, invalid, required } from '../../api/field-error.ts';
import { isValidLabelValue } from '../../api/names.ts';
import { type Api, type ObjectMeta, objectMetaFields } from '../../api/object.ts';
import { validateLabelName, validateOperator } from '../../api/validation/labels.ts';

export type SelfSubjectAccessReview = Api<'io.k8s.api.authorization.v1.SelfSubjectAccessReview'>;
export type SubjectAccessReview = Api<'io.k8s.api.authorization.v1.SubjectAccessReview'>;
export type LocalSubjectAccessReview = Api<'io.k8s.api.authorization.v1.LocalSubjectAccessReview'>;
export type ReviewedResource = Api<'io.k8s.api.authorization.v1.ResourceAttributes'>;
export type ReviewedPath = Api<'io.k8s.api.authorization.v1.NonResourceAttributes'>;

type Selector = NonNullable<ReviewedResource['fieldSelector'] | ReviewedResource['labelSelector']>;
type Requirement = NonNullable<Selector['requirements']>[number];
type Spec = NonNullable<SubjectAccessReview['spec']>;

const specPath = FieldPath.of('spec');

export function validateSelfSubjectAccessReview({ spec = {}, metadata }: SelfSubjectAccessReview): FieldErrors {
  return [
    ...validateSubject(spec),
    ...validateResource(spec.resourceAttributes),
    ...validateMeta(metadata, 'must be empty'),
  ];
}

export function validateSubjectAccessReview({ spec = {}, metadata }: SubjectAccessReview): FieldErrors {
  return [...validateSpec(spec), ...validateMeta(metadata, 'must be empty')];
}

export function validateLocalSubjectAccessReview({ spec = {}, metadata }: LocalSubjectAccessReview): FieldErrors {
  const errors = validateSpec(spec);
  const { namespace, ...rest } = metadata ?? {};
  if (!isEmpty(rest)) errors.push(...validateMeta(metadata, 'must be empty except for namespace'));
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes !== undefined && (resourceAttributes.namespace ?? '') !== (namespace ?? '')) {
    const path = specPath.child('resourceAttributes', 'namespace');
    errors.push(invalid(path, resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  }
  if (nonResourceAttributes !== undefined) {
    errors.push(
      invalid(
        specPath.child('nonResourceAttributes'),
        goFields(nonResourceAttributes),
        'disallowed on this kind of request',
      ),
    );
  }
  return errors;
}

function validateSpec(spec: Spec): FieldErrors {
  const errors = validateSubject(spec);
  if ((spec.user ?? '') === '' && (spec.groups ?? []).length === 0) {
    errors.push(invalid(specPath.child('user'), spec.user ?? '', 'at least one of user or group must be specified'));
  }
  return [...errors, ...validateResource(spec.resourceAttributes)];
}

function validateSubject({ resourceAttributes, nonResourceAttributes }: Spec): FieldErrors {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [invalid(specPath.child('nonResourceAttributes'), goFields(nonResourceAttributes), detail)];
  }
  if (resourceAttributes !== undefined || nonResourceAttributes !== undefined) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid(specPath.child('resourceAttributes'), null, detail)];
}

// Upstream prints its internal type, which has no JSON names.
function goFields({ path = '', verb = '' }: ReviewedPath): object {
  return { Path: path, Verb: verb };
}

function validateResource(attributes: ReviewedResource | undefined): FieldErrors {
  if (attributes === undefined) return [];
  const path = specPath.child('resourceAttributes');
  const { fieldSelector, labelSelector } = attributes;
  return [
    ...validateSelector(fieldSelector, path.child('fieldSelector'), validateFieldRequirement),
    ...validateSelector(labelSelector, path.child('labelSelector'), validateLabelRequirement),
  ];
}

function validateSelector(
  selector: Selector | undefined,
  path: FieldPath,
  validate: (requirement: Requirement, path: FieldPath) => FieldErrors,
): FieldErrors {
  if (selector === undefined) return [];
  const { rawSelector = '', requirements = [] } = selector;
  const errors: FieldErrors = [];
  if (rawSelector !== '' && requirements.length > 0) {
    errors.push(invalid(path.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements'));
  }
  if (rawSelector === '' && requirements.length === 0) {
    errors.push(
      required(path.child('requirements'), `when ${path} is specified, requirements or rawSelector is required`),
    );
  }
  return [
    ...errors,
    ...requirements.flatMap((requirement, i) => validate(requirement, path.child('requirements').index(i))),
  ];
}

// Operators that this server does not know are let pass: newer clients may send them, and they only narrow what is asked.
function validateFieldRequirement(requirement: Requirement, path: FieldPath): FieldErrors {
  const missing = (requirement.key ?? '') === '' ? [required(path.child('key'), 'must be specified')] : [];
  return [...missing, ...validateOperator(requirement, true, path)];
}

function validateLabelRequirement(requirement: Requirement, path: FieldPath): FieldErrors {
  const errors = [
    ...validateOperator(requirement, true, path),
    ...validateLabelName(requirement.key ?? '', path.child('key')),
  ];
  for (const [i, value] of (requirement.values ?? []).entries()) {
    errors.push(...isValidLabelValue(value).map((message) => invalid(path.child('values').index(i), value, message)));
  }
  return errors;
}

function validateMeta(metadata: ObjectMeta | undefined, detail: string): FieldErrors {
  if (isEmpty(metadata)) return [];
  const printed = Object.fromEntries(objectMetaFields.map((field) => [field, metadata?.[field]]));
  return [invalid(FieldPath.of('metadata'), printed, detail)];
}

function isEmpty(metadata: ObjectMeta | undefined): boolean {
  const { managedFields: _, ...rest } = metadata ?? {};
  return Object.values(rest).every((value) => {
    if (value === undefined || value === null || value === '' || value === 0) return true;
    return typeof value === 'object' && Object.keys(value).length === 0;
  });
}
