import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isDNS1123Subdomain, nameIsDNSLabel, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { compareQuantity } from '../../../api/quantity.ts';
import { validateLabelSelector } from '../../../api/validation/labels.ts';
import { validateTemplateObjectMeta } from '../../../api/validation/object-meta.ts';
import { quantities } from './resource-requirements-list.ts';

type ClaimTemplate = Api<'io.k8s.api.core.v1.PersistentVolumeClaimTemplate'>;
type ClaimSpec = Api<'io.k8s.api.core.v1.PersistentVolumeClaimSpec'>;
type DataSource = Api<'io.k8s.api.core.v1.TypedObjectReference'>;

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];
/** The template of an ephemeral volume's claim. */
export function validateClaimTemplate(template: Readonly<ClaimTemplate>, path: FieldPath): FieldErrors {
  const { metadata = {}, spec = {} } = template;
  const errors = validateTemplateObjectMeta(metadata, path.child('metadata'));
  validateClaimSpec(spec, path.child('spec'), errors);
  return errors;
}

function validateClaimSpec(spec: Readonly<ClaimSpec>, path: FieldPath, errors: FieldErrors): void {
  const { accessModes: modes = [], storageClassName, volumeMode, volumeAttributesClassName } = spec;
  if (modes.length === 0) errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'));
  errors.push(...validateLabelSelector(spec.selector, {}, path.child('selector')));
  for (const mode of modes) {
    if (!accessModes.includes(mode)) errors.push(notSupported(path.child('accessModes'), mode, accessModes));
  }
  if (
    modes.includes('ReadWriteOncePod') &&
    modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  ) {
    errors.push(forbidden(path.child('accessModes'), 'may not use ReadWriteOncePod with other access modes'));
  }
  const storage = quantities(spec.resources?.requests)?.['storage'];
  const storagePath = path.child('resources').key('storage');
  if (storage === undefined) errors.push(required(storagePath));
  else if (compareQuantity(storage, '0') <= 0) errors.push(invalid(storagePath, storage, 'must be greater than zero'));
  validateClassName(storageClassName, path.child('storageClassName'), errors);
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode)) {
    errors.push(notSupported(path.child('volumeMode'), volumeMode, volumeModes));
  }
  validateDataSources(spec, path, errors);
  validateClassName(volumeAttributesClassName, path.child('volumeAttributesClassName'), errors);
}

function validateClassName(name: string | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const message of name ? nameIsDNSSubdomain(name, false) : []) errors.push(invalid(path, name, message));
}

function validateDataSources(spec: Readonly<ClaimSpec>, path: FieldPath, errors: FieldErrors): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined) validateDataSource(dataSource, path.child('dataSource'), errors);
  if (dataSourceRef !== undefined) validateDataSource(dataSourceRef, path.child('dataSourceRef'), errors);
  if (dataSource === undefined || dataSourceRef === undefined) return;
  // The bad value is the path itself, which serialises to nothing.
  if (dataSourceRef.namespace) {
    errors.push(invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  ) {
    errors.push(invalid(path, {}, 'must match dataSourceRef'));
  }
}

function validateDataSource(source: Readonly<DataSource>, path: FieldPath, errors: FieldErrors): void {
  const { name = '', kind = '', apiGroup = '', namespace = '' } = source;
  if (name === '') errors.push(required(path.child('name')));
  if (kind === '') errors.push(required(path.child('kind')));
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  for (const message of apiGroup === '' ? [] : isDNS1123Subdomain(apiGroup)) {
    errors.push(invalid(path.child('apiGroup'), apiGroup, message));
  }
  for (const message of namespace === '' ? [] : nameIsDNSLabel(namespace, false)) {
    errors.push(invalid(path.child('namespace'), namespace, message));
  }
}
