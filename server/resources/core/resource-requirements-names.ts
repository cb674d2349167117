import { type FieldErrors, type FieldPath, invalid, notSupported } from '../../../api/field-error.ts';
import { isQualifiedName } from '../../../api/names.ts';

const hugePagesPrefix = 'hugepages-';
const quotaPrefix = 'requests.';
const containerResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const integerResources: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const standardResources: ReadonlySet<string> = new Set([
  ...integerResources,
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'storage',
  'requests.storage',
]);

export function isHugePageResource(name: string): boolean {
  return name.startsWith(hugePagesPrefix);
}

/** Kubernetes' own resources, as opposed to extended ones (`example.com/gpu`). */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith(quotaPrefix)) return false;
  return isQualifiedName(quotaPrefix + name).length === 0;
}

export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePageResource(name);
}

export function isIntegerResource(name: string): boolean {
  return integerResources.has(name) || isExtendedResource(name);
}

/** Resources that a pod as a whole may request. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePageResource(name);
}

export function validateResourceName(name: string, path: FieldPath, errors: FieldErrors): boolean {
  const messages = isQualifiedName(name);
  for (const message of messages) errors.push(invalid(path, name, message));
  if (messages.length > 0) return false;
  const known =
    standardResources.has(name) || isHugePageResource(name) || name.startsWith(quotaPrefix + hugePagesPrefix);
  if (name.includes('/') || known) return true;
  errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
  return false;
}

export function validateContainerResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (containerResources.has(name)) return;
  validateResourceName(name, path, errors);
  if (name.split('/').length === 1) {
    if (!isHugePageResource(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
}

export function validatePodResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (!validateResourceName(name, path, errors)) return;
  if (!isPodLevelResource(name)) errors.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']));
}
