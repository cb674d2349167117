import type { Api } from '../../../api/object.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import type { AdmissionPlugin } from '../plugin.ts';
import { claimClass } from './claim-class.ts';
import { newestDefault } from './default-class.ts';

type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type StorageClass = Api<'io.k8s.api.storage.v1.StorageClass'>;

const annotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

export function createDefaultStorageClass(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: ({ operation, resource, group, subresource }) =>
      operation === 'CREATE' && resource === 'persistentvolumeclaims' && group === '' && subresource === '',
    mutate({ object }) {
      if (object === undefined) return;
      const claim: Claim = object;
      if (claimClass(claim) !== undefined) return;
      const found = newestDefault(reader.list<StorageClass>('storageclasses.storage.k8s.io'), annotations);
      const name = found?.metadata?.name;
      if (name !== undefined) claim.spec = { ...claim.spec, storageClassName: name };
    },
  };
}
