import { type InternalShape, internalForm, internalShape, labelSelectorForm } from './internal-form.ts';

// Field names and their order are what clients read in messages about immutable volumes and claims.

const secret = internalShape('Name:name:s Namespace:namespace:s');
const object = internalShape(
  'Kind:kind:s Namespace:namespace:s Name:name:s UID:uid:s APIVersion:apiVersion:s ResourceVersion:resourceVersion:s FieldPath:fieldPath:s',
);
const secretRef = ['SecretRef', 'secretRef', secret, 'pointer'] as const;
const disk = 'FSType:fsType:s Partition:partition:n ReadOnly:readOnly:b';

const sources: readonly (readonly [go: string, json: string, shape: InternalShape])[] = [
  ['GCEPersistentDisk', 'gcePersistentDisk', internalShape('PDName:pdName:s', disk)],
  ['AWSElasticBlockStore', 'awsElasticBlockStore', internalShape('VolumeID:volumeID:s', disk)],
  ['HostPath', 'hostPath', internalShape('Path:path:s Type:type:p')],
  [
    'Glusterfs',
    'glusterfs',
    internalShape('EndpointsName:endpoints:s Path:path:s ReadOnly:readOnly:b EndpointsNamespace:endpointsNamespace:p'),
  ],
  ['NFS', 'nfs', internalShape('Server:server:s Path:path:s ReadOnly:readOnly:b')],
  [
    'RBD',
    'rbd',
    internalShape(
      'CephMonitors:monitors:p RBDImage:image:s FSType:fsType:s RBDPool:pool:s RadosUser:user:s Keyring:keyring:s',
      secretRef,
      'ReadOnly:readOnly:b',
    ),
  ],
  [
    'Quobyte',
    'quobyte',
    internalShape('Registry:registry:s Volume:volume:s ReadOnly:readOnly:b User:user:s Group:group:s Tenant:tenant:s'),
  ],
  [
    'ISCSI',
    'iscsi',
    internalShape(
      'TargetPortal:targetPortal:s IQN:iqn:s Lun:lun:n ISCSIInterface:iscsiInterface:s FSType:fsType:s ReadOnly:readOnly:b',
      'Portals:portals:p DiscoveryCHAPAuth:chapAuthDiscovery:b SessionCHAPAuth:chapAuthSession:b',
      secretRef,
      'InitiatorName:initiatorName:p',
    ),
  ],
  [
    'FlexVolume',
    'flexVolume',
    internalShape('Driver:driver:s FSType:fsType:s', secretRef, 'ReadOnly:readOnly:b Options:options:p'),
  ],
  ['Cinder', 'cinder', internalShape('VolumeID:volumeID:s FSType:fsType:s ReadOnly:readOnly:b', secretRef)],
  [
    'CephFS',
    'cephfs',
    internalShape(
      'Monitors:monitors:p Path:path:s User:user:s SecretFile:secretFile:s',
      secretRef,
      'ReadOnly:readOnly:b',
    ),
  ],
  ['FC', 'fc', internalShape('TargetWWNs:targetWWNs:p Lun:lun:p FSType:fsType:s ReadOnly:readOnly:b WWIDs:wwids:p')],
  ['Flocker', 'flocker', internalShape('DatasetName:datasetName:s DatasetUUID:datasetUUID:s')],
  [
    'AzureFile',
    'azureFile',
    internalShape(
      'SecretName:secretName:s ShareName:shareName:s ReadOnly:readOnly:b SecretNamespace:secretNamespace:p',
    ),
  ],
  [
    'VsphereVolume',
    'vsphereVolume',
    internalShape(
      'VolumePath:volumePath:s FSType:fsType:s StoragePolicyName:storagePolicyName:s StoragePolicyID:storagePolicyID:s',
    ),
  ],
  [
    'AzureDisk',
    'azureDisk',
    internalShape(
      'DiskName:diskName:s DataDiskURI:diskURI:s CachingMode:cachingMode:p FSType:fsType:p ReadOnly:readOnly:p Kind:kind:p',
    ),
  ],
  ['PhotonPersistentDisk', 'photonPersistentDisk', internalShape('PdID:pdID:s FSType:fsType:s')],
  ['PortworxVolume', 'portworxVolume', internalShape('VolumeID:volumeID:s FSType:fsType:s ReadOnly:readOnly:b')],
  [
    'ScaleIO',
    'scaleIO',
    internalShape(
      'Gateway:gateway:s System:system:s',
      secretRef,
      'SSLEnabled:sslEnabled:b ProtectionDomain:protectionDomain:s StoragePool:storagePool:s StorageMode:storageMode:s',
      'VolumeName:volumeName:s FSType:fsType:s ReadOnly:readOnly:b',
    ),
  ],
  ['Local', 'local', internalShape('Path:path:s FSType:fsType:p')],
  [
    'StorageOS',
    'storageos',
    internalShape('VolumeName:volumeName:s VolumeNamespace:volumeNamespace:s FSType:fsType:s ReadOnly:readOnly:b', [
      'SecretRef',
      'secretRef',
      object,
      'pointer',
    ]),
  ],
  [
    'CSI',
    'csi',
    internalShape(
      'Driver:driver:s VolumeHandle:volumeHandle:s ReadOnly:readOnly:b FSType:fsType:s VolumeAttributes:volumeAttributes:p',
      ['ControllerPublishSecretRef', 'controllerPublishSecretRef', secret, 'pointer'],
      ['NodeStageSecretRef', 'nodeStageSecretRef', secret, 'pointer'],
      ['NodePublishSecretRef', 'nodePublishSecretRef', secret, 'pointer'],
      ['ControllerExpandSecretRef', 'controllerExpandSecretRef', secret, 'pointer'],
      ['NodeExpandSecretRef', 'nodeExpandSecretRef', secret, 'pointer'],
    ),
  ],
];

