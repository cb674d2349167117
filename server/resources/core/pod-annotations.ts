import { type FieldErrors, type FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import { allContainers, visitContainers } from './pod-containers.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { PodSpec, Toleration } from './pod-types.ts';
import { appArmorMismatch, seccompMismatch, validateSeccompAnnotation } from './security-context-profiles.ts';
import { validateTolerations } from './toleration.ts';

export const mirrorAnnotation = 'kubernetes.io/config.mirror';
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
export const podSeccompAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
export const containerSeccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

type Annotations = Readonly<Record<string, string>> | undefined;

export function hasValidDeletionCost(annotations: Annotations): boolean {
  const cost = annotations?.[deletionCostAnnotation];
  if (cost === undefined) return true;
  if (!/^(?:0|-[0-9]+|[1-9][0-9]*)$/.test(cost)) return false;
  return Math.abs(Number(cost) + 0.5) <= 2 ** 31;
}

/** Annotations that the server itself reads. `path` is that of the annotations. */
export function validatePodAnnotations(
  annotations: Annotations,
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (annotations === undefined) return;
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(invalid(path.key(mirrorAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  }
  if (annotations[tolerationsAnnotation])
    validateAnnotatedTolerations(annotations[tolerationsAnnotation], path, errors, options);
  if (!options.allowInvalidPodDeletionCost && !hasValidDeletionCost(annotations)) {
    const value = annotations[deletionCostAnnotation];
    errors.push(invalid(path.key(deletionCostAnnotation), value, 'must be a 32bit integer'));
  }
  const seccomp = annotations[podSeccompAnnotation];
  if (seccomp !== undefined) validateSeccompAnnotation(seccomp, path.child(podSeccompAnnotation), errors);
  for (const key in annotations) {
    if (key.startsWith(containerSeccompPrefix))
      validateSeccompAnnotation(annotations[key] ?? '', path.child(key), errors);
  }
  for (const key in annotations) {
    if (key.startsWith(appArmorPrefix)) validateAppArmorAnnotation(key, annotations[key] ?? '', spec, path, errors);
  }
}

function validateAnnotatedTolerations(
  text: string,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  let tolerations: unknown;
  try {
    tolerations = JSON.parse(text);
  } catch (error) {
    errors.push(invalid(path, tolerationsAnnotation, error instanceof Error ? error.message : ''));
    return;
  }
  if (!Array.isArray(tolerations)) return;
  errors.push(...validateTolerations(tolerations as Toleration[], path.child(tolerationsAnnotation), options));
}

function validateAppArmorAnnotation(
  key: string,
  profile: string,
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const name = key.slice(appArmorPrefix.length);
  if (!allContainers(spec).some((container) => (container.name ?? '') === name)) {
    errors.push(invalid(path.key(key), name, 'container not found'));
  }
  const known =
    profile === '' || profile === 'runtime/default' || profile === 'unconfined' || profile.startsWith('localhost/');
  if (!known) errors.push(invalid(path.key(key), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
}

/** Where an annotation and a field say the same thing they must agree. */
export function validateProfileAgreement(
  annotations: Annotations,
  spec: Readonly<PodSpec>,
  specPath: FieldPath,
  errors: FieldErrors,
): void {
  if (annotations === undefined) return;
  const podSeccomp = spec.securityContext?.seccompProfile;
  const podAnnotation = annotations[podSeccompAnnotation];
  if (podSeccomp !== undefined && podAnnotation !== undefined) {
    const error = seccompMismatch(podAnnotation, podSeccomp, specPath.child('securityContext', 'seccompProfile'));
    if (error !== undefined) errors.push(error);
  }
  visitContainers(spec, specPath, ({ name = '', securityContext }, path) => {
    const profile = securityContext?.seccompProfile;
    const annotation = annotations[containerSeccompPrefix + name];
    if (profile === undefined || annotation === undefined) return;
    const error = seccompMismatch(annotation, profile, path().child('securityContext', 'seccompProfile'));
    if (error !== undefined) errors.push(error);
  });
  if (spec.os?.name === 'windows') return;
  visitContainers(spec, specPath, ({ name = '', securityContext }, path) => {
    const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = annotations[appArmorPrefix + name];
    if (profile === undefined || annotation === undefined) return;
    const error = appArmorMismatch(annotation, profile, path().child('securityContext', 'appArmorProfile'));
    if (error !== undefined) errors.push(error);
  });
}

/** Profiles and the mirror mark stay as they were made. */
export function validateAnnotationUpdate(
  annotations: Annotations,
  old: Annotations,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const kindOf = (key: string): string | undefined =>
    key.startsWith(appArmorPrefix)
      ? 'AppArmor annotations'
      : key === mirrorAnnotation
        ? 'mirror pod annotation'
        : undefined;
  for (const key in old) {
    const kind = annotations?.[key] === old[key] ? undefined : kindOf(key);
    if (kind !== undefined) errors.push(forbidden(path.key(key), `may not remove or update ${kind}`));
  }
  for (const key in annotations) {
    const kind = old?.[key] === undefined ? kindOf(key) : undefined;
    if (kind !== undefined) errors.push(forbidden(path.key(key), `may not add ${kind}`));
  }
}
