import { type FieldErrors, type FieldPath, forbidden, invalid, notSupported } from '../../../api/field-error.ts';
import { isValidLabelValue } from '../../../api/names.ts';
import { validateLabelName } from '../../../api/validation/labels.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { Toleration } from './pod-types.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const decimalInteger = /^-?(?:0|[1-9][0-9]*)$/;

export function validateTolerations(
  tolerations: readonly Toleration[],
  path: FieldPath,
  options: PodValidationOptions = {},
): FieldErrors {
  const errors: FieldErrors = [];
  for (const [i, toleration] of tolerations.entries()) {
    const { key = '', operator = '', effect = '' } = toleration;
    if (key !== '') errors.push(...validateLabelName(key, path.index(i).child('key')));
    if (key === '' && operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(path.index(i).child('operator'), operator, detail));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalid(path.index(i).child('effect'), effect, detail));
    }
    validateOperator(toleration, path.index(i), errors, options);
    if (effect !== '' && !effects.includes(effect)) {
      errors.push(notSupported(path.index(i).child('effect'), effect, effects));
    }
  }
  return errors;
}

function validateOperator(
  toleration: Readonly<Toleration>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const { operator = '', value = '' } = toleration;
  switch (operator) {
    case 'Equal':
    case '': {
      const messages = isValidLabelValue(value);
      if (messages.length > 0) errors.push(invalid(path.child('operator'), value, messages.join(';')));
      return;
    }
    case 'Exists':
      if (value !== '')
        errors.push(invalid(path.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
      return;
    case 'Lt':
    case 'Gt':
      if (options.allowTolerationComparison) validateNumber(value, path.child('value'), errors);
      else errors.push(notSupported(path.child('operator'), operator, ['Equal', 'Exists', 'Lt', 'Gt']));
      return;
    default:
      errors.push(notSupported(path.child('operator'), operator, ['Equal', 'Exists']));
  }
}

function validateNumber(value: string, path: FieldPath, errors: FieldErrors): void {
  if (!decimalInteger.test(value)) {
    const detail = 'must be a valid decimal integer in canonical form';
    errors.push(invalid(path, value, detail));
  }
  if (!/^[+-]?[0-9]+$/.test(value)) {
    errors.push(invalid(path, value, `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`));
  } else if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
    errors.push(invalid(path, value, `strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`));
  }
}

function sameButSeconds(a: Readonly<Toleration>, b: Readonly<Toleration>): boolean {
  return (
    (a.key ?? '') === (b.key ?? '') &&
    (a.operator ?? '') === (b.operator ?? '') &&
    (a.value ?? '') === (b.value ?? '') &&
    (a.effect ?? '') === (b.effect ?? '')
  );
}

/** A pod's tolerations may only grow, except in their seconds. */
export function validateAddedTolerations(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
  path: FieldPath,
  options: PodValidationOptions,
): FieldErrors {
  for (const kept of old) {
    if (tolerations.some((toleration) => sameButSeconds(kept, toleration))) continue;
    return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')];
  }
  return validateTolerations(tolerations, path, options);
}
