import { type FieldErrors, type FieldPath, forbidden, invalid, required, tooLong } from '../field-error.ts';
import { byteLength, isQualifiedName, isValidLabelValue } from '../names.ts';
import type { LabelSelector } from '../object.ts';

type StringMap = Readonly<Record<string, string>>;

/** A key of a label, or anything else that must be a qualified name. */
export function validateLabelName(name: string, path: FieldPath): FieldErrors {
  return isQualifiedName(name).map((message) => invalid(path, name, message));
}

export function validateLabels(labels: StringMap | undefined, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  for (const key in labels) {
    const value = labels[key] ?? '';
    for (const message of isQualifiedName(key)) errors.push(invalid(path, key, message));
    for (const message of isValidLabelValue(value)) errors.push(invalid(path, value, message));
  }
  return errors;
}

/** 256 kB, keys and values together: what keeps an object well below the largest request. */
const annotationsLimitBytes = 256 * 1024;

export function validateAnnotations(annotations: StringMap | undefined, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  let size = 0;
  for (const key in annotations) {
    // Keys are checked as if written in lower case, and reported as they are.
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, message));
    size += byteLength(key) + byteLength(annotations[key] ?? '');
  }
  if (size > annotationsLimitBytes) errors.push(tooLong(path, annotationsLimitBytes));
  return errors;
}

export interface LabelSelectorOptions {
  /** Stored objects may hold values that were accepted before values were checked. */
  readonly allowInvalidLabelValueInSelector?: boolean;
  readonly allowUnknownOperator?: boolean;
}

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

export function validateLabelSelector(
  selector: LabelSelector | undefined,
  options: LabelSelectorOptions,
  path: FieldPath,
): FieldErrors {
  if (selector === undefined) return [];
  const errors = validateLabels(selector.matchLabels, path.child('matchLabels'));
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateRequirement(requirement, options, path.child('matchExpressions').index(i)));
  }
  return errors;
}

function validateRequirement(requirement: Requirement, options: LabelSelectorOptions, path: FieldPath): FieldErrors {
  const errors = validateOperator(requirement, options.allowUnknownOperator ?? false, path);
  errors.push(...validateLabelName(requirement.key ?? '', path.child('key')));
  if (options.allowInvalidLabelValueInSelector) return errors;
  for (const [i, value] of (requirement.values ?? []).entries()) {
    for (const message of isValidLabelValue(value)) {
      errors.push(invalid(path.child('values').index(i), value, message));
    }
  }
  return errors;
}

/** The part of a requirement's rules that label and field selectors share: which operators take values. */
export function validateOperator(
  requirement: { readonly operator?: string; readonly values?: readonly string[] },
  allowUnknownOperator: boolean,
  path: FieldPath,
): FieldErrors {
  const { operator = '', values = [] } = requirement;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return [];
    return [required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return [];
    return [forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  }
  return allowUnknownOperator ? [] : [invalid(path.child('operator'), operator, 'not a valid selector operator')];
}

/** True when a stored selector needs `allowInvalidLabelValueInSelector` to stay updatable. */
export function hasInvalidLabelValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some(({ values }) =>
    (values ?? []).some((value) => isValidLabelValue(value).length > 0),
  );
}
