import type { ApiClient } from '../../../api/client.ts';
import type { Api, GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { KeyedController, KeySource } from '../keyed-runner.ts';
import { unlessMissing } from '../publishers/status-cause.ts';

type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type Volume = Api<'io.k8s.api.core.v1.PersistentVolume'>;
type Pod = Api<'io.k8s.api.core.v1.Pod'>;

const claims: GroupVersionResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' };
const volumes: GroupVersionResource = { group: '', version: 'v1', resource: 'persistentvolumes' };
const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const attributesClasses: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattributesclasses',
};

interface Protection {
  readonly name: string;
  readonly resource: GroupVersionResource;
  readonly finalizer: string;
  /** Other objects whose going may free a protected one, and which. */
  readonly others: readonly KeySource[];
  isInUse(client: ApiClient, object: Readonly<KubeObject>): Promise<boolean>;
}

function keyOf({ metadata = {} }: Readonly<KubeObject>): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** The claims that a pod holds: named ones, and those made for its ephemeral volumes. */
function claimsOf({ metadata, spec }: Readonly<Pod>): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim?.claimName !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata?.name}-${name}`];
  });
}

// A pod without a node has not touched the volume, an ended one no longer does.
function holdsVolumes({ spec, status }: Readonly<Pod>): boolean {
  return (spec?.nodeName ?? '') !== '' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

const protections: readonly Protection[] = [
  {
    name: 'persistentvolumeclaim-protection-controller',
    resource: claims,
    finalizer: 'kubernetes.io/pvc-protection',
    others: [
      {
        resource: pods,
        keysOf: ({ object }) => claimsOf(object as Pod).map((name) => `${object.metadata?.namespace ?? ''}/${name}`),
      },
    ],
    isInUse: async (client, { metadata }) => {
      const { items } = await client.list<Pod>(pods, { namespace: metadata?.namespace ?? '' });
      return items.some((pod) => holdsVolumes(pod) && claimsOf(pod).includes(metadata?.name ?? ''));
    },
  },
  {
    name: 'persistentvolume-protection-controller',
    resource: volumes,
    finalizer: 'kubernetes.io/pv-protection',
    others: [],
    isInUse: async (_client, volume) => (volume as Volume).status?.phase === 'Bound',
  },
  {
    name: 'volumeattributesclass-protection-controller',
    resource: attributesClasses,
    finalizer: 'kubernetes.io/vac-protection',
    others: [claims, volumes].map((resource) => ({
      resource,
      keysOf: ({ object }) => {
        const { spec, status } = object as Claim;
        const names = [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName];
        return names.flatMap((name) => (name === undefined || name === '' ? [] : [`/${name}`]));
      },
    })),
    isInUse: async (client, { metadata }) => {
      const name = metadata?.name ?? '';
      const ofClaims = await client.list<Claim>(claims);
      const ofVolumes = await client.list<Volume>(volumes);
      return (
        ofVolumes.items.some(({ spec }) => spec?.volumeAttributesClassName === name) ||
        ofClaims.items.some(
          ({ spec, status }) =>
            spec?.volumeAttributesClassName === name ||
            status?.currentVolumeAttributesClassName === name ||
            status?.modifyVolumeStatus?.targetVolumeAttributesClassName === name,
        )
      );
    },
  },
];

/** Deletion of storage objects waits until nobody uses them: admission puts a finalizer on them, these controllers take it off. */
export function protectionControllers(client: ApiClient): readonly KeyedController[] {
  return protections.map((protection) => ({
    name: protection.name,
    sources: [{ resource: protection.resource, keysOf: ({ object }) => [keyOf(object)] }, ...protection.others],
    reconcile: (key) => release(client, protection, key),
  }));
}

async function release(client: ApiClient, protection: Protection, key: string): Promise<void> {
  const [namespace = '', name = ''] = key.split('/');
  const object = await unlessMissing(client.get(protection.resource, namespace, name));
  const finalizers = object?.metadata?.finalizers ?? [];
  if (object?.metadata?.deletionTimestamp === undefined || !finalizers.includes(protection.finalizer)) return;
  if (await protection.isInUse(client, object)) return;
  const kept = finalizers.filter((finalizer) => finalizer !== protection.finalizer);
  await client.update(protection.resource, namespace, {
    ...object,
    metadata: { ...object.metadata, finalizers: kept },
  });
}
