import { goQuote } from '../../../api/go-text.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { type BinderContext, claimEvent, setVolumePhase, unbind, updateVolume, volumeEvent } from './binder-context.ts';
import { areModesDifferent } from './matching.ts';
import { withMigration } from './provisioning.ts';
import { reclaim } from './reclaim.ts';
import {
  type Claim,
  claims,
  externalProvisionerFinalizer,
  hasAnnotation,
  provisionedBy,
  type Volume,
  volumeControllerFinalizer,
} from './storage-objects.ts';

/** Looks at one volume: its phase, whether its claim is still there, and what becomes of it when not. */
export async function syncVolume(binder: BinderContext, name: string): Promise<void> {
  const found = binder.volumes.get(name);
  if (found === undefined) return;
  const annealed = withDeletionFinalizers(withMigration(found, 'volume') ?? found);
  const volume = annealed === found ? found : await updateVolume(binder, annealed);
  const reference = volume.spec?.claimRef;
  if (reference === undefined || (reference.uid ?? '') === '') {
    const available = await setVolumePhase(binder, volume, 'Available');
    // Upstream comes to this by looking at every claim again each 15 s.
    if (available !== volume && reference !== undefined)
      binder.claimQueue.add(`${reference.namespace ?? ''}/${reference.name ?? ''}`);
    return;
  }
  const claim = await claimOf(binder, volume);
  if (claim === undefined) return release(binder, volume);
  const volumeName = claim.spec?.volumeName ?? '';
  if (volumeName === '') {
    if (areModesDifferent(claim, volume)) tellModes(binder, volume, claim);
    else binder.claimQueue.add(`${reference.namespace ?? ''}/${reference.name ?? ''}`);
  } else if (volumeName === name) await setVolumePhase(binder, volume, 'Bound');
  else if (hasAnnotation(volume, provisionedBy) && volume.spec?.persistentVolumeReclaimPolicy === 'Delete')
    await release(binder, volume);
  else await unbind(binder, volume);
}

/** Of the very claim that the volume refers to. A claim that is not known here may only be new. */
async function claimOf(binder: BinderContext, volume: Readonly<Volume>): Promise<Readonly<Claim> | undefined> {
  const { namespace = '', name = '', uid } = volume.spec?.claimRef ?? {};
  const known = binder.claims.get(`${namespace}/${name}`);
  if (known?.metadata?.uid === uid) return known;
  const phase = volume.status?.phase;
  if (known === undefined && (phase === 'Released' || phase === 'Failed')) return undefined;
  const read = await unlessMissing(binder.client.get<Claim>(claims, namespace, name));
  return read?.metadata?.uid === uid ? read : undefined;
}

async function release(binder: BinderContext, volume: Readonly<Volume>): Promise<void> {
  const phase = volume.status?.phase;
  const isReleased = phase === 'Released' || phase === 'Failed';
  return reclaim(binder, isReleased ? volume : await setVolumePhase(binder, volume, 'Released'));
}

function tellModes(binder: BinderContext, volume: Readonly<Volume>, claim: Readonly<Claim>): void {
  const why = 'due to incompatible volumeMode.';
  const claimName = goQuote(claim.metadata?.name ?? '');
  const ofVolume = `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${claimName} ${why}`;
  volumeEvent(binder, volume, 'Warning', 'VolumeMismatch', ofVolume);
  const volumeName = goQuote(volume.metadata?.name ?? '');
  const ofClaim = `Cannot bind PersistentVolume ${volumeName} to requested PersistentVolumeClaim ${why}`;
  claimEvent(binder, claim, 'Warning', 'VolumeMismatch', ofClaim);
}

/** Volumes of in-tree provisioners stay until their storage is deleted, if it is to be. */
export function withDeletionFinalizers(volume: Readonly<Volume>): Readonly<Volume> {
  const provisioner = volume.metadata?.annotations?.[provisionedBy];
  const finalizers = volume.metadata?.finalizers ?? [];
  if (provisioner === undefined) return volume;
  const isMigrated = hasAnnotation(volume, 'pv.kubernetes.io/migrated-to');
  if (!isMigrated && !provisioner.startsWith('kubernetes.io/')) return volume;
  const policy = volume.spec?.persistentVolumeReclaimPolicy;
  // Nothing can be held back any more that is being deleted.
  const isWanted = !isMigrated && policy === 'Delete' && volume.metadata?.deletionTimestamp === undefined;
  const unwanted = isMigrated ? [volumeControllerFinalizer] : [externalProvisionerFinalizer];
  if (policy === 'Retain' || policy === 'Recycle') unwanted.push(volumeControllerFinalizer);
  const kept = finalizers.filter((finalizer) => !unwanted.includes(finalizer));
  const next = isWanted && !kept.includes(volumeControllerFinalizer) ? [...kept, volumeControllerFinalizer] : kept;
  if (next.length === finalizers.length && next.every((finalizer, i) => finalizer === finalizers[i])) return volume;
  return { ...volume, metadata: { ...volume.metadata, finalizers: next } };
}
