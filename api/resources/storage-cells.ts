import type { Api } from '../object.ts';
import { age, type CellTable, cellsOf, joinOr, name } from './cell.ts';

type StorageClass = Api<'io.k8s.api.storage.v1.StorageClass'>;
type VolumeAttributesClass = Api<'io.k8s.api.storage.v1.VolumeAttributesClass'>;
type VolumeAttachment = Api<'io.k8s.api.storage.v1.VolumeAttachment'>;
type CSINode = Api<'io.k8s.api.storage.v1.CSINode'>;
type CSIDriver = Api<'io.k8s.api.storage.v1.CSIDriver'>;

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function className({ metadata }: StorageClass): string {
  const isDefault = defaultAnnotations.some((key) => metadata?.annotations?.[key] === 'true');
  return (metadata?.name ?? '') + (isDefault ? ' (default)' : '');
}

export const storageCells: CellTable = {
  'storageclasses.storage.k8s.io': cellsOf<StorageClass>(
    className,
    ({ provisioner }) => provisioner ?? '',
    ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete',
    ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    age,
  ),
  'volumeattributesclasses.storage.k8s.io': cellsOf<VolumeAttributesClass>(
    name,
    ({ driverName }) => driverName ?? '',
    age,
  ),
  'volumeattachments.storage.k8s.io': cellsOf<VolumeAttachment>(
    name,
    ({ spec }) => spec?.attacher ?? '',
    ({ spec }) => spec?.source?.persistentVolumeName ?? '',
    ({ spec }) => spec?.nodeName ?? '',
    ({ status }) => status?.attached ?? false,
    age,
  ),
  'csinodes.storage.k8s.io': cellsOf<CSINode>(name, ({ spec }) => spec?.drivers?.length ?? 0, age),
  'csidrivers.storage.k8s.io': cellsOf<CSIDriver>(
    name,
    ({ spec }) => spec?.attachRequired ?? true,
    ({ spec }) => spec?.podInfoOnMount ?? false,
    ({ spec }) => spec?.storageCapacity ?? false,
    ({ spec }) => spec?.tokenRequests?.map(({ audience }) => audience ?? '').join(',') ?? '<unset>',
    ({ spec }) => spec?.requiresRepublish ?? false,
    ({ spec }) => joinOr(spec?.volumeLifecycleModes, '<none>'),
    age,
  ),
};
