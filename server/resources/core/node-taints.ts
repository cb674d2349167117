import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isValidLabelValue } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelName } from '../../../api/validation/labels.ts';
import { internalForm, internalShape } from './internal-form.ts';
import { jsonObjectError } from './json-object-error.ts';

export type Taint = Api<'io.k8s.api.core.v1.Taint'>;

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const taintShape = internalShape('Key:key:s Value:value:s Effect:effect:s TimeAdded:timeAdded:p');
const taintsAnnotation = 'scheduler.alpha.kubernetes.io/taints';
const avoidAnnotation = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

export function taintErrors(taints: readonly Readonly<Taint>[], path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const seen = new Set<string>();
  for (const [i, taint] of taints.entries()) {
    const at = path.index(i);
    const { key = '', value = '', effect = '' } = taint;
    errors.push(...validateLabelName(key, at.child('key')));
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(invalid(at.child('value'), value, messages.join(';')));
    if (effect === '') errors.push(required(at.child('effect')));
    else if (!effects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, effects));
    const identity = `${effect} ${key}`;
    if (seen.has(identity)) {
      const error = duplicate(at, internalForm(taint, taintShape));
      errors.push({ ...error, detail: `${error.detail}: taints must be unique by key and effect pair` });
    }
    seen.add(identity);
  }
  return errors;
}

/** Alpha annotations that the scheduler once read: still checked. */
export function schedulerAnnotationErrors(annotations: Readonly<Record<string, string>>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const taints = annotations[taintsAnnotation];
  if (taints) {
    const problem = jsonObjectError(taints, '[]core.Taint');
    if (problem !== undefined) errors.push(invalid(path, taintsAnnotation, problem));
    else errors.push(...taintErrors((JSON.parse(taints) ?? []) as Taint[], path.child(taintsAnnotation)));
  }
  const avoid = annotations[avoidAnnotation];
  if (avoid) {
    const problem = jsonObjectError(avoid, 'v1.AvoidPods');
    if (problem !== undefined) errors.push(invalid(path.child('AvoidPods'), avoidAnnotation, problem));
    else errors.push(...avoidPodsErrors(JSON.parse(avoid) as AvoidPods, path.child(avoidAnnotation)));
  }
  return errors;
}

interface AvoidPods {
  readonly preferAvoidPods?: readonly {
    readonly podSignature?: { readonly podController?: { readonly controller?: boolean } };
  }[];
}

function avoidPodsErrors(avoid: AvoidPods | null, path: FieldPath): FieldErrors {
  return (avoid?.preferAvoidPods ?? []).flatMap((entry, i) => {
    const at = path.index(i).child('PodSignature');
    const controller = entry.podSignature?.podController;
    if (controller === undefined) return [required(at)];
    if (controller.controller === true) return [];
    return [invalid(at.child('PodController', 'Controller'), false, 'must point to a controller')];
  });
}
