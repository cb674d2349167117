import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { inclusiveRangeMessage, nameIsDNSLabel } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { dns1123LabelErrors, hasParentSteps, invalidEach } from './field-checks.ts';
import { csiErrors } from './persistent-volume-csi.ts';

export type VolumeSpec = Api<'io.k8s.api.core.v1.PersistentVolumeSpec'>;

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
const initiatorFormats: readonly (readonly [prefix: string, format: RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[a-zA-Z0-9]{16}$/],
  ['naa', /^naa.[a-zA-Z0-9]{32}$/],
];
const hostPort = /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/;
const registry = 'must be a host:port pair or multiple pairs separated by commas';

function missing(
  path: FieldPath,
  fields: Readonly<Record<string, string | readonly string[] | undefined>>,
): FieldErrors {
  return Object.entries(fields)
    .filter(([, value]) => value === undefined || value.length === 0)
    .map(([field]) => required(path.child(field)));
}

function diskErrors(
  idField: string,
  id: string | undefined,
  partition: number | undefined,
  path: FieldPath,
): FieldErrors {
  const errors = missing(path, { [idField]: id });
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    errors.push(invalid(path.child('partition'), partition, inclusiveRangeMessage(1, 255)));
  }
  return errors;
}

/** iSCSI names are written in one of three formats; each has its prefix. */
function isInitiatorName(name: string): boolean {
  return initiatorFormats.some(([prefix, format]) => name.startsWith(prefix) && format.test(name));
}

function lunErrors(lun: number, path: FieldPath): FieldErrors {
  return lun < 0 || lun > 255 ? [invalid(path.child('lun'), lun, inclusiveRangeMessage(0, 255))] : [];
}

function iscsiErrors(iscsi: NonNullable<VolumeSpec['iscsi']>, path: FieldPath, volumeName: string): FieldErrors {
  const { targetPortal = '', iqn = '', lun = 0, initiatorName, secretRef } = iscsi;
  const errors = missing(path, { targetPortal });
  if (initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > 64) {
    const why =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(invalid(path.child('targetportal'), targetPortal, why));
  }
  if (iqn === '') errors.push(required(path.child('iqn')));
  else if (!isInitiatorName(iqn)) errors.push(invalid(path.child('iqn'), iqn, 'must be valid format'));
  errors.push(...lunErrors(lun, path));
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && secretRef === undefined) {
    errors.push(required(path.child('secretRef')));
  }
  if (secretRef !== undefined) errors.push(...missing(path.child('secretRef'), { name: secretRef.name }));
  if (initiatorName !== undefined && !isInitiatorName(initiatorName)) {
    errors.push(invalid(path.child('initiatorname'), initiatorName, 'must be valid format'));
  }
  return errors;
}

function fcErrors({ targetWWNs = [], wwids = [], lun }: NonNullable<VolumeSpec['fc']>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(path.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length === 0) return errors;
  if (wwids.length > 0) {
    const why = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalid(path.child('targetWWNs'), targetWWNs, why));
  }
  if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
  else errors.push(...lunErrors(lun, path));
  return errors;
}

function azureDiskErrors(disk: NonNullable<VolumeSpec['azureDisk']>, path: FieldPath): FieldErrors {
  const { diskName, diskURI = '', cachingMode, kind } = disk;
  const errors = missing(path, { diskName, diskURI });
  const modes = ['None', 'ReadOnly', 'ReadWrite'];
  const kinds = ['Dedicated', 'Managed', 'Shared'];
  if (cachingMode !== undefined && !modes.includes(cachingMode)) {
    errors.push(notSupported(path.child('cachingMode'), cachingMode, modes));
  }
  if (kind === undefined) return errors;
  if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds));
  const managed = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
  const blob = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  const [prefix, example] = kind === 'Managed' ? ['/subscriptions/', managed] : ['https://', blob];
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(path.child('diskURI'), diskURI, [example]));
  return errors;
}

function quobyteErrors(quobyte: NonNullable<VolumeSpec['quobyte']>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (!quobyte.registry) errors.push(required(path.child('registry'), registry));
  else if ((quobyte.tenant ?? '').length >= 65) {
    errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of quobyte.registry.split(',')) {
      if (!hostPort.test(pair)) errors.push(invalid(path.child('registry'), quobyte.registry, registry));
    }
  }
  return [...errors, ...missing(path, { volume: quobyte.volume })];
}

function glusterfsErrors(source: NonNullable<VolumeSpec['glusterfs']>, path: FieldPath): FieldErrors {
  const { endpoints, path: volumePath, endpointsNamespace } = source;
  const errors = missing(path, { endpoints, path: volumePath });
  if (endpointsNamespace === undefined) return errors;
  const messages =
    endpointsNamespace === ''
      ? ['if the endpointnamespace is set, it must be a valid namespace name']
      : nameIsDNSLabel(endpointsNamespace, false);
  return [...errors, ...invalidEach(path.child('endpointsNamespace'), endpointsNamespace, messages)];
}

function flockerErrors(
  { datasetName = '', datasetUUID = '' }: NonNullable<VolumeSpec['flocker']>,
  path: FieldPath,
): FieldErrors {
  const errors: FieldErrors = [];
  if (datasetName === '' && datasetUUID === '')
    errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName !== '' && datasetUUID !== '') {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) errors.push(invalid(path.child('datasetName'), datasetName, "must not contain '/'"));
  return errors;
}

