import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

function finalizerFor({ group, resource }: AdmissionRequest): string | undefined {
  return finalizers[group === '' ? resource : `${resource}.${group}`];
}

/** Storage that somebody uses is not removed under them. */
export function createStorageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: 'StorageObjectInUseProtection',
    handles: (request) =>
      request.operation === 'CREATE' && request.subresource === '' && finalizerFor(request) !== undefined,
    mutate(request) {
      const finalizer = finalizerFor(request);
      if (request.object === undefined || finalizer === undefined) return;
      request.object.metadata ??= {};
      const present = request.object.metadata.finalizers ?? [];
      if (!present.includes(finalizer)) request.object.metadata.finalizers = [...present, finalizer];
    },
  };
}
