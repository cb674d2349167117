import type { Api } from '../../../api/object.ts';
import { compareQuantity } from '../../../api/quantity.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, forbiddenByAdmission } from '../plugin.ts';
import { claimClass } from './claim-class.ts';

type Claim = Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>;
type StorageClass = Api<'io.k8s.api.storage.v1.StorageClass'>;

const notResizable =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

/** Claims grow only when they are bound and their class can do it. */
export function createPersistentVolumeClaimResize(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: ({ operation, resource, group, subresource }) =>
      operation === 'UPDATE' && resource === 'persistentvolumeclaims' && group === '' && subresource === '',
    validate(request) {
      const claim: Claim = request.object ?? {};
      const old: Readonly<Claim> = request.oldObject ?? {};
      if (compareQuantity(sizeOf(claim), sizeOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound') {
        throw forbiddenByAdmission(request, 'Only bound persistent volume claims can be expanded');
      }
      if (!isResizable(claim, old, reader)) throw forbiddenByAdmission(request, notResizable);
    },
  };
}

function sizeOf({ spec }: Readonly<Claim>): string {
  return (spec?.resources?.requests as Readonly<Record<string, string>> | undefined)?.['storage'] ?? '0';
}

function isResizable(claim: Readonly<Claim>, old: Readonly<Claim>, reader: ClusterReader): boolean {
  const name = claimClass(claim) ?? '';
  if (name === '' || name !== (claimClass(old) ?? '')) return false;
  return reader.get<StorageClass>('storageclasses.storage.k8s.io', '', name)?.allowVolumeExpansion === true;
}
