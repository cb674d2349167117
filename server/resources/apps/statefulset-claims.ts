import type { FieldErrors, FieldPath } from '../../../api/field-error.ts';
import { type PersistentVolumeClaim, validateClaimSpec } from '../core/persistent-volume-claim-validation.ts';
import { claimSpecWarnings, defaultClaimSpec } from '../core/persistent-volume-claims.ts';

/** Claim templates say their kind, and have the defaults of claims. */
export function defaultClaimTemplate(claim: PersistentVolumeClaim): void {
  claim.apiVersion = 'v1';
  claim.kind = 'PersistentVolumeClaim';
  claim.spec ??= {};
  defaultClaimSpec(claim.spec);
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
}

export function validateClaimTemplates(claims: readonly PersistentVolumeClaim[], path: FieldPath): FieldErrors {
  return claims.flatMap((claim, i) => validateClaimSpec(claim.spec ?? {}, path.index(i).child('spec')));
}

export function claimTemplateWarnings(
  claims: readonly PersistentVolumeClaim[],
  path: (index: number) => FieldPath,
): string[] {
  return claims.flatMap((claim, i) => claimSpecWarnings(claim.spec ?? {}, path(i)));
}
