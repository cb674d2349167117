import { type FieldErrors, FieldPath, forbidden, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isDNS1123Subdomain, isQualifiedName, nameIsDNSLabel, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { compareQuantity } from '../../../api/quantity.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../../../api/validation/labels.ts';
import { validateTemplateObjectMeta } from '../../../api/validation/object-meta.ts';
import {
  basicResourceErrors,
  fieldIsImmutable,
  immutableErrors,
  invalidEach,
  metadataErrorsAgain,
  positiveQuantityErrors,
} from './field-checks.ts';
import { internalClaimSpec, isSameForm } from './persistent-volume-internal.ts';
import { accessModeErrors, volumeModes } from './persistent-volume-validation.ts';
import { jsonDiff } from './pod-diff.ts';
import { amountsOf, resourceQuantityErrors } from './resource-names.ts';
import { isNativeResource } from './resource-requirements-names.ts';

export type PersistentVolumeClaim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
export type ClaimSpec = Api<'io.k8s.api.core.v1.PersistentVolumeClaimSpec'>;
type ClaimTemplate = Api<'io.k8s.api.core.v1.PersistentVolumeClaimTemplate'>;
type DataSourceRef = Api<'io.k8s.api.core.v1.TypedObjectReference'>;

/** What an old object may keep although a new one could not have it. */
export interface ClaimOptions {
  readonly allowInvalidLabelValueInSelector?: boolean;
  readonly allowInvalidAPIGroupInDataSource?: boolean;
}

export const betaStorageClass = 'volume.beta.kubernetes.io/storage-class';
const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();
const specPath = FieldPath.of('spec');

function dataSourceErrors(source: Readonly<DataSourceRef>, path: FieldPath, options: ClaimOptions): FieldErrors {
  const { name = '', kind = '', apiGroup = '', namespace = '' } = source;
  const errors: FieldErrors = [];
  if (name === '') errors.push(required(path.child('name')));
  if (kind === '') errors.push(required(path.child('kind')));
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (apiGroup !== '' && !options.allowInvalidAPIGroupInDataSource) {
    errors.push(...invalidEach(path.child('apiGroup'), apiGroup, isDNS1123Subdomain(apiGroup)));
  }
  if (namespace !== '') {
    errors.push(...invalidEach(path.child('namespace'), namespace, nameIsDNSLabel(namespace, false)));
  }
  return errors;
}

function dataSourcesErrors(spec: Readonly<ClaimSpec>, path: FieldPath, options: ClaimOptions): FieldErrors {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldErrors = [];
  if (dataSource !== undefined) errors.push(...dataSourceErrors(dataSource, path.child('dataSource'), options));
  if (dataSourceRef !== undefined)
    errors.push(...dataSourceErrors(dataSourceRef, path.child('dataSourceRef'), options));
  if (dataSource === undefined || dataSourceRef === undefined) return errors;
  // The value shown is Go's path struct, which has no visible fields.
  if (dataSourceRef.namespace) {
    errors.push(invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    (dataSource.kind ?? '') !== (dataSourceRef.kind ?? '') ||
    (dataSource.name ?? '') !== (dataSourceRef.name ?? '')
  ) {
    errors.push(invalid(path, {}, 'must match dataSourceRef'));
  }
  return errors;
}

function storageErrors(spec: Readonly<ClaimSpec>, path: FieldPath): FieldErrors {
  const storage = amountsOf(spec.resources?.requests)['storage'];
  if (storage === undefined) return [required(path)];
  const errors = positiveQuantityErrors(storage, path);
  return errors.length > 0 ? errors : resourceQuantityErrors('storage', storage, path);
}

function classNameErrors(name: string | undefined, path: FieldPath): FieldErrors {
  return name ? invalidEach(path, name, nameIsDNSSubdomain(name, false)) : [];
}

/** Claims, and templates of claims in StatefulSets and ephemeral volumes. */
export function validateClaimSpec(spec: Readonly<ClaimSpec>, path: FieldPath, options: ClaimOptions = {}): FieldErrors {
  const modes = spec.accessModes ?? [];
  const errors: FieldErrors = [];
  if (modes.length === 0) errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'));
  const { allowInvalidLabelValueInSelector = false } = options;
  errors.push(...validateLabelSelector(spec.selector, { allowInvalidLabelValueInSelector }, path.child('selector')));
  errors.push(...accessModeErrors(modes, path.child('accessModes')));
  errors.push(...storageErrors(spec, path.child('resources').key('storage')));
  errors.push(...classNameErrors(spec.storageClassName, path.child('storageClassName')));
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(notSupported(path.child('volumeMode'), spec.volumeMode, volumeModes));
  }
  errors.push(...dataSourcesErrors(spec, path, options));
  errors.push(...classNameErrors(spec.volumeAttributesClassName, path.child('volumeAttributesClassName')));
  return errors;
}

/** Of an ephemeral volume. */
export function validateClaimTemplate({ metadata, spec = {} }: Readonly<ClaimTemplate>, path: FieldPath): FieldErrors {
  return [
    ...validateTemplateObjectMeta(metadata, path.child('metadata')),
    ...validateClaimSpec(spec, path.child('spec')),
  ];
}

function optionsFor({ spec }: Readonly<PersistentVolumeClaim>): ClaimOptions {
  const { selector, dataSource, dataSourceRef } = spec ?? {};
  return {
    allowInvalidLabelValueInSelector: hasInvalidLabelValue(selector),
    allowInvalidAPIGroupInDataSource: dataSource?.apiGroup !== undefined || dataSourceRef?.apiGroup !== undefined,
  };
}

/** The class moved from the old annotation into the spec, where both name the same. */
function isClassMoved(claim: Readonly<PersistentVolumeClaim>, old: Readonly<PersistentVolumeClaim>): boolean {
  const annotation = old.metadata?.annotations?.[betaStorageClass];
  const kept = claim.metadata?.annotations?.[betaStorageClass];
  return (
    annotation !== undefined &&
    old.spec?.storageClassName === undefined &&
    claim.spec?.storageClassName === annotation &&
    (kept === undefined || kept === annotation)
  );
}

function isClassFilledIn(claim: Readonly<PersistentVolumeClaim>, old: Readonly<PersistentVolumeClaim>): boolean {
  const annotation = old.metadata?.annotations?.[betaStorageClass];
  const name = claim.spec?.storageClassName;
  return (
    name !== undefined && old.spec?.storageClassName === undefined && (annotation === undefined || annotation === name)
  );
}

/** Both specs without the differences that are allowed. */
function comparedSpecs(
  claim: Readonly<PersistentVolumeClaim>,
  old: Readonly<PersistentVolumeClaim>,
): [ClaimSpec, ClaimSpec] {
  const after: ClaimSpec = structuredClone(claim.spec ?? {});
  const before: ClaimSpec = structuredClone(old.spec ?? {});
  if (!before.volumeName && after.volumeName !== undefined) before.volumeName = after.volumeName;
  if (isClassMoved(claim, old)) delete after.storageClassName;
  else if (isClassFilledIn(claim, old)) delete after.storageClassName;
  if (claim.status?.phase === 'Bound') {
    const storage = amountsOf(before.resources?.requests)['storage'] ?? '0';
    if (after.resources?.requests !== undefined) {
      after.resources = { ...after.resources, requests: { ...after.resources.requests, storage } };
    }
    delete after.volumeAttributesClassName;
    if (before.volumeAttributesClassName !== undefined)
      after.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  return [before, after];
}

function attributesClassErrors(
  claim: Readonly<PersistentVolumeClaim>,
  old: Readonly<PersistentVolumeClaim>,
): FieldErrors {
  const name = claim.spec?.volumeAttributesClassName;
  if (name === old.spec?.volumeAttributesClassName || old.status?.currentVolumeAttributesClassName === undefined)
    return [];
  if (name !== undefined && name !== '') return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const why = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden(specPath.child('volumeAttributesClassName'), why)];
}

export function claimErrors(claim: Readonly<PersistentVolumeClaim>): FieldErrors {
  return validateClaimSpec(claim.spec ?? {}, specPath);
}

export function claimUpdateErrors(
  claim: Readonly<PersistentVolumeClaim>,
  old: Readonly<PersistentVolumeClaim>,
): FieldErrors {
  const errors = [
    ...metadataErrorsAgain(claim, 'namespaced'),
    ...validateClaimSpec(claim.spec ?? {}, specPath, optionsFor(old)),
  ];
  const annotation = claim.metadata?.annotations?.[betaStorageClass] ?? '';
  if (!isClassMoved(claim, old) && annotation !== (old.metadata?.annotations?.[betaStorageClass] ?? '')) {
    errors.push(invalid(FieldPath.of('metadata', 'annotations', betaStorageClass), annotation, fieldIsImmutable));
  }
  const [before, after] = comparedSpecs(claim, old).map(internalClaimSpec);
  if (!isSameForm(before, after)) {
    const what =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbidden(specPath, `${what}\n${jsonDiff(before, after)}`));
  }
  const size = amountsOf(claim.spec?.resources?.requests)['storage'] ?? '0';
  const oldSize = amountsOf(old.spec?.resources?.requests)['storage'] ?? '0';
  const actualSize = amountsOf(old.status?.capacity)['storage'] ?? '0';
  // A growth that cannot succeed may be taken back, but not to what is there already.
  if (compareQuantity(size, oldSize) < 0 && compareQuantity(size, actualSize) <= 0) {
    const path = specPath.child('resources', 'requests', 'storage');
    errors.push(forbidden(path, 'field can not be less than status.capacity'));
  }
  errors.push(...immutableErrors(claim.spec?.volumeMode, old.spec?.volumeMode, FieldPath.of('volumeMode')));
  return [...errors, ...attributesClassErrors(claim, old)];
}

function resourceKeyErrors(name: string, path: FieldPath): FieldErrors {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors;
  return [notSupported(path, name, ['storage'])];
}

export function claimStatusErrors({ spec, status }: Readonly<PersistentVolumeClaim>): FieldErrors {
  const errors: FieldErrors = [];
  const path = FieldPath.of('status');
  if (!spec?.accessModes?.length) errors.push(required(FieldPath.of('Spec', 'accessModes')));
  for (const [name, quantity] of Object.entries(amountsOf(status?.capacity))) {
    errors.push(...basicResourceErrors(quantity, path.child('capacity').key(name)));
  }
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const at = path.child('allocatedResourceStatuses');
    errors.push(...resourceKeyErrors(name, at));
    if (!resizeStates.includes(state)) errors.push(notSupported(at, name, resizeStates));
  }
  for (const [name, quantity] of Object.entries(amountsOf(status?.allocatedResources))) {
    const at = path.child('allocatedResources');
    let found = resourceKeyErrors(name, at);
    if (found.length === 0) found = basicResourceErrors(quantity, at.key(name));
    if (found.length === 0) found = resourceQuantityErrors('storage', quantity, at.key(name));
    errors.push(...found);
  }
  return errors;
}
