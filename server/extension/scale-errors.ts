import { type FieldErrors, FieldPath, invalid } from '../../api/field-error.ts';
import type { KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { ScalePaths } from '../registry/custom-kind.ts';
import { type NestedType, nestedValue } from './nested-value.ts';

const maxInt32 = 2 ** 31 - 1;

interface Place {
  readonly path: readonly string[];
  /** As the definition spells it. */
  readonly text: string;
}

function valueErrors(object: Readonly<KubeObject>, { path, text }: Place, type: NestedType): FieldErrors | number {
  try {
    const value = nestedValue(object, path, type);
    return typeof value === 'number' ? value : 0;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return [invalid(FieldPath.of(text), type === 'number' ? 0 : '', error.message)];
  }
}

function replicasErrors(object: Readonly<KubeObject>, place: Place): FieldErrors {
  const value = valueErrors(object, place, 'number');
  if (typeof value !== 'number') return value;
  const path = FieldPath.of(place.text);
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > maxInt32 ? [invalid(path, value, `should be less than or equal to ${maxInt32}`)] : [];
}

export function statusScaleErrors(scale: ScalePaths | undefined, object: Readonly<KubeObject>): FieldErrors {
  if (scale === undefined) return [];
  const errors = replicasErrors(object, { path: scale.status, text: scale.statusText });
  if (scale.selector === undefined) return errors;
  const selector = valueErrors(object, { path: scale.selector, text: scale.selectorText }, 'string');
  return typeof selector === 'number' ? errors : [...errors, ...selector];
}

/** What stands at the paths of the scale subresource has to be what a Scale can show. */
export function scaleErrors(scale: ScalePaths | undefined, object: Readonly<KubeObject>): FieldErrors {
  if (scale === undefined) return [];
  return [...replicasErrors(object, { path: scale.spec, text: scale.specText }), ...statusScaleErrors(scale, object)];
}