function flexErrors({ driver, options = {} }: NonNullable<VolumeSpec['flexVolume']>, path: FieldPath): FieldErrors {
  const errors = missing(path, { driver });
  for (const key of Object.keys(options)) {
    const domain = `.${(key.split('/')[0] ?? '').toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
      errors.push(invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'));
    }
  }
  return errors;
}

function storageOSErrors(source: NonNullable<VolumeSpec['storageos']>, path: FieldPath): FieldErrors {
  const { volumeName = '', volumeNamespace = '', secretRef } = source;
  return [
    ...(volumeName === ''
      ? [required(path.child('volumeName'))]
      : dns1123LabelErrors(volumeName, path.child('volumeName'))),
    ...(volumeNamespace === '' ? [] : dns1123LabelErrors(volumeNamespace, path.child('volumeNamespace'))),
    ...(secretRef === undefined ? [] : secretErrors(secretRef, path)),
  ];
}

function secretErrors(ref: { readonly name?: string; readonly namespace?: string }, path: FieldPath): FieldErrors {
  return missing(path.child('secretRef'), { name: ref.name, namespace: ref.namespace });
}

function pathErrors(value: string | undefined, path: FieldPath): FieldErrors {
  if (!value) return [required(path)];
  return hasParentSteps(value) ? [invalid(path, value, "must not contain '..'")] : [];
}

function hostPathErrors(source: NonNullable<VolumeSpec['hostPath']>, path: FieldPath): FieldErrors {
  const errors = pathErrors(source.path, path.child('path'));
  if (!source.path || source.type === undefined || hostPathTypes.includes(source.type)) return errors;
  return [...errors, notSupported(path.child('type'), source.type, hostPathTypes)];
}

type Check<K extends keyof VolumeSpec> = (
  source: NonNullable<VolumeSpec[K]>,
  path: FieldPath,
  volumeName: string,
) => FieldErrors;

interface Source {
  readonly key: keyof VolumeSpec;
  /** Where it stands in errors about its contents, and in those about a second source: upstream spells some differently. */
  readonly at: string;
  readonly second: string;
  readonly check: (source: never, path: FieldPath, volumeName: string) => FieldErrors;
}

function source<K extends keyof VolumeSpec>(key: K, check: Check<K>, at: string = key, second: string = key): Source {
  return { key, check, at, second };
}

/** In the order in which they are looked at. */
const sources: readonly Source[] = [
  source('hostPath', hostPathErrors),
  source('gcePersistentDisk', (s, path) => diskErrors('pdName', s.pdName, s.partition, path), 'persistentDisk'),
  source('awsElasticBlockStore', (s, path) => diskErrors('volumeID', s.volumeID, s.partition, path)),
  source('glusterfs', glusterfsErrors),
  source('flocker', flockerErrors),
  source('nfs', (s, path) => [
    ...missing(path, { server: s.server, path: s.path }),
    ...(s.path?.startsWith('/') ? [] : [invalid(path.child('path'), s.path ?? '', 'must be an absolute path')]),
  ]),
  source('rbd', (s, path) => missing(path, { monitors: s.monitors, image: s.image })),
  source('quobyte', quobyteErrors),
  source('cephfs', (s, path) => missing(path, { monitors: s.monitors }), 'cephfs', 'cephFS'),
  source('iscsi', iscsiErrors),
  source('cinder', (s, path) => [
    ...missing(path, { volumeID: s.volumeID }),
    ...(s.secretRef === undefined ? [] : secretErrors(s.secretRef, path)),
  ]),
  source('fc', fcErrors),
  source('flexVolume', flexErrors),
  source('azureFile', (s, path) => [
    ...missing(path, { secretName: s.secretName, shareName: s.shareName }),
    ...(s.secretNamespace === '' ? [required(path.child('secretNamespace'))] : []),
  ]),
  source('vsphereVolume', (s, path) => missing(path, { volumePath: s.volumePath })),
  source('photonPersistentDisk', (s, path) => missing(path, { pdID: s.pdID })),
  source('portworxVolume', (s, path) => missing(path, { volumeID: s.volumeID })),
  source('azureDisk', azureDiskErrors),
  source('scaleIO', (s, path) => missing(path, { gateway: s.gateway, system: s.system, volumeName: s.volumeName })),
  source('local', (s, path) => pathErrors(s.path, path.child('path'))),
  source('storageos', storageOSErrors),
  source('csi', csiErrors),
];

/** Exactly one source, and that one complete. */
export function volumeSourceErrors(spec: Readonly<VolumeSpec>, volumeName: string, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  let found = 0;
  for (const { key, at, second, check } of sources) {
    const value = spec[key];
    if (value === undefined) continue;
    // A second flexVolume passes: upstream forgot to look.
    if (found > 0 && key !== 'flexVolume') {
      errors.push(forbidden(path.child(second), 'may not specify more than 1 volume type'));
      continue;
    }
    found++;
    errors.push(...check(value as never, path.child(at), volumeName));
    if (key === 'local' && spec.nodeAffinity === undefined) {
      errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
    }
  }
  if (found === 0) errors.push(required(path, 'must specify a volume type'));
  return errors;
}
