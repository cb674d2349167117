import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden } from '../../../api/field-error.ts';
import { keepMetadata } from './kept-fields.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { validateChangedPod } from './pod-create.ts';
import { jsonDiff } from './pod-diff.ts';
import { dropDisabledSpecFields } from './pod-disabled-fields.ts';
import { toInternal } from './pod-internal.ts';
import { podOptionsFrom } from './pod-options-from-old.ts';
import type { Pod } from './pod-types.ts';

export function prepareEphemeralContainers(pod: Pod, old: Readonly<Pod>): void {
  const added = pod.spec?.ephemeralContainers;
  const { ephemeralContainers: _, ...kept } = old.spec ?? {};
  pod.spec = { ...kept, ...(added && { ephemeralContainers: added }) };
  if (old.status !== undefined) pod.status = old.status;
  keepMetadata(pod, old);
  dropDisabledSpecFields(pod.spec, old.spec);
}

/** Ephemeral containers can only be added: they are never removed, restarted or changed. */
export function validateEphemeralContainersUpdate(pod: Readonly<Pod>, old: Readonly<Pod>): FieldErrors {
  if (old.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbidden(FieldPath.of('').key(''), 'static pods do not support ephemeral containers')];
  }
  const errors: FieldErrors = [];
  validateChangedPod(pod, old, errors, podOptionsFrom(old.spec ?? {}, old.metadata?.annotations, true));
  const path = FieldPath.of('spec', 'ephemeralContainers');
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const now = pod.spec?.ephemeralContainers?.findLast(({ name }) => name === before.name);
    const name = JSON.stringify(before.name ?? '');
    if (now === undefined) errors.push(forbidden(path, `existing ephemeral containers ${name} may not be removed\n`));
    else if (!semanticEqual(before, now)) {
      const diff = jsonDiff(toInternal(before, 'EphemeralContainer'), toInternal(now, 'EphemeralContainer'));
      errors.push(forbidden(path, `existing ephemeral containers ${name} may not be changed\n${diff}`));
    }
  }
  return errors;
}
