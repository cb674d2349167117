import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isDNS1123Subdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import { invalidEach, positiveQuantityErrors } from '../core/field-checks.ts';
import type { ResourceList } from '../core/pod-types.ts';
import { defaultResourceList } from '../core/resource-requirements-defaults.ts';

export type PersistentVolumeClaim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type ClaimSpec = Api<'io.k8s.api.core.v1.PersistentVolumeClaimSpec'>;

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

/** Claim templates say their kind, and have the defaults of claims. */
export function defaultClaimTemplate(claim: PersistentVolumeClaim): void {
  claim.apiVersion = 'v1';
  claim.kind = 'PersistentVolumeClaim';
  claim.spec ??= {};
  claim.spec.volumeMode ??= 'Filesystem';
  if (claim.spec.resources?.requests !== undefined) defaultResourceList(claim.spec.resources.requests as ResourceList);
  if (claim.spec.resources?.limits !== undefined) defaultResourceList(claim.spec.resources.limits as ResourceList);
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
}

function validateAccessModes(modes: readonly string[], path: FieldPath): FieldErrors {
  const errors: FieldErrors = modes
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(path, mode, accessModes));
  if (
    modes.includes('ReadWriteOncePod') &&
    modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  ) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

function validateClaimSpec(spec: Readonly<ClaimSpec>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  const modes = spec.accessModes ?? [];
  const modesPath = path.child('accessModes');
  if (modes.length === 0) errors.push(required(modesPath, 'at least 1 access mode is required'));
  if (spec.selector !== undefined) errors.push(...validateLabelSelector(spec.selector, {}, path.child('selector')));
  errors.push(...validateAccessModes(modes, modesPath));
  const storagePath = path.child('resources').key('storage');
  const storage = spec.resources?.requests?.['storage'];
  errors.push(
    ...(storage === undefined ? [required(storagePath)] : positiveQuantityErrors(String(storage), storagePath)),
  );
  for (const field of ['storageClassName', 'volumeAttributesClassName'] as const) {
    const name = spec[field];
    if (name) errors.push(...invalidEach(path.child(field), name, isDNS1123Subdomain(name)));
    if (field === 'storageClassName' && spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
      errors.push(notSupported(path.child('volumeMode'), spec.volumeMode, volumeModes));
    }
  }
  return [...errors, ...validateDataSources(spec, path)];
}

function validateDataSources(spec: Readonly<ClaimSpec>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[field];
    if (source === undefined) continue;
    const sourcePath = path.child(field);
    if (!source.name) errors.push(required(sourcePath.child('name')));
    if (!source.kind) errors.push(required(sourcePath.child('kind')));
    const group = source.apiGroup ?? '';
    if (group === '' && source.kind !== 'PersistentVolumeClaim') {
      errors.push(
        invalid(sourcePath, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
      );
    }
    if (group !== '') errors.push(...invalidEach(sourcePath.child('apiGroup'), group, isDNS1123Subdomain(group)));
  }
  return errors;
}

export function validateClaimTemplates(claims: readonly PersistentVolumeClaim[], path: FieldPath): FieldErrors {
  return claims.flatMap((claim, i) => validateClaimSpec(claim.spec ?? {}, path.index(i).child('spec')));
}
