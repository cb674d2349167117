import { type FieldErrors, type FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { byteLength, inclusiveRangeMessage, isDNS1123Label, nameIsDNSSubdomain } from '../../../api/names.ts';
import { csiDriverNameErrors } from './persistent-volume-csi.ts';
import type { Volume } from './pod-types.ts';
import { validateDescendingPath, validateNoBacksteps } from './volume-paths.ts';

type Source<Field extends keyof Volume> = Readonly<NonNullable<Volume[Field]>>;

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];
const managedURI = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobURI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
const registryForm = 'must be a host:port pair or multiple pairs separated by commas';
const maxTenantLength = 64;

/** One Required for each field that is empty. */
export function requireFields(source: object, fields: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const field of fields) {
    const value: unknown = (source as Record<string, unknown>)[field];
    if (!value || (Array.isArray(value) && value.length === 0)) errors.push(required(path.child(field)));
  }
}

export function validateHostPath(source: Source<'hostPath'>, path: FieldPath, errors: FieldErrors): void {
  const { path: target = '', type } = source;
  if (target === '') {
    errors.push(required(path.child('path')));
    return;
  }
  validateNoBacksteps(target, path.child('path'), errors);
  if (type !== undefined && !hostPathTypes.includes(type))
    errors.push(notSupported(path.child('type'), type, hostPathTypes));
}

export function validateGitRepo(source: Source<'gitRepo'>, path: FieldPath, errors: FieldErrors): void {
  requireFields(source, ['repository'], path, errors);
  validateDescendingPath(source.directory ?? '', path.child('directory'), errors);
}

export function validatePartition(partition = 0, path: FieldPath, errors: FieldErrors): void {
  if (partition >= 0 && partition <= 255) return;
  errors.push(invalid(path.child('partition'), partition, inclusiveRangeMessage(1, 255)));
}

export function validateNFS(source: Source<'nfs'>, path: FieldPath, errors: FieldErrors): void {
  requireFields(source, ['server', 'path'], path, errors);
  const { path: target = '' } = source;
  if (!target.startsWith('/')) errors.push(invalid(path.child('path'), target, 'must be an absolute path'));
}

export function validateFlocker(source: Source<'flocker'>, path: FieldPath, errors: FieldErrors): void {
  const { datasetName = '', datasetUUID = '' } = source;
  if (datasetName === '' && datasetUUID === '')
    errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName !== '' && datasetUUID !== '') {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) errors.push(invalid(path.child('datasetName'), datasetName, "must not contain '/'"));
}

export function validateQuobyte(source: Source<'quobyte'>, path: FieldPath, errors: FieldErrors): void {
  const { registry = '', tenant = '' } = source;
  if (registry === '') errors.push(required(path.child('registry'), registryForm));
  else if (byteLength(tenant) > maxTenantLength) {
    errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of registry.split(',')) {
      if (!isHostAndPort(pair)) errors.push(invalid(path.child('registry'), registry, registryForm));
    }
  }
  requireFields(source, ['volume'], path, errors);
}

/** As Go splits them: an IPv6 address stands in brackets. */
function isHostAndPort(pair: string): boolean {
  return /^(?:\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair);
}

export function validateFC(source: Source<'fc'>, path: FieldPath, errors: FieldErrors): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(path.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(
      invalid(path.child('targetWWNs'), targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'),
    );
  }
  if (targetWWNs.length === 0) return;
  if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
  else validateLun(lun, path, errors);
}

export function validateLun(lun: number, path: FieldPath, errors: FieldErrors): void {
  if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, inclusiveRangeMessage(0, 255)));
}

export function validateFlexVolume(source: Source<'flexVolume'>, path: FieldPath, errors: FieldErrors): void {
  requireFields(source, ['driver'], path, errors);
  for (const option of Object.keys(source.options ?? {})) {
    const [domain = ''] = option.split('/');
    if (!/\.(?:kubernetes|k8s)\.io$/.test(`.${domain.toLowerCase()}`)) continue;
    errors.push(invalid(path.child('options').key(option), option, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
}

export function validateAzureDisk(source: Source<'azureDisk'>, path: FieldPath, errors: FieldErrors): void {
  const { cachingMode, kind, diskURI = '' } = source;
  requireFields(source, ['diskName', 'diskURI'], path, errors);
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(path.child('cachingMode'), cachingMode, cachingModes));
  }
  if (kind === undefined) return;
  if (!diskKinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, diskKinds));
  if (kind === 'Managed') {
    if (!diskURI.startsWith('/subscriptions/')) errors.push(notSupported(path.child('diskURI'), diskURI, [managedURI]));
  } else if (!diskURI.startsWith('https://')) errors.push(notSupported(path.child('diskURI'), diskURI, [blobURI]));
}

export function validateStorageOS(source: Source<'storageos'>, path: FieldPath, errors: FieldErrors): void {
  const { volumeName = '', volumeNamespace = '', secretRef } = source;
  if (volumeName === '') errors.push(required(path.child('volumeName')));
  else
    for (const message of isDNS1123Label(volumeName))
      errors.push(invalid(path.child('volumeName'), volumeName, message));
  if (volumeNamespace !== '') {
    for (const message of isDNS1123Label(volumeNamespace)) {
      errors.push(invalid(path.child('volumeNamespace'), volumeNamespace, message));
    }
  }
  if (secretRef !== undefined && !secretRef.name) errors.push(required(path.child('secretRef', 'name')));
}

export function validateCSI(source: Source<'csi'>, path: FieldPath, errors: FieldErrors): void {
  const { driver = '', nodePublishSecretRef: secret } = source;
  errors.push(...csiDriverNameErrors(driver, path.child('driver')));
  if (secret === undefined) return;
  if (!secret.name) errors.push(required(path.child('nodePublishSecretRef', 'name')));
  else
    for (const message of nameIsDNSSubdomain(secret.name, false))
      errors.push(invalid(path.child('name'), secret.name, message));
}

const iscsiForms = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\t\n\f\r ]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

export function iscsiNameProblem(name: string): string | undefined {
  for (const kind of ['iqn', 'eui', 'naa'] as const) {
    if (name.startsWith(kind)) return iscsiForms[kind].test(name) ? undefined : 'must be valid format';
  }
  return 'must be valid format starting with iqn, eui, or naa';
}

export function validateISCSI(source: Source<'iscsi'>, path: FieldPath, errors: FieldErrors): void {
  const { iqn = '', lun = 0, initiatorName } = source;
  requireFields(source, ['targetPortal', 'iqn'], path, errors);
  const problem = iqn === '' ? undefined : iscsiNameProblem(iqn);
  if (problem !== undefined) errors.push(invalid(path.child('iqn'), iqn, problem));
  validateLun(lun, path, errors);
  if ((source.chapAuthDiscovery === true || source.chapAuthSession === true) && source.secretRef === undefined) {
    errors.push(required(path.child('secretRef')));
  }
  const initiatorProblem = initiatorName === undefined ? undefined : iscsiNameProblem(initiatorName);
  if (initiatorProblem !== undefined)
    errors.push(invalid(path.child('initiatorname'), initiatorName, initiatorProblem));
}

/** Of the name of the node's session, which joins volume and portal. */
export const longSession =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

export function validateISCSISession(
  source: Source<'iscsi'>,
  volumeName: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (source.initiatorName === undefined || byteLength(`${volumeName}:${source.targetPortal ?? ''}`) <= 64) return;
  errors.push(invalid(path.child('name'), volumeName, longSession));
}
