import type { VolumeSpec } from './persistent-volume-sources.ts';

/** Defaults of the volume's source, also where a spec stands inside a VolumeAttachment. */
export function defaultPersistentVolumeSource({ hostPath, rbd, iscsi, azureDisk, scaleIO }: VolumeSpec): void {
  if (hostPath !== undefined) hostPath.type ??= '';
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default';
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= 'Shared';
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
