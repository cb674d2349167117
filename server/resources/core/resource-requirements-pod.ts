import { type FieldErrors, type FieldPath, forbidden, invalid } from '../../../api/field-error.ts';
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { Container, PodSpec, ResourceList, ResourceRequirements } from './pod-types.ts';
import { validateResourceRequirements } from './resource-requirements.ts';
import { quantities } from './resource-requirements-list.ts';
import {
  isHugePageResource,
  isOvercommitAllowed,
  isPodLevelResource,
  validatePodResourceName,
} from './resource-requirements-names.ts';

function add(list: ResourceList, more: Readonly<ResourceList> | undefined): void {
  for (const name in more) {
    const amount = more[name] ?? '0';
    const present = list[name];
    list[name] = present === undefined ? amount : parseQuantity(present).add(parseQuantity(amount)).toString();
  }
}

function raise(list: ResourceList, other: Readonly<ResourceList>): void {
  for (const name in other) {
    const amount = other[name] ?? '0';
    const present = list[name];
    if (present === undefined || compareQuantity(amount, present) > 0) list[name] = amount;
  }
}

/**
 * What the containers of a pod take together: the sum of containers and sidecars, or the largest need of an
 * init container beside the sidecars started before it.
 */
export function aggregateResources(spec: Readonly<PodSpec>, which: 'requests' | 'limits'): ResourceList {
  const total: ResourceList = {};
  for (const container of spec.containers ?? []) add(total, quantities(container.resources?.[which]));
  const sidecars: ResourceList = {};
  const init: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own = quantities(container.resources?.[which]);
    if (container.restartPolicy === 'Always') {
      add(total, own);
      add(sidecars, own);
      raise(init, sidecars);
    } else {
      const needed: ResourceList = {};
      add(needed, own);
      add(needed, sidecars);
      raise(init, needed);
    }
  }
  raise(total, init);
  return total;
}

/** Fills pod-level limits for huge pages and pod-level requests from what the containers ask for. */
export function defaultPodResources(spec: PodSpec): void {
  const resources = spec.resources;
  if (resources === undefined) return;
  if (hasAny(resources.limits) || hasAny(resources.requests)) defaultHugePageLimits(spec, resources);
  if (hasAny(resources.limits)) defaultPodRequests(spec, resources);
}

function hasAny(list: object | undefined): boolean {
  return list !== undefined && Object.keys(list).length > 0;
}

function defaultHugePageLimits(spec: Readonly<PodSpec>, resources: ResourceRequirements): void {
  const limits = quantities(resources.limits ?? {});
  const containerLimits = aggregateResources(spec, 'limits');
  for (const name in containerLimits) {
    if (!isHugePageResource(name) || resources.requests?.[name] !== undefined) continue;
    limits[name] ??= containerLimits[name] ?? '0';
  }
  if (hasAny(limits)) resources.limits = limits;
}

function defaultPodRequests(spec: Readonly<PodSpec>, resources: ResourceRequirements): void {
  const limits = quantities(resources.limits ?? {});
  const requests = quantities(resources.requests ?? {});
  const containerRequests = aggregateResources(spec, 'requests');
  for (const name in containerRequests) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= containerRequests[name] ?? '0';
  }
  for (const name in limits) if (isPodLevelResource(name)) requests[name] ??= limits[name] ?? '0';
  if (hasAny(requests)) resources.requests = requests;
}

export function validatePodResources(
  spec: Readonly<PodSpec>,
  claims: ReadonlySet<string>,
  specPath: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const resources = spec.resources;
  if (resources === undefined) return;
  const path = specPath.child('resources');
  if (spec.os?.name === 'windows') {
    errors.push(forbidden(path, 'may not be set for a windows pod'));
    return;
  }
  if (resources.claims !== undefined) {
    errors.push(forbidden(path.child('claims'), 'claims may not be set for Resources at pod-level'));
  }
  validateResourceRequirements(resources, path, errors, { pod: options, claims, name: validatePodResourceName });
  validateAggregates(spec, path, errors);
  for (const [i, container] of (spec.containers ?? []).entries()) {
    validateContainerLimits(container, quantities(resources.limits), path.child('containers').index(i), errors);
  }
}

function validateAggregates(spec: Readonly<PodSpec>, path: FieldPath, errors: FieldErrors): void {
  const requests = aggregateResources(spec, 'requests');
  for (const name in requests) {
    const own = quantities(spec.resources?.requests)?.[name];
    const sum = requests[name] ?? '0';
    if (own === undefined || compareQuantity(sum, own) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(invalid(path.child('requests').key(name), own, detail));
  }
  const limits = aggregateResources(spec, 'limits');
  for (const name in limits) {
    const own = quantities(spec.resources?.limits)?.[name];
    const sum = limits[name] ?? '0';
    if (!isHugePageResource(name) || own === undefined || compareQuantity(sum, own) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container limits of ${sum}`;
    errors.push(invalid(path.child('limits').key(name), own, detail));
  }
}

function validateContainerLimits(
  container: Readonly<Container>,
  podLimits: ResourceList | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const limits = quantities(container.resources?.limits);
  for (const name in limits) {
    const limit = limits[name] ?? '0';
    const podLimit = podLimits?.[name];
    if (podLimit === undefined || compareQuantity(limit, podLimit) <= 0) continue;
    errors.push(
      invalid(path.key(name).child('limits'), limit, `must be less than or equal to pod limits of ${podLimit}`),
    );
  }
}
