import { type FieldErrors, type FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { byteLength, nameIsDNSLabel } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { invalidEach } from './field-checks.ts';
import { csiErrors } from './persistent-volume-csi.ts';
import { validateNoBacksteps } from './volume-paths.ts';
import {
  iscsiNameProblem,
  longSession,
  requireFields,
  validateAzureDisk,
  validateFC,
  validateFlexVolume,
  validateFlocker,
  validateHostPath,
  validateLun,
  validateNFS,
  validatePartition,
  validateQuobyte,
  validateStorageOS,
} from './volume-sources.ts';

// Sources that volumes of pods have too are checked as theirs are, where upstream has one rule for both.

export type VolumeSpec = Api<'io.k8s.api.core.v1.PersistentVolumeSpec'>;
type Source<Key extends keyof VolumeSpec> = Readonly<NonNullable<VolumeSpec[Key]>>;

function validateISCSI(source: Source<'iscsi'>, path: FieldPath, errors: FieldErrors, volumeName: string): void {
  const { targetPortal = '', iqn = '', lun = 0, initiatorName, secretRef } = source;
  const malformed = 'must be valid format';
  requireFields(source, ['targetPortal'], path, errors);
  if (initiatorName !== undefined && byteLength(`${volumeName}:${targetPortal}`) > 64)
    errors.push(invalid(path.child('targetportal'), targetPortal, longSession));
  requireFields(source, ['iqn'], path, errors);
  if (iqn !== '' && iscsiNameProblem(iqn) !== undefined) errors.push(invalid(path.child('iqn'), iqn, malformed));
  validateLun(lun, path, errors);
  if ((source.chapAuthDiscovery || source.chapAuthSession) && secretRef === undefined)
    errors.push(required(path.child('secretRef')));
  if (secretRef !== undefined) requireFields(secretRef, ['name'], path.child('secretRef'), errors);
  if (initiatorName !== undefined && iscsiNameProblem(initiatorName) !== undefined)
    errors.push(invalid(path.child('initiatorname'), initiatorName, malformed));
}

function validateGlusterfs(source: Source<'glusterfs'>, path: FieldPath, errors: FieldErrors): void {
  const { endpointsNamespace: namespace } = source;
  requireFields(source, ['endpoints', 'path'], path, errors);
  if (namespace === undefined) return;
  const messages =
    namespace === ''
      ? ['if the endpointnamespace is set, it must be a valid namespace name']
      : nameIsDNSLabel(namespace, false);
  errors.push(...invalidEach(path.child('endpointsNamespace'), namespace, messages));
}

type Check<Key extends keyof VolumeSpec> = (
  source: NonNullable<VolumeSpec[Key]>,
  path: FieldPath,
  errors: FieldErrors,
  volumeName: string,
) => void;

interface SourceRule {
  readonly key: keyof VolumeSpec;
  /** Where it stands in errors about its contents, and in those about a second source: upstream spells some differently. */
  readonly at: string;
  readonly second: string;
  readonly check: (source: never, path: FieldPath, errors: FieldErrors, volumeName: string) => void;
}

function rule<Key extends keyof VolumeSpec>(
  key: Key,
  check: Check<Key>,
  at: string = key,
  second: string = key,
): SourceRule {
  return { key, check, at, second };
}

/** In the order in which they are looked at. */
const rules: readonly SourceRule[] = [
  rule('hostPath', validateHostPath),
  rule(
    'gcePersistentDisk',
    (source, path, errors) => {
      requireFields(source, ['pdName'], path, errors);
      validatePartition(source.partition, path, errors);
    },
    'persistentDisk',
  ),
  rule('awsElasticBlockStore', (source, path, errors) => {
    requireFields(source, ['volumeID'], path, errors);
    validatePartition(source.partition, path, errors);
  }),
  rule('glusterfs', validateGlusterfs),
  rule('flocker', validateFlocker),
  rule('nfs', validateNFS),
  requiring('rbd', ['monitors', 'image']),
  rule('quobyte', validateQuobyte),
  requiring('cephfs', ['monitors'], 'cephFS'),
  rule('iscsi', validateISCSI),
  rule('cinder', (source, path, errors) => {
    requireFields(source, ['volumeID'], path, errors);
    if (source.secretRef !== undefined)
      requireFields(source.secretRef, ['name', 'namespace'], path.child('secretRef'), errors);
  }),
  rule('fc', validateFC),
  rule('flexVolume', validateFlexVolume),
  rule('azureFile', (source, path, errors) => {
    requireFields(source, ['secretName', 'shareName'], path, errors);
    if (source.secretNamespace === '') errors.push(required(path.child('secretNamespace')));
  }),
  requiring('vsphereVolume', ['volumePath']),
  requiring('photonPersistentDisk', ['pdID']),
  requiring('portworxVolume', ['volumeID']),
  rule('azureDisk', validateAzureDisk),
  requiring('scaleIO', ['gateway', 'system', 'volumeName']),
  rule('local', (source, path, errors) => {
    requireFields(source, ['path'], path, errors);
    validateNoBacksteps(source.path ?? '', path.child('path'), errors);
  }),
  rule('storageos', (source, path, errors) => {
    validateStorageOS(source, path, errors);
    if (source.secretRef !== undefined) requireFields(source.secretRef, ['namespace'], path.child('secretRef'), errors);
  }),
  rule('csi', (source, path, errors) => errors.push(...csiErrors(source, path))),
];

function requiring<Key extends keyof VolumeSpec>(
  key: Key,
  needed: readonly string[],
  second: string = key,
): SourceRule {
  return rule(key, (source, path, errors) => requireFields(Object(source), needed, path, errors), key, second);
}

/** Exactly one source, and that one complete. */
export function volumeSourceErrors(spec: Readonly<VolumeSpec>, volumeName: string, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  let found = 0;
  for (const { key, at, second, check } of rules) {
    const value = spec[key];
    if (value === undefined) continue;
    // A second flexVolume passes: upstream forgot to look.
    if (found > 0 && key !== 'flexVolume') {
      errors.push(forbidden(path.child(second), 'may not specify more than 1 volume type'));
      continue;
    }
    found++;
    check(value as never, path.child(at), errors, volumeName);
    if (key === 'local' && spec.nodeAffinity === undefined) {
      errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
    }
  }
  if (found === 0) errors.push(required(path, 'must specify a volume type'));
  return errors;
}
