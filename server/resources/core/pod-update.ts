import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { inclusiveRangeMessage } from '../../../api/names.ts';
import { validateChangedPod } from './pod-create.ts';
import { jsonDiff } from './pod-diff.ts';
import { toInternalPodSpec } from './pod-internal.ts';
import { podOptionsFrom } from './pod-options-from-old.ts';
import type { Container, Pod, PodSpec } from './pod-types.ts';
import { restoreGatedFields, validateOnlyRemovedGates } from './pod-update-gated.ts';
import { validateAddedTolerations } from './toleration.ts';

const maxInt32 = 2 ** 31 - 1;
const specPath = FieldPath.of('spec');
const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

export function validatePodUpdate(pod: Readonly<Pod>, oldPod: Readonly<Pod>): FieldErrors {
  const { spec = {} } = pod;
  const old = oldPod.spec ?? {};
  const options = podOptionsFrom(old, oldPod.metadata?.annotations, true);
  const errors: FieldErrors = [];
  validateChangedPod(pod, oldPod, errors, options);
  if (validateContainerUpdate(spec.containers, old.containers, specPath.child('containers'), errors) === 'stop')
    return errors;
  const initPath = specPath.child('initContainers');
  if (validateContainerUpdate(spec.initContainers, old.initContainers, initPath, errors) === 'stop') return errors;
  if (validateDeadline(spec, old, specPath.child('activeDeadlineSeconds'), errors) === 'stop') return errors;
  const tolerationsPath = specPath.child('tolerations');
  errors.push(...validateAddedTolerations(spec.tolerations ?? [], old.tolerations ?? [], tolerationsPath, options));
  validateOnlyRemovedGates(
    spec.schedulingGates ?? [],
    old.schedulingGates ?? [],
    specPath.child('schedulingGates'),
    errors,
  );
  if (semanticEqual(spec, old)) return errors;
  const restored = withAllowedChangesUndone(spec, old);
  if ((old.schedulingGates ?? []).length > 0) restoreGatedFields(restored, old, specPath, errors);
  if (!semanticEqual(restored, old)) {
    const diff = jsonDiff(toInternalPodSpec(old), toInternalPodSpec(restored));
    errors.push(forbidden(specPath, `pod updates may not change fields other than ${updatable}\n${diff}`));
  }
  return errors;
}

function validateContainerUpdate(
  containers: readonly Container[] = [],
  old: readonly Container[] = [],
  path: FieldPath,
  errors: FieldErrors,
): 'stop' | 'go on' {
  if (containers.length !== old.length) {
    errors.push(forbidden(path, 'pod updates may not add or remove containers'));
    return 'stop';
  }
  for (const [i, { image = '' }] of containers.entries()) {
    if (image === '') errors.push(required(path.index(i).child('image')));
    if (image.trim() !== image) {
      errors.push(invalid(path.index(i).child('image'), image, 'must not have leading or trailing whitespace'));
    }
  }
  return 'go on';
}

function validateDeadline(
  spec: Readonly<PodSpec>,
  old: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): 'stop' | 'go on' {
  const [seconds, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (seconds === undefined) {
    if (before !== undefined)
      errors.push(invalid(path, undefined, 'must not update from a positive integer to nil value'));
    return 'go on';
  }
  if (seconds < 0 || seconds > maxInt32) errors.push(invalid(path, seconds, inclusiveRangeMessage(0, maxInt32)));
  else if (before !== undefined && before < seconds) {
    errors.push(invalid(path, seconds, 'must be less than or equal to previous value'));
  } else return 'go on';
  return 'stop';
}

/** The new spec with the old values wherever a change is allowed: what still differs is not. */
function withAllowedChangesUndone(spec: Readonly<PodSpec>, old: Readonly<PodSpec>): PodSpec {
  const restored: PodSpec = { ...spec };
  for (const field of ['containers', 'initContainers'] as const) {
    const list = spec[field];
    if (list !== undefined)
      restored[field] = list.map((container, i) => ({ ...container, image: old[field]?.[i]?.image ?? '' }));
  }
  restoreField(restored, old, 'activeDeadlineSeconds');
  restoreField(restored, old, 'schedulingGates');
  restoreField(restored, old, 'tolerations');
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && restored.terminationGracePeriodSeconds === 1) {
    restoreField(restored, old, 'terminationGracePeriodSeconds');
  }
  return restored;
}

export function restoreField<Field extends keyof PodSpec>(spec: PodSpec, old: Readonly<PodSpec>, field: Field): void {
  const value = old[field];
  if (value === undefined) delete spec[field];
  else spec[field] = value;
}
