import { duplicate, type FieldErrors, FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { isQualifiedName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { invalidEach } from './field-checks.ts';
import { type Amounts, amountsOf, resourceNameErrors } from './resource-names.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';
import { isOvercommitAllowed, validateContainerResourceName } from './resource-requirements-names.ts';

export type LimitRange = Api<'io.k8s.api.core.v1.LimitRange'>;
type Item = Api<'io.k8s.api.core.v1.LimitRangeItem'> & { default?: Record<string, string | number> };

const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const maxMilliValue = (2n ** 63n - 1n) / 1000n;

function defaultItem(item: Item): void {
  if (item.type === 'Container') {
    const limits = { ...item.max, ...item.default };
    const requests = { ...item.min, ...limits, ...item.defaultRequest };
    if (Object.keys(limits).length > 0) item.default = limits;
    if (Object.keys(requests).length > 0) item.defaultRequest = requests;
  }
  for (const list of lists) defaultResourceList((item[list] ?? {}) as Record<string, string>);
}

function typeErrors(type: string, path: FieldPath): FieldErrors {
  const errors = invalidEach(path, type, isQualifiedName(type));
  if (errors.length > 0) return errors;
  if (type.includes('/') || types.has(type)) return [];
  return [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function nameErrors(item: Readonly<Item>, list: (typeof lists)[number], path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  for (const name of Object.keys(item[list] ?? {})) {
    const at = path.child(list).key(name);
    if (item.type === 'Pod' || item.type === 'Container') validateContainerResourceName(name, at, errors);
    else errors.push(...resourceNameErrors(name, at));
  }
  return errors;
}

interface Bounds {
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  readonly limit?: string | undefined;
  readonly request?: string | undefined;
  readonly ratio?: string | undefined;
}

function isAbove(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && compareQuantity(a, b) > 0;
}

function orderErrors({ min, max, limit, request }: Bounds, name: string, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const at = (list: string): FieldPath => path.child(list).key(name);
  if (isAbove(min, max)) errors.push(invalid(at('min'), min, `min value ${min} is greater than max value ${max}`));
  if (isAbove(min, request)) {
    const why = `min value ${min} is greater than default request value ${request}`;
    errors.push(invalid(at('defaultRequest'), request, why));
  }
  if (isAbove(request, max)) {
    const why = `default request value ${request} is greater than max value ${max}`;
    errors.push(invalid(at('defaultRequest'), request, why));
  }
  if (isAbove(request, limit)) {
    const why = `default request value ${request} is greater than default limit value ${limit}`;
    errors.push(invalid(at('defaultRequest'), request, why));
  }
  if (isAbove(min, limit)) {
    errors.push(invalid(at('default'), min, `min value ${min} is greater than default value ${limit}`));
  }
  if (isAbove(limit, max)) {
    errors.push(invalid(at('default'), max, `default value ${limit} is greater than max value ${max}`));
  }
  return errors;
}

function ratioErrors({ min, max, ratio }: Bounds, path: FieldPath): FieldErrors {
  if (ratio === undefined) return [];
  const errors: FieldErrors = [];
  if (compareQuantity(ratio, '1') < 0) errors.push(invalid(path, ratio, `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const [r, low, high] = [parseQuantity(ratio), parseQuantity(min), parseQuantity(max)];
  const fine = [r, low, high].every((quantity) => quantity.value() < maxMilliValue);
  const value = fine ? Number(r.milliValue()) / 1000 : Number(r.value());
  const limit = fine
    ? Number(high.milliValue()) / Number(low.milliValue())
    : Number(high.value()) / Number(low.value());
  if (value > limit) {
    errors.push(invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`));
  }
  return errors;
}

function itemErrors(item: Readonly<Item>, path: FieldPath): FieldErrors {
  const isPod = item.type === 'Pod';
  const amounts = Object.fromEntries(lists.map((list) => [list, amountsOf(item[list])])) as Record<
    (typeof lists)[number],
    Amounts
  >;
  const errors = [...nameErrors(item, 'max', path), ...nameErrors(item, 'min', path)];
  for (const list of ['default', 'defaultRequest'] as const) {
    if (!isPod) errors.push(...nameErrors(item, list, path));
    else if (Object.keys(amounts[list]).length > 0) {
      errors.push(forbidden(path.child(list), "may not be specified when `type` is 'Pod'"));
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !amounts.min['storage'] && !amounts.max['storage']) {
    const why = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(path.child('limits'), why));
  }
  errors.push(...nameErrors(item, 'maxLimitRequestRatio', path));
  const names = new Set(
    lists.flatMap((list) => (isPod && list.startsWith('default') ? [] : Object.keys(amounts[list]))),
  );
  for (const name of names) {
    const bounds: Bounds = {
      min: amounts.min[name],
      max: amounts.max[name],
      limit: isPod ? undefined : amounts.default[name],
      request: isPod ? undefined : amounts.defaultRequest[name],
      ratio: amounts.maxLimitRequestRatio[name],
    };
    errors.push(...orderErrors(bounds, name, path));
    errors.push(...ratioErrors(bounds, path.child('maxLimitRequestRatio').key(name)));
    const { limit, request } = bounds;
    const differ = limit !== undefined && request !== undefined && compareQuantity(limit, request) !== 0;
    if (!isOvercommitAllowed(name) && differ) {
      const why = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
      errors.push(invalid(path.child('defaultRequest').key(name), request, why));
    }
  }
  return errors;
}

function limitRangeErrors(limitRange: Readonly<LimitRange>): FieldErrors {
  const seen = new Set<string>();
  return (limitRange.spec?.limits ?? []).flatMap((item, i) => {
    const path = FieldPath.of('spec', 'limits').index(i);
    const { type = '' } = item;
    const errors = typeErrors(type, path.child('type'));
    if (seen.has(type)) errors.push(duplicate(path.child('type'), type));
    seen.add(type);
    return [...errors, ...itemErrors(item, path)];
  });
}

export const limitRangeStrategy: Strategy<LimitRange> = {
  resource: 'limitranges',
  allowCreateOnUpdate: true,
  applyDefaults(limitRange) {
    for (const item of limitRange.spec?.limits ?? []) defaultItem(item);
  },
  // The only kind that needs neither name nor generateName.
  prepareForCreate(limitRange, context) {
    limitRange.metadata ??= {};
    limitRange.metadata.name ||= context.uuid();
  },
  validateCreate: limitRangeErrors,
  validateUpdate: limitRangeErrors,
};
