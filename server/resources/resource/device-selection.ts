import {
  type FieldErrors,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../api/field-error.ts';
import { byteLength } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelName } from '../../../api/validation/labels.ts';
import { listErrors } from './collections.ts';
import { driverNameErrors, labelValueErrors } from './device-names.ts';

type Selector = Api<'io.k8s.api.resource.v1.DeviceSelector'>;
type Toleration = Api<'io.k8s.api.resource.v1.DeviceToleration'>;
type Taint = Api<'io.k8s.api.resource.v1.DeviceTaint'>;
type Opaque = Api<'io.k8s.api.resource.v1.OpaqueDeviceConfiguration'>;

const maxSelectors = 32;
const maxExpression = 10 * 1024;
const maxParameters = 10 * 1024;
const taintEffects = ['NoExecute', 'NoSchedule', 'None'];

/** Compiles a CEL expression over a device; `stored` ones were accepted before. */
export type DeviceExpressionCheck = (expression: string, stored: boolean, path: FieldPath) => FieldErrors;

export interface SelectionOptions {
  readonly check: DeviceExpressionCheck;
  readonly stored: boolean;
}

function selectorErrors(selector: Readonly<Selector>, options: SelectionOptions, path: FieldPath): FieldErrors {
  if (selector.cel === undefined) return [required(path.child('cel'))];
  const { expression = '' } = selector.cel;
  const at = path.child('cel', 'expression');
  if (byteLength(expression) > maxExpression) return [tooLong(at, maxExpression)];
  return options.check(expression, options.stored, at);
}

export function selectorsErrors(
  selectors: readonly Selector[] | undefined,
  options: SelectionOptions,
  path: FieldPath,
): FieldErrors {
  return listErrors(selectors, maxSelectors, (selector, at) => selectorErrors(selector, options, at), path);
}

export function tolerationErrors(toleration: Readonly<Toleration>, path: FieldPath): FieldErrors {
  const { key = '', operator = '', value = '', effect = '' } = toleration;
  const errors: FieldErrors = key === '' ? [] : validateLabelName(key, path.child('key'));
  switch (operator) {
    case 'Exists':
      if (value !== '') errors.push(invalid(path.child('value'), value, 'must be empty for operator `Exists`'));
      break;
    case 'Equal':
      errors.push(...labelValueErrors(value, path.child('value')));
      break;
    case '':
      errors.push(required(path.child('operator')));
      break;
    default:
      errors.push(notSupported(path.child('operator'), operator, ['Equal', 'Exists']));
  }
  if (effect !== '' && !taintEffects.includes(effect))
    errors.push(notSupported(path.child('effect'), effect, taintEffects));
  return errors;
}

export function taintErrors(taint: Readonly<Taint>, path: FieldPath): FieldErrors {
  const { key = '', value = '', effect = '' } = taint;
  const errors = validateLabelName(key, path.child('key'));
  if (value !== '') errors.push(...labelValueErrors(value, path.child('value')));
  if (effect === '') errors.push(required(path.child('effect')));
  else if (!taintEffects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, taintEffects));
  return errors;
}

/** Free-form data must be a JSON object of limited size; what was stored may be larger. */
export function rawObjectErrors(raw: unknown, stored: boolean, max: number, path: FieldPath): FieldErrors {
  if (raw === undefined || raw === null) return [required(path)];
  if (!stored && byteLength(JSON.stringify(raw)) > max) return [tooLong(path, max)];
  if (typeof raw === 'object' && !Array.isArray(raw)) return [];
  return [invalid(path, '<value omitted>', 'must be a valid JSON object')];
}

export function configurationErrors(
  config: { readonly opaque?: Opaque },
  stored: boolean,
  path: FieldPath,
): FieldErrors {
  if (config.opaque === undefined) return [required(path.child('opaque'))];
  const at = path.child('opaque');
  return [
    ...driverNameErrors(config.opaque.driver ?? '', at.child('driver')),
    ...rawObjectErrors(config.opaque.parameters, stored, maxParameters, at.child('parameters')),
  ];
}
