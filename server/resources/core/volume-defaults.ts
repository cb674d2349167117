import type { Api } from '../../../api/object.ts';
import { defaultPullPolicy } from './container-image.ts';
import type { Volume } from './pod-types.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';

type DownwardAPIFile = Api<'io.k8s.api.core.v1.DownwardAPIVolumeFile'>;
type Projected = Api<'io.k8s.api.core.v1.ProjectedVolumeSource'>;

const fileMode = 0o644;

export function defaultVolume(volume: Volume): void {
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode;
  else if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode;
  else if (volume.projected !== undefined) defaultProjected(volume.projected);
  else if (volume.emptyDir === undefined) defaultOtherVolume(volume);
}

/** All sources are looked at: an invalid volume may have several. */
function defaultOtherVolume(volume: Volume): void {
  if (Object.keys(volume).length <= (volume.name === undefined ? 0 : 1)) volume.emptyDir = {};
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  if (volume.iscsi !== undefined) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode;
    for (const file of volume.downwardAPI.items ?? []) defaultDownwardAPIFile(file);
  }
  if (volume.rbd !== undefined) {
    volume.rbd.pool ||= 'rbd';
    volume.rbd.user ||= 'admin';
    volume.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (volume.azureDisk !== undefined) {
    volume.azureDisk.cachingMode ??= 'ReadWrite';
    volume.azureDisk.fsType ??= 'ext4';
    volume.azureDisk.readOnly ??= false;
    volume.azureDisk.kind ??= 'Shared';
  }
  if (volume.scaleIO !== undefined) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned';
    volume.scaleIO.fsType ||= 'xfs';
  }
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim !== undefined) {
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
    if (claim.spec.resources?.limits !== undefined) defaultResourceList(claim.spec.resources.limits);
    if (claim.spec.resources?.requests !== undefined) defaultResourceList(claim.spec.resources.requests);
  }
}

function defaultDownwardAPIFile(file: DownwardAPIFile): void {
  if (file.fieldRef !== undefined) file.fieldRef.apiVersion ||= 'v1';
}

function defaultProjected(projected: Projected): void {
  projected.defaultMode ??= fileMode;
  // Storage does not tell an empty list from none.
  if (projected.sources?.length === 0) delete projected.sources;
  for (const source of projected.sources ?? []) {
    for (const file of source.downwardAPI?.items ?? []) defaultDownwardAPIFile(file);
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
  }
}
