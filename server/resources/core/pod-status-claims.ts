import { duplicate, type FieldErrors, type FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isDNS1123Label, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { PodSpec, PodStatus } from './pod-types.ts';

type ExtendedClaim = NonNullable<PodStatus['extendedResourceClaimStatus']>;

/** The claims that were made for a pod must be those it asks for. */
export function validateClaimStatuses(
  status: Readonly<PodStatus>,
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  for (const [i, { name = '', resourceClaimName }] of (status.resourceClaimStatuses ?? []).entries()) {
    const at = path.child('resourceClaimStatuses').index(i);
    if (!(spec.resourceClaims ?? []).some((claim) => (claim.name ?? '') === name)) {
      errors.push(invalid(at.child('name'), name, 'must match the name of an entry in `spec.resourceClaims`'));
    }
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    for (const message of resourceClaimName === undefined ? [] : nameIsDNSSubdomain(resourceClaimName, false)) {
      errors.push(invalid(at.child('resourceClaimName'), resourceClaimName, message));
    }
  }
  const extended = status.extendedResourceClaimStatus;
  if (extended !== undefined) validateExtendedClaim(extended, spec, path.child('extendedResourceClaimStatus'), errors);
}

function validateExtendedClaim(
  claim: Readonly<ExtendedClaim>,
  spec: Readonly<PodSpec>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { requestMappings = [], resourceClaimName = '' } = claim;
  const mappingsPath = path.child('requestMappings');
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const seen = new Set<string>();
  if (requestMappings.length === 0) errors.push(required(mappingsPath, 'at least one request mapping is required'));
  for (const [i, { containerName = '', resourceName = '', requestName = '' }] of requestMappings.entries()) {
    const at = mappingsPath.index(i);
    const container = containers.findLast((candidate) => (candidate.name ?? '') === containerName);
    if (container === undefined) {
      const detail = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
      errors.push(invalid(at.child('containerName'), containerName, detail));
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const lists = 'spec.initContainers.resources.requests or spec.containers.resources.requests';
      const detail = `must match the extended resource name of an entry in ${lists}`;
      errors.push(invalid(at.child('resourceName'), resourceName, detail));
    }
    for (const message of isDNS1123Label(requestName))
      errors.push(invalid(path.child('requestName'), requestName, message));
    const key = `${containerName}/${resourceName}/${requestName}`;
    if (seen.has(key)) {
      errors.push(duplicate(at.child('containerName'), containerName));
      errors.push(duplicate(at.child('resourceName'), resourceName));
      errors.push(duplicate(at.child('requestName'), requestName));
    }
    seen.add(key);
  }
  if (resourceClaimName === '') errors.push(required(path.child('resourceClaimName')));
  for (const message of resourceClaimName === '' ? [] : nameIsDNSSubdomain(resourceClaimName, false)) {
    errors.push(invalid(path.child('resourceClaimName'), resourceClaimName, message));
  }
}
