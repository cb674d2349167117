import type { Pod } from '../pod-runtime.ts';
import type { PersistentVolume } from './claims.ts';

type Inline = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];
type Persistent = NonNullable<PersistentVolume['spec']>;
type Source = Readonly<Record<string, unknown>>;

/** File systems over the network, which belong to whom the server says. */
const fileServers = new Set(['nfs', 'cephfs', 'glusterfs', 'azureFile', 'quobyte']);
/** Disks in the order they are looked for. */
const kinds = [
  'nfs',
  'iscsi',
  'cephfs',
  'rbd',
  'fc',
  'csi',
  'glusterfs',
  'awsElasticBlockStore',
  'gcePersistentDisk',
  'azureDisk',
  'azureFile',
  'cinder',
  'flexVolume',
  'flocker',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const;
/** How a disk is reached, not which one it is. */
const ways = new Set([
  'readOnly',
  'fsType',
  'secretRef',
  'user',
  'keyring',
  'secretFile',
  'mountOptions',
  'volumeAttributes',
]);

export interface NetworkDisk {
  /** The same for the same disk. */
  readonly key: string;
  readonly isReadOnly: boolean;
  /** Files are given to the pod's group. */
  readonly takesGroup: boolean;
}

/** The disk that a volume stands for; undefined: none. An inline driver's belongs to its pod. */
export function networkDisk(source: Inline | Persistent, podUid?: string): NetworkDisk | undefined {
  const sources = source as Readonly<Record<string, Source | undefined>>;
  for (const kind of kinds) {
    const disk = sources[kind];
    if (disk === undefined) continue;
    const handle = disk['volumeHandle'];
    const own = Object.entries(disk).filter(([name]) => !ways.has(name) && !name.endsWith('SecretRef'));
    const isInlineDriver = kind === 'csi' && handle === undefined;
    const named = own
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const key = isInlineDriver ? `csi/${podUid}/${String(sources['name'])}` : `${kind}/${named.join(',')}`;
    const hasGroup = kind === 'csi' ? disk['fsType'] !== undefined : !fileServers.has(kind);
    return { key, isReadOnly: disk['readOnly'] === true, takesGroup: hasGroup };
  }
  return undefined;
}
