import { type FieldErrors, FieldPath, forbidden } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import { validateObjectMeta } from '../../../api/validation/object-meta.ts';
import { validateImageWhitespace } from './container-validation.ts';
import {
  mirrorAnnotation,
  validateAnnotationUpdate,
  validatePodAnnotations,
  validateProfileAgreement,
} from './pod-annotations.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { Pod } from './pod-types.ts';
import { validatePodSpec, validateTokenOwner } from './pod-validation.ts';

const metadataPath = FieldPath.of('metadata');
const annotationsPath = FieldPath.of('metadata', 'annotations');
const specPath = FieldPath.of('spec');

/** Annotations and spec; the rest of the metadata is checked by the registry before. */
export function validatePodContent(pod: Readonly<Pod>, errors: FieldErrors, options: PodValidationOptions): void {
  const { metadata = {}, spec = {} } = pod;
  const { annotations } = metadata;
  validatePodAnnotations(annotations, spec, annotationsPath, errors, options);
  const identity = { name: metadata.name ?? '', isMirror: annotations?.[mirrorAnnotation] !== undefined };
  validatePodSpec(spec, specPath, errors, options, identity);
  validateTokenOwner(spec, specPath, errors);
  validateImageWhitespace(spec.containers, specPath.child('containers'), errors);
  validateImageWhitespace(spec.initContainers, specPath.child('initContainers'), errors);
}

/** The metadata as of a new pod: upstream checks a changed one by both sets of rules, and says so twice. */
export function validateMetadata(pod: Readonly<Pod>, errors: FieldErrors): void {
  errors.push(
    ...validateObjectMeta(pod.metadata, { namespaced: true, validateName: nameIsDNSSubdomain }, metadataPath),
  );
}

/** What updates of the pod and of its ephemeral containers are checked for alike. */
export function validateChangedPod(
  pod: Readonly<Pod>,
  old: Readonly<Pod>,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const annotations = pod.metadata?.annotations;
  validateMetadata(pod, errors);
  validatePodContent(pod, errors, options);
  validateAnnotationUpdate(annotations, old.metadata?.annotations, annotationsPath, errors);
  validatePodAnnotations(annotations, pod.spec ?? {}, annotationsPath, errors, options);
}

export function validatePodCreate(pod: Readonly<Pod>): FieldErrors {
  const { spec = {} } = pod;
  const errors: FieldErrors = [];
  validatePodContent(pod, errors, { isPod: true });
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'));
  }
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  validateProfileAgreement(pod.metadata?.annotations, spec, specPath, errors);
  return errors;
}