export const volumeSourceShape = internalShape(
  ...sources.map(([go, json, shape]) => [go, json, shape, 'pointer'] as const),
);

const requirement = internalShape('Key:key:s Operator:operator:s Values:values:p');
const term = internalShape(
  ['MatchExpressions', 'matchExpressions', requirement, 'list'],
  ['MatchFields', 'matchFields', requirement, 'list'],
);
export const volumeNodeAffinityShape = internalShape([
  'Required',
  'required',
  internalShape(['NodeSelectorTerms', 'nodeSelectorTerms', term, 'list']),
  'pointer',
]);

export const volumeSpecShape: InternalShape = {
  fields: [
    ...internalShape('Capacity:capacity:p').fields,
    ...volumeSourceShape.fields,
    ...internalShape(
      'AccessModes:accessModes:p',
      ['ClaimRef', 'claimRef', object, 'pointer'],
      'PersistentVolumeReclaimPolicy:persistentVolumeReclaimPolicy:s StorageClassName:storageClassName:s',
      'MountOptions:mountOptions:p VolumeMode:volumeMode:p',
      ['NodeAffinity', 'nodeAffinity', volumeNodeAffinityShape, 'pointer'],
      'VolumeAttributesClassName:volumeAttributesClassName:p',
    ).fields,
  ],
};

const dataSource = 'APIGroup:apiGroup:p Kind:kind:s Name:name:s';
const claimSpecShape = internalShape(
  'AccessModes:accessModes:p',
  ['Selector', 'selector', labelSelectorForm, 'pointer'],
  ['Resources', 'resources', internalShape('Limits:limits:p Requests:requests:p'), 'value'],
  'VolumeName:volumeName:s StorageClassName:storageClassName:p VolumeMode:volumeMode:p',
  ['DataSource', 'dataSource', internalShape(dataSource), 'pointer'],
  ['DataSourceRef', 'dataSourceRef', internalShape(dataSource, 'Namespace:namespace:p'), 'pointer'],
  'VolumeAttributesClassName:volumeAttributesClassName:p',
);

export function internalVolumeSource(spec: object | undefined): unknown {
  return internalForm(spec, volumeSourceShape);
}

export function internalClaimSpec(spec: object | undefined): unknown {
  return internalForm(spec, claimSpecShape);
}

/** The keys of a volume's spec that say where it comes from. */
export const volumeSourceKeys: readonly string[] = sources.map(([, json]) => json);

/** Whether two internal forms are the same: a missing struct is not an empty one. */
export function isSameForm(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
