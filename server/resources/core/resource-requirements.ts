import { duplicate, type FieldErrors, type FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { isDNS1123Label } from '../../../api/names.ts';
import { compareQuantity, parseQuantity, type Quantity, QuantityError } from '../../../api/quantity.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { ResourceList, ResourceRequirements } from './pod-types.ts';
import { quantities } from './resource-requirements-list.ts';
import {
  isHugePageResource,
  isIntegerResource,
  isOvercommitAllowed,
  validateContainerResourceName,
} from './resource-requirements-names.ts';

export type ResourceNameCheck = (name: string, path: FieldPath, errors: FieldErrors) => void;

const noNames: ReadonlySet<string> = new Set();

/** Limits, requests and claims of a container; with another name check those of a pod. */
export function validateResourceRequirements(
  requirements: Readonly<ResourceRequirements>,
  path: FieldPath,
  errors: FieldErrors,
  options: {
    readonly pod: PodValidationOptions;
    readonly claims?: ReadonlySet<string>;
    readonly name?: ResourceNameCheck;
  },
): void {
  const { claims } = requirements;
  const limits = quantities(requirements.limits);
  const requests = quantities(requirements.requests);
  if (limits === undefined && requests === undefined && claims === undefined) return;
  const name = options.name ?? validateContainerResourceName;
  const limitsPath = path.child('limits');
  const requestsPath = path.child('requests');
  for (const resource in limits) {
    validateEntry(resource, limits, limitsPath, errors, name);
    validateHugePages(resource, limits, limitsPath, errors, options.pod);
  }
  for (const resource in requests) {
    validateEntry(resource, requests, requestsPath, errors, name);
    validateAgainstLimit(resource, requests[resource] ?? '', limits, { limitsPath, requestsPath }, errors);
    validateHugePages(resource, requests, requestsPath, errors, options.pod);
  }
  if (
    !hasComputeResource(limits) &&
    !hasComputeResource(requests) &&
    (hasHugePages(limits) || hasHugePages(requests))
  ) {
    errors.push(forbidden(path, 'HugePages require cpu or memory'));
  }
  if (claims !== undefined) validateClaimNames(claims, options.claims ?? noNames, path.child('claims'), errors);
}

function validateEntry(
  resource: string,
  list: ResourceList,
  path: FieldPath,
  errors: FieldErrors,
  name: ResourceNameCheck,
): void {
  const quantity = list[resource] ?? '';
  if ((resource === 'cpu' || resource === 'memory') && quantity[0] !== '-') return;
  const entryPath = path.key(resource);
  name(resource, entryPath, errors);
  validateResourceQuantity(resource, quantity, entryPath, errors);
}

function validateHugePages(
  resource: string,
  list: ResourceList,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (!isHugePageResource(resource) || options.allowIndivisibleHugePages === true) return;
  const quantity = list[resource] ?? '';
  if (isDivisible(resource, quantity)) return;
  errors.push(invalid(path.key(resource), quantity, `${quantity} is not positive integer multiple of ${resource}`));
}

function validateAgainstLimit(
  resource: string,
  request: string,
  limits: ResourceList | undefined,
  paths: { readonly limitsPath: FieldPath; readonly requestsPath: FieldPath },
  errors: FieldErrors,
): void {
  const limit = limits?.[resource];
  if (limit === request) return;
  if (limit === undefined) {
    if (isOvercommitAllowed(resource)) return;
    errors.push(required(paths.limitsPath, 'Limit must be set for non overcommitable resources'));
    return;
  }
  const order = compareQuantity(request, limit);
  if (order !== 0 && !isOvercommitAllowed(resource)) {
    errors.push(invalid(paths.requestsPath, request, `must be equal to ${resource} limit of ${limit}`));
  } else if (order > 0) {
    errors.push(invalid(paths.requestsPath, request, `must be less than or equal to ${resource} limit of ${limit}`));
  }
}

/** Not negative, and whole where the resource is counted. */
export function validateResourceQuantity(
  resource: string,
  quantity: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (quantity[0] === '-') errors.push(invalid(path, quantity, 'must be greater than or equal to 0'));
  if (isIntegerResource(resource) && parseQuantity(quantity).milliValue() % 1000n !== 0n) {
    errors.push(invalid(path, quantity, 'must be an integer'));
  }
}

function isDivisible(resource: string, quantity: string): boolean {
  const size = pageSize(resource.slice('hugepages-'.length));
  if (size === undefined || size.sign() <= 0 || size.milliValue() % 1000n !== 0n) return false;
  return parseQuantity(quantity).value() % size.value() === 0n;
}

function pageSize(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

/** Whether a list holds a hugepages quantity that is no multiple of its page. */
export function hasIndivisibleHugePages(list: Readonly<ResourceList> | undefined): boolean {
  for (const resource in list)
    if (isHugePageResource(resource) && !isDivisible(resource, list[resource] ?? '')) return true;
  return false;
}

function hasComputeResource(list: ResourceList | undefined): boolean {
  return list !== undefined && ('cpu' in list || 'memory' in list);
}

function hasHugePages(list: ResourceList | undefined): boolean {
  for (const resource in list) if (isHugePageResource(resource)) return true;
  return false;
}

function validateClaimNames(
  claims: NonNullable<ResourceRequirements['claims']>,
  known: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  for (const [i, { name = '', request = '' }] of claims.entries()) {
    const at = path.index(i);
    if (name === '') {
      errors.push(required(at));
      continue;
    }
    if (names.has(name)) errors.push(duplicate(at, name));
    else addClaim({ name, request }, names, at, errors);
    if (known.has(name)) continue;
    const which = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    errors.push({
      reason: 'FieldValueNotFound',
      field: at.toString(),
      detail: `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${which}`,
    });
  }
}

function addClaim(
  claim: { name: string; request: string },
  names: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { name, request } = claim;
  for (const message of request === '' ? [] : isDNS1123Label(request))
    errors.push(invalid(path.child('request'), request, message));
  const key = request === '' ? name : `${name}/${request}`;
  if (names.has(key)) errors.push(duplicate(path, key));
  else if (request === '') {
    for (const other of names) if (other.startsWith(`${name}/`)) errors.push(duplicate(path, name));
  }
  names.add(key);
}
