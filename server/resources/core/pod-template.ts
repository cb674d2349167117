import { type FieldErrors, type FieldPath, forbidden } from '../../../api/field-error.ts';
import { validateAnnotations, validateLabels } from '../../../api/validation/labels.ts';
import { validatePodAnnotations, validateProfileAgreement } from './pod-annotations.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { podOptionsFrom } from './pod-options-from-old.ts';
import type { PodTemplateSpec } from './pod-types.ts';
import { validatePodSpec } from './pod-validation.ts';
import { warningsForPodSpec } from './pod-warnings.ts';

export type { PodTemplateSpec } from './pod-types.ts';

/** A template as part of a workload; the selector that must match it is the workload's to check. */
export function validatePodTemplateSpec(
  template: Readonly<PodTemplateSpec>,
  path: FieldPath,
  options: PodValidationOptions = {},
): FieldErrors {
  const { metadata = {}, spec = {} } = template;
  const annotationsPath = path.child('annotations');
  const specPath = path.child('spec');
  const errors = [
    ...validateLabels(metadata.labels, path.child('labels')),
    ...validateAnnotations(metadata.annotations, annotationsPath),
  ];
  validatePodAnnotations(metadata.annotations, spec, annotationsPath, errors, options);
  validatePodSpec(spec, specPath, errors, options);
  validateProfileAgreement(metadata.annotations, spec, specPath, errors);
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
  }
  return errors;
}

/** As validatePodTemplateSpec, but tolerates what the old template already had. */
export function validatePodTemplateSpecUpdate(
  template: Readonly<PodTemplateSpec>,
  old: Readonly<PodTemplateSpec>,
  path: FieldPath,
): FieldErrors {
  return validatePodTemplateSpec(template, path, podOptionsFrom(old.spec ?? {}, old.metadata?.annotations, false));
}

export function podTemplateWarnings(template: Readonly<PodTemplateSpec>, path: FieldPath): readonly string[] {
  return warningsForPodSpec(template.spec ?? {}, template.metadata ?? {}, path);
}
