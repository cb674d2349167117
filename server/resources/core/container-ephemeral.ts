import { duplicate, type FieldErrors, type FieldPath, forbidden, notFound } from '../../../api/field-error.ts';
import { type PodSurroundings, validateContainer, validateImageWhitespace } from './container-validation.ts';
import type { EphemeralContainer, PodSpec } from './pod-types.ts';

/** In the order of upstream's struct. */
const notForEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies readonly (keyof EphemeralContainer)[];
const detail = 'cannot be set for an Ephemeral Container';

export function validateEphemeralContainers(
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
  pod: PodSurroundings,
): void {
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name = '' }) => name));
  const names = new Set(others);
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = path.index(i);
    const { name = '', targetContainerName: target = '' } = container;
    validateContainer(container, at, errors, pod);
    const own: FieldErrors = [];
    validateImageWhitespace([container], path, own);
    for (const error of own) errors.push({ ...error, field: at.child('image').toString() });
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    if (target !== '' && !others.has(target)) errors.push(notFound(at.child('targetContainerName'), target));
    forbidFields(container, at, errors);
  }
}

function forbidFields(container: Readonly<EphemeralContainer>, path: FieldPath, errors: FieldErrors): void {
  for (const field of notForEphemeral) {
    const value = container[field];
    if (value === undefined || (field === 'resources' && Object.keys(value).length === 0)) continue;
    errors.push(forbidden(path.child(field), detail));
  }
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.child('volumeMounts').index(i);
    if (mount.subPath) errors.push(forbidden(at.child('subPath'), detail));
    if (mount.subPathExpr) errors.push(forbidden(at.child('subPathExpr'), detail));
  }
}
