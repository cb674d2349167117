import { type FieldErrors, type FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { validateFieldSelector, validateResourceFieldSelector } from './container-downward.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { validateNonReservedPath } from './volume-paths.ts';

type KeyToPath = Api<'io.k8s.api.core.v1.KeyToPath'>;
type DownwardAPIFile = Api<'io.k8s.api.core.v1.DownwardAPIVolumeFile'>;
type DownwardAPI = Api<'io.k8s.api.core.v1.DownwardAPIVolumeSource'>;
type Projected = Api<'io.k8s.api.core.v1.ProjectedVolumeSource'>;
type Projection = Api<'io.k8s.api.core.v1.VolumeProjection'>;

const fieldPaths = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const minTokenSeconds = 10 * 60;
const maxTokenSeconds = 2 ** 32;

function validateMode(mode: number | undefined, path: FieldPath, field: string, errors: FieldErrors): void {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return;
  errors.push(invalid(path.child(field), mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}

/** Keys of a Secret or ConfigMap as files. */
export function validateKeyFiles(
  source: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly defaultMode?: number },
  path: FieldPath,
  errors: FieldErrors,
  nameField: 'name' | 'secretName' = 'name',
): void {
  if (!source.name) errors.push(required(path.child(nameField)));
  validateMode(source.defaultMode, path, 'defaultMode', errors);
  for (const [i, item] of (source.items ?? []).entries()) validateKeyToPath(item, path.child('items').index(i), errors);
}

function validateKeyToPath(item: Readonly<KeyToPath>, path: FieldPath, errors: FieldErrors): void {
  if (!item.key) errors.push(required(path.child('key')));
  if (!item.path) errors.push(required(path.child('path')));
  validateNonReservedPath(item.path ?? '', path.child('path'), errors);
  validateMode(item.mode, path, 'mode', errors);
}

/** Upstream reports the files of the volume at the volume, without an index. */
export function validateDownwardAPI(source: Readonly<DownwardAPI>, path: FieldPath, errors: FieldErrors): void {
  validateMode(source.defaultMode, path, 'defaultMode', errors);
  for (const file of source.items ?? []) validateDownwardAPIFile(file, path, errors);
}

function validateDownwardAPIFile(file: Readonly<DownwardAPIFile>, path: FieldPath, errors: FieldErrors): void {
  const { fieldRef, resourceFieldRef } = file;
  if (!file.path) errors.push(required(path.child('path')));
  validateNonReservedPath(file.path ?? '', path.child('path'), errors);
  if (fieldRef !== undefined) {
    validateFieldSelector(fieldRef, fieldPaths, path.child('fieldRef'), errors);
    if (resourceFieldRef !== undefined) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (resourceFieldRef !== undefined) {
    validateResourceFieldSelector(resourceFieldRef, true, path.child('resourceFieldRef'), errors);
  } else {
    errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  }
  validateMode(file.mode, path, 'mode', errors);
}

export function validateProjected(
  source: Readonly<Projected>,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  validateMode(source.defaultMode, path, 'defaultMode', errors);
  const taken = new Set<string>();
  for (const [i, projection] of (source.sources ?? []).entries()) {
    const at = path.child('sources').index(i);
    for (const kind of ['secret', 'configMap'] as const) {
      const keys = projection[kind];
      if (keys === undefined) continue;
      validateProjectedKeys(keys, at.child(kind), errors, (file) =>
        claimFile(file, keys.name ?? '', taken, path, errors),
      );
    }
    for (const file of projection.downwardAPI?.items ?? []) {
      validateDownwardAPIFile(file, at.child('downwardAPI'), errors);
      claimFile(file.path ?? '', file.path ?? '', taken, path, errors);
    }
    if (projection.serviceAccountToken !== undefined)
      validateToken(projection.serviceAccountToken, path, at, errors, options);
    if (sourceCount(projection) > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
  }
}

function validateProjectedKeys(
  keys: { readonly name?: string; readonly items?: readonly KeyToPath[] },
  path: FieldPath,
  errors: FieldErrors,
  claim: (file: string) => void,
): void {
  if (!keys.name) errors.push(required(path.child('name')));
  for (const [i, item] of (keys.items ?? []).entries()) {
    validateKeyToPath(item, path.child('items').index(i), errors);
    claim(item.path ?? '');
  }
}

function claimFile(file: string, shown: string, taken: Set<string>, path: FieldPath, errors: FieldErrors): void {
  if (file === '') return;
  if (taken.has(file)) errors.push(invalid(path, shown, 'conflicting duplicate paths'));
  taken.add(file);
}

function validateToken(
  token: NonNullable<Projection['serviceAccountToken']>,
  volumePath: FieldPath,
  sourcePath: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  const { expirationSeconds = 0, path: file = '' } = token;
  const secondsPath = sourcePath.child('serviceAccountToken', 'expirationSeconds');
  if (expirationSeconds < minTokenSeconds) {
    errors.push(invalid(secondsPath, expirationSeconds, 'may not specify a duration less than 10 minutes'));
  }
  if (expirationSeconds > maxTokenSeconds) {
    errors.push(invalid(secondsPath, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  // Upstream names the volume, not the source.
  if (file === '') errors.push(required(volumePath.child('path')));
  else if (!options.allowNonLocalProjectedTokenPath) validateNonReservedPath(file, volumePath.child('path'), errors);
}

function sourceCount(projection: Readonly<Projection>): number {
  const { secret, configMap, downwardAPI, serviceAccountToken } = projection;
  return [secret, configMap, downwardAPI, serviceAccountToken].filter((source) => source !== undefined).length;
}
