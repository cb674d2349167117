import type { Api, GroupVersionKind, GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';

export type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
export type Volume = Api<'io.k8s.api.core.v1.PersistentVolume'>;
export type StorageClass = Api<'io.k8s.api.storage.v1.StorageClass'>;
export type Pod = Api<'io.k8s.api.core.v1.Pod'>;
export type Node = Api<'io.k8s.api.core.v1.Node'>;

export const claims: GroupVersionResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' };
export const volumes: GroupVersionResource = { group: '', version: 'v1', resource: 'persistentvolumes' };
export const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
export const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' };
export const storageClasses: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
};

export const claimKind: GroupVersionKind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
export const volumeKind: GroupVersionKind = { group: '', version: 'v1', kind: 'PersistentVolume' };
export const podKind: GroupVersionKind = { group: '', version: 'v1', kind: 'Pod' };

export const bindCompleted = 'pv.kubernetes.io/bind-completed';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
export const migratedTo = 'pv.kubernetes.io/migrated-to';
export const selectedNode = 'volume.kubernetes.io/selected-node';
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
export const betaStorageClass = 'volume.beta.kubernetes.io/storage-class';
export const preResizeCapacity = 'volume.alpha.kubernetes.io/pre-resize-capacity';
export const defaultClass = 'storageclass.kubernetes.io/is-default-class';
export const betaDefaultClass = 'storageclass.beta.kubernetes.io/is-default-class';
/** Keeps a volume that is provisioned in tree until its storage is gone. */
export const volumeControllerFinalizer = 'kubernetes.io/pv-controller';
export const externalProvisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

export function hasAnnotation({ metadata }: Readonly<KubeObject>, name: string): boolean {
  return metadata?.annotations?.[name] !== undefined;
}

export function withAnnotations<T extends KubeObject>(object: Readonly<T>, set: Readonly<Record<string, string>>): T {
  const annotations = { ...object.metadata?.annotations, ...set };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

export function withoutAnnotation<T extends KubeObject>(object: Readonly<T>, name: string): T {
  const { [name]: _gone, ...annotations } = object.metadata?.annotations ?? {};
  const { annotations: _old, ...metadata } = object.metadata ?? {};
  return {
    ...object,
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
  } as T;
}

/** The claims that a pod names, and those made for its ephemeral volumes. */
export function claimNamesOf({ metadata, spec }: Readonly<Pod>): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim?.claimName !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata?.name}-${name}`];
  });
}

export function claimKeysOf(pod: Readonly<Pod>): string[] {
  return claimNamesOf(pod).map((name) => `${pod.metadata?.namespace ?? ''}/${name}`);
}

const podsByClaim = 'claims';

/** So that `podsOfClaim` finds them; every controller of this folder shares one index. */
export function indexPodsByClaim(informer: Informer<Pod>): void {
  informer.index(podsByClaim, claimKeysOf);
}

export function podsOfClaim(informer: Informer<Pod>, claimKey: string): Readonly<Pod>[] {
  return informer.by(podsByClaim, claimKey);
}

/** It has ended, or it is being deleted and no container of it runs any more. */
export function isPodTerminated({ metadata, status }: Readonly<Pod>): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  if (metadata?.deletionTimestamp === undefined) return false;
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return statuses.every(({ state }) => state?.running === undefined);
}
