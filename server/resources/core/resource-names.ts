import { type FieldErrors, type FieldPath, invalid } from '../../../api/field-error.ts';
import { isWholeQuantity, nonnegativeQuantityErrors } from './field-checks.ts';
import { isHugePageResource, isIntegerResource, validateResourceName } from './resource-requirements-names.ts';

/** Quantities by resource name, as decoded. */
export type Amounts = Readonly<Record<string, string>>;

export function amountsOf(list: object | undefined): Amounts {
  return (list ?? {}) as Amounts;
}

const quotaNames = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

export function isStandardQuotaResourceName(name: string): boolean {
  return quotaNames.has(name) || isHugePageResource(name) || name.startsWith('requests.hugepages-');
}

export function resourceNameErrors(name: string, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  validateResourceName(name, path, errors);
  return errors;
}

export function quotaResourceNameErrors(name: string, path: FieldPath): FieldErrors {
  const errors = resourceNameErrors(name, path);
  if (!name.includes('/') && !isStandardQuotaResourceName(name)) {
    errors.push(invalid(path, name, 'must be a standard resource for quota'));
  }
  return errors;
}

/** Not negative, and whole where the resource counts things. */
export function resourceQuantityErrors(name: string, quantity: string, path: FieldPath): FieldErrors {
  const errors = nonnegativeQuantityErrors(quantity, path);
  if (isIntegerResource(name) && !isWholeQuantity(quantity)) {
    errors.push(invalid(path, quantity, 'must be an integer'));
  }
  return errors;
}
