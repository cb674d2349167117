import {
  duplicate,
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  required,
  tooMany,
} from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { parseQuantity, type Quantity } from '../../../api/quantity.ts';

type Capacity = Api<'io.k8s.api.resource.v1.DeviceCapacity'>;
type Policy = Api<'io.k8s.api.resource.v1.CapacityRequestPolicy'>;
type Range = NonNullable<Policy['validRange']>;

const maxValidValues = 10;

function quantity(value: string | number | undefined): Quantity {
  return parseQuantity(String(value ?? '0'));
}

function validValuesErrors(
  given: readonly Quantity[],
  preset: Quantity,
  capacity: Quantity,
  path: FieldPath,
): FieldErrors {
  const errors: FieldErrors = [];
  given.forEach((each, i) => {
    const previous = given[i - 1];
    if (previous !== undefined && previous.compare(each) > 0) {
      errors.push(invalid(path.index(i), each.toString(), 'values must be sorted in ascending order'));
    }
  });
  if (given.length > maxValidValues) errors.push(tooMany(path, given.length, maxValidValues));
  else {
    given.forEach((each, i) => {
      if (each.compare(capacity) <= 0) return;
      errors.push(invalid(path.index(i), each.toString(), `option is larger than capacity value: ${capacity}`));
    });
    const keys = given.map((each) => String(each.value()));
    keys.forEach((key, i) => {
      if (keys.indexOf(key) < i) errors.push(duplicate(path.index(i), key));
    });
  }
  if (!given.some((each) => each.compare(preset) === 0)) {
    errors.push(invalid(path, preset.toString(), 'default value is not valid according to the requestPolicy'));
  }
  return errors;
}

function stepErrors(value: Quantity, min: Quantity, step: Quantity, path: FieldPath): FieldErrors {
  const size = step.value();
  if (size === 0n || (value.value() - min.value()) % size === 0n) return [];
  return [invalid(path, value.toString(), `value is not a multiple of a given step (${step}) from (${min})`)];
}

function rangeErrors(range: Readonly<Range>, preset: Quantity, capacity: Quantity, path: FieldPath): FieldErrors {
  if (range.min === undefined) return [required(path.child('min'), 'required when validRange is defined')];
  const min = quantity(range.min);
  const errors: FieldErrors = [];
  const wrong = (field: string, value: Quantity, detail: string): void => {
    errors.push(invalid(path.child(field), value.toString(), detail));
  };
  if (min.compare(capacity) > 0) wrong('min', min, `min is larger than capacity value: ${capacity}`);
  if (preset.compare(min) < 0) wrong('min', preset, `default is less than min: ${min}`);
  const max = range.max === undefined ? undefined : quantity(range.max);
  if (max !== undefined) {
    if (min.compare(max) > 0) wrong('max', min, `min is larger than max: ${max}`);
    if (max.compare(capacity) > 0) wrong('max', max, `max is larger than capacity value: ${capacity}`);
    if (preset.compare(max) > 0) wrong('max', preset, `default is more than max: ${max}`);
  }
  if (range.step === undefined) return errors;
  const step = quantity(range.step);
  const sum = min.add(step);
  if (sum.compare(capacity) > 0) wrong('step', step, `one step ${sum} is larger than capacity value: ${capacity}`);
  errors.push(...stepErrors(preset, min, step, path.child('step')));
  if (max !== undefined) errors.push(...stepErrors(max, min, step, path.child('step')));
  return errors;
}

/** How much of a device's capacity one request may take; only devices that are shared have such a policy. */
export function capacityErrors(capacity: Readonly<Capacity>, isShared: boolean, path: FieldPath): FieldErrors {
  const policy = capacity.requestPolicy;
  if (policy === undefined) return [];
  const at = path.child('requestPolicy');
  if (!isShared) return [forbidden(at, 'allowMultipleAllocations must be true')];
  const { validValues = [], validRange, default: preset } = policy;
  if (validValues.length > 0 && validRange !== undefined) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(at, detail)];
  }
  const field = validValues.length > 0 ? 'validValues' : validRange === undefined ? undefined : 'validRange';
  if (field === undefined) return [];
  if (preset === undefined) return [required(at.child('default'), `required when ${field} is defined`)];
  const whole = quantity(capacity.value);
  if (validRange !== undefined) return rangeErrors(validRange, quantity(preset), whole, at.child('validRange'));
  return validValuesErrors(validValues.map(quantity), quantity(preset), whole, at.child('validValues'));
}
