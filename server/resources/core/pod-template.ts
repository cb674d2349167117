import type { Api } from '../../../api/object.ts';
import type { FieldErrors, FieldPath } from '../../../api/field-error.ts';

export type PodTemplateSpec = Api<'io.k8s.api.core.v1.PodTemplateSpec'>;

/** What a change of an existing object may keep although a new one could not have it. */
export type PodValidationOptions = Readonly<Record<string, boolean>>;

export function validatePodTemplateSpec(_template: Readonly<PodTemplateSpec>, _path: FieldPath, _options?: PodValidationOptions): FieldErrors {
  return [];
}

/** As validatePodTemplateSpec, but tolerates what the old template already had. */
export function validatePodTemplateSpecUpdate(template: Readonly<PodTemplateSpec>, _old: Readonly<PodTemplateSpec>, path: FieldPath): FieldErrors {
  return validatePodTemplateSpec(template, path);
}

export function podTemplateWarnings(_template: Readonly<PodTemplateSpec>, _path: FieldPath, _old?: Readonly<PodTemplateSpec>): readonly string[] {
  return [];
}
