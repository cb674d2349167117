import { duplicate, type FieldErrors, FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { isDNS1123Label, nameIsDNSSubdomain } from '../../../api/names.ts';
import { toInternal } from './pod-internal.ts';
import type { PodSpec } from './pod-types.ts';

const noClaims: ReadonlySet<string> = new Set();

export function claimNames(spec: Readonly<PodSpec>): ReadonlySet<string> {
  if (spec.resourceClaims === undefined) return noClaims;
  return new Set(spec.resourceClaims.map(({ name = '' }) => name).filter((name) => name !== ''));
}

/** `isMirror`: the API's image of a pod that a kubelet read from disk. */
export function validateResourceClaims(
  claims: NonNullable<PodSpec['resourceClaims']>,
  isMirror: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  for (const [i, claim] of claims.entries()) {
    if (isMirror) {
      errors.push(forbidden(FieldPath.of('').key(''), 'static pods do not support resource claims'));
      continue;
    }
    const at = path.index(i);
    const { name = '', resourceClaimName, resourceClaimTemplateName } = claim;
    if (name === '') errors.push(required(at.child('name')));
    else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else for (const message of isDNS1123Label(name)) errors.push(invalid(at.child('name'), name, message));
    names.add(name);
    const shown = (): unknown => toInternal(claim, 'PodResourceClaim');
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalid(at, shown(), detail));
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(invalid(at, shown(), 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const value = claim[field];
      for (const message of value === undefined ? [] : nameIsDNSSubdomain(value, false)) {
        errors.push(invalid(at.child(field), value, message));
      }
    }
  }
}
