import type { Api } from '../../../api/object.ts';
import { sleep } from '../../client/sleep.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import { isAlreadyExists } from '../../framework/status-cause.ts';
import { builtInProvisioner } from './provisioning.ts';

type StorageClass = Api<'io.k8s.api.storage.v1.StorageClass'>;

const storageClasses = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' } as const;
const retryMs = 1000;

/** Gives a cluster the class that claims without one are of, as distributions of Kubernetes come with. What is there by this name stays as it is. */
export function defaultStorageClass(name: string): ControllerDefinition {
  const storageClass: StorageClass = {
    metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: builtInProvisioner,
    reclaimPolicy: 'Delete',
    // Its volumes are directories of a node: the pod's.
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  };
  return {
    name: 'default-storage-class',
    start: ({ client, clock, onError }, signal) => {
      const run = async (): Promise<void> => {
        while (!signal.aborted) {
          try {
            await client.create(storageClasses, '', storageClass);
            return;
          } catch (error) {
            if (isAlreadyExists(error)) return;
            onError(error, 'default-storage-class');
            await sleep(clock, retryMs, signal);
          }
        }
      };
      return { name: 'default-storage-class', queues: [], ended: run() };
    },
  };
}
