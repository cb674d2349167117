import { duplicate, type FieldErrors, type FieldPath, forbidden, invalid, required } from '../../../api/field-error.ts';
import { isDNS1123Label, nameIsDNSSubdomain } from '../../../api/names.ts';
import { validatePullPolicy } from './container-validation.ts';
import { validateClaimTemplate } from './persistent-volume-claim-validation.ts';
import type { PodValidationOptions } from './pod-options.ts';
import type { Volume } from './pod-types.ts';
import { validateDownwardAPI, validateKeyFiles, validateProjected } from './volume-files.ts';
import {
  requireFields,
  validateAzureDisk,
  validateCSI,
  validateFC,
  validateFlexVolume,
  validateFlocker,
  validateGitRepo,
  validateHostPath,
  validateISCSI,
  validateISCSISession,
  validateNFS,
  validatePartition,
  validateQuobyte,
  validateStorageOS,
} from './volume-sources.ts';

interface SourceContext {
  readonly volumeName: string;
  readonly podName: string;
  readonly options: PodValidationOptions;
}

interface SourceRule {
  readonly field: keyof Volume;
  /** Where upstream names the field differently when it is one too many. */
  readonly shownAs?: string;
  check(volume: Readonly<Volume>, path: FieldPath, errors: FieldErrors, context: SourceContext): void;
}

function rule<Field extends keyof Volume>(
  field: Field,
  check: (source: NonNullable<Volume[Field]>, path: FieldPath, errors: FieldErrors, context: SourceContext) => void,
  names: { readonly shownAs?: string; readonly checkedAs?: string } = {},
): SourceRule {
  return {
    field,
    shownAs: names.shownAs ?? field,
    check(volume, path, errors, context) {
      const source = volume[field];
      if (source !== undefined) check(source, path.child(names.checkedAs ?? field), errors, context);
    },
  };
}

function requiring<Field extends keyof Volume>(field: Field, ...needed: string[]): SourceRule {
  return rule(field, (source, path, errors) => requireFields(Object(source), needed, path, errors));
}

/** In upstream's order. emptyDir is apart: a second source beside it is the one too many. */
const rules: readonly SourceRule[] = [
  rule('hostPath', validateHostPath),
  rule('gitRepo', validateGitRepo),
  rule(
    'gcePersistentDisk',
    (source, path, errors) => {
      requireFields(source, ['pdName'], path, errors);
      validatePartition(source.partition, path, errors);
    },
    { checkedAs: 'persistentDisk' },
  ),
  rule('awsElasticBlockStore', (source, path, errors) => {
    requireFields(source, ['volumeID'], path, errors);
    validatePartition(source.partition, path, errors);
  }),
  rule('secret', (source, path, errors) =>
    validateKeyFiles({ ...source, name: source.secretName ?? '' }, path, errors, 'secretName'),
  ),
  rule('nfs', validateNFS),
  rule('iscsi', validateISCSI),
  requiring('glusterfs', 'endpoints', 'path'),
  rule('flocker', validateFlocker),
  requiring('persistentVolumeClaim', 'claimName'),
  requiring('rbd', 'monitors', 'image'),
  rule('cinder', (source, path, errors) => {
    requireFields(source, ['volumeID'], path, errors);
    if (source.secretRef !== undefined && !source.secretRef.name)
      errors.push(required(path.child('secretRef', 'name')));
  }),
  rule('cephfs', (source, path, errors) => requireFields(source, ['monitors'], path, errors), { shownAs: 'cephFS' }),
  rule('quobyte', validateQuobyte),
  rule('downwardAPI', validateDownwardAPI, { shownAs: 'downwarAPI' }),
  rule('fc', validateFC),
  rule('flexVolume', validateFlexVolume),
  rule('configMap', (source, path, errors) => validateKeyFiles(source, path, errors)),
  requiring('azureFile', 'secretName', 'shareName'),
  requiring('vsphereVolume', 'volumePath'),
  requiring('photonPersistentDisk', 'pdID'),
  requiring('portworxVolume', 'volumeID'),
  rule('azureDisk', validateAzureDisk),
  rule('storageos', validateStorageOS),
  rule('projected', (source, path, errors, { options }) => validateProjected(source, path, errors, options)),
  requiring('scaleIO', 'gateway', 'system', 'volumeName'),
  rule('csi', validateCSI),
  rule('ephemeral', (source, path, errors) => {
    const template = source.volumeClaimTemplate;
    if (template === undefined) errors.push(required(path.child('volumeClaimTemplate')));
    else errors.push(...validateClaimTemplate(template, path.child('volumeClaimTemplate')));
  }),
  rule('image', (source, path, errors, { options }) => {
    if (options.isPod && !source.reference) errors.push(required(path.child('reference')));
    validatePullPolicy(source.pullPolicy, path, 'pullPolicy', errors);
  }),
];

function validateSource(volume: Readonly<Volume>, path: FieldPath, errors: FieldErrors, context: SourceContext): void {
  let found = volume.emptyDir !== undefined;
  if (String(volume.emptyDir?.sizeLimit ?? '').startsWith('-')) {
    errors.push(forbidden(path.child('emptyDir', 'sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  }
  for (const { field, shownAs = field, check } of rules) {
    if (volume[field] === undefined) continue;
    if (found) errors.push(forbidden(path.child(shownAs), 'may not specify more than 1 volume type'));
    else check(volume, path, errors, context);
    if (field === 'iscsi' && volume.iscsi !== undefined)
      validateISCSISession(volume.iscsi, context.volumeName, path, errors);
    if (field === 'ephemeral' && !found) validateClaimName(path, errors, context);
    found = true;
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
}

function validateClaimName(path: FieldPath, errors: FieldErrors, { volumeName, podName }: SourceContext): void {
  if (podName === '' || volumeName === '') return;
  const name = `${podName}-${volumeName}`;
  for (const message of nameIsDNSSubdomain(name, false)) {
    errors.push(invalid(path.child('name'), volumeName, `PVC name ${JSON.stringify(name)}: ${message}`));
  }
}

const noVolumes: ReadonlyMap<string, Volume> = new Map();

/** The valid volumes by name. `podName` is '' in templates. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): ReadonlyMap<string, Volume> {
  if (volumes === undefined) return noVolumes;
  const known = new Map<string, Volume>();
  const created =
    podName === '' ? [] : volumes.filter((v) => v.ephemeral !== undefined).map((v) => `${podName}-${v.name ?? ''}`);
  for (const [i, volume] of volumes.entries()) {
    const at = path.index(i);
    const { name = '' } = volume;
    const before = errors.length;
    validateSource(volume, at, errors, { volumeName: name, podName, options });
    if (name === '') errors.push(required(at.child('name')));
    else for (const message of isDNS1123Label(name)) errors.push(invalid(at.child('name'), name, message));
    if (known.has(name)) errors.push(duplicate(at.child('name'), name));
    if (errors.length === before) known.set(name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.includes(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(at.child('persistentVolumeClaim', 'claimName'), claim, detail));
    }
  }
  return known;
}
