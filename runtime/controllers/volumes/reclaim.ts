import { parseQuantity } from '../../../api/quantity.ts';
import { StatusError } from '../../../api/status.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { type BinderContext, failVolume, unbind, updateVolume, volumeEvent } from './binder-context.ts';
import { isProvisionedHere } from './provisioning.ts';
import {
  hasAnnotation,
  isPodTerminated,
  migratedTo,
  type Pod,
  pods,
  podsOfClaim,
  provisionedBy,
  type Volume,
  volumeControllerFinalizer,
  volumes,
} from './storage-objects.ts';

/** What becomes of a volume whose claim has gone. */
export async function reclaim(binder: BinderContext, volume: Readonly<Volume>): Promise<void> {
  if (hasAnnotation(volume, migratedTo)) return;
  switch (volume.spec?.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return;
    case 'Recycle':
      return recycle(binder, volume);
    case 'Delete':
      return deleteVolume(binder, volume);
    default: {
      const message = 'Volume has unrecognized PersistentVolumeReclaimPolicy';
      return failVolume(binder, volume, 'VolumeUnknownReclaimPolicy', message);
    }
  }
}

/** 'here', 'elsewhere', or why nobody can. */
function deleterOf(
  binder: BinderContext,
  { metadata, spec }: Readonly<Volume>,
): 'here' | 'elsewhere' | { why: string } {
  const provisioner = metadata?.annotations?.[provisionedBy] ?? '';
  if (provisioner !== '') {
    if (isProvisionedHere(binder, provisioner)) return 'here';
    if (!provisioner.startsWith('kubernetes.io/')) return 'elsewhere';
    return { why: `no volume plugin matched name: ${provisioner}` };
  }
  if (spec?.csi !== undefined) return 'elsewhere';
  if (spec?.hostPath !== undefined) return 'here';
  const isKnown = spec?.nfs !== undefined || spec?.fc !== undefined || spec?.iscsi !== undefined;
  const why = isKnown ? 'no deletable volume plugin matched' : 'no volume plugin matched';
  return { why: `error getting deleter volume plugin for volume "${metadata?.name}": ${why}` };
}

async function deleteVolume(binder: BinderContext, volume: Readonly<Volume>): Promise<void> {
  const deleter = deleterOf(binder, volume);
  if (deleter === 'elsewhere') return;
  if (deleter !== 'here') return failVolume(binder, volume, 'VolumeFailedDelete', deleter.why);
  const path = volume.spec?.hostPath?.path ?? '';
  // Directories are the nodes' own: the check is upstream's, the files go with the node.
  if (!/\/tmp\/.+/.test(path)) {
    const message = `host_path deleter only supports /tmp/.+ but received provided ${path}`;
    return failVolume(binder, volume, 'VolumeFailedDelete', message);
  }
  const finalizers = volume.metadata?.finalizers ?? [];
  if (finalizers.includes(volumeControllerFinalizer)) {
    const kept = finalizers.filter((finalizer) => finalizer !== volumeControllerFinalizer);
    await updateVolume(binder, { ...volume, metadata: { ...volume.metadata, finalizers: kept } });
  }
  if (volume.metadata?.deletionTimestamp !== undefined) return;
  await unlessMissing(binder.client.delete(volumes, '', volume.metadata?.name ?? ''));
}

const recyclerNamespace = 'default';

/** A pod empties the volume, then it is free again. Each call does what the pod's state asks for. */
async function recycle(binder: BinderContext, volume: Readonly<Volume>): Promise<void> {
  const { claimRef, hostPath, nfs } = volume.spec ?? {};
  const claimKey = `${claimRef?.namespace}/${claimRef?.name}`;
  const users = podsOfClaim(binder.pods, claimKey).filter((pod) => !isPodTerminated(pod));
  const later = (): void => binder.volumeQueue.addAfter(volume.metadata?.name ?? '', binder.resyncMs);
  if (users.length > 0 && binder.claims.get(claimKey) === undefined) {
    const names = users.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`).toSorted();
    volumeEvent(binder, volume, 'Normal', 'VolumeFailedRecycle', `Volume is used by pods: ${names.join(',')}`);
    return later();
  }
  if (hostPath === undefined && nfs === undefined)
    return failVolume(binder, volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
  const name = recyclerOf(volume);
  const pod = await unlessMissing(binder.client.get<Pod>(pods, recyclerNamespace, name));
  if (pod === undefined) {
    try {
      await binder.client.create(pods, recyclerNamespace, recyclerPod(volume));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const why = `Recycle failed: unexpected error creating recycler pod:  ${error.message}`;
      await failVolume(binder, volume, 'VolumeFailedRecycle', why);
      later();
    }
    return;
  }
  if (pod.metadata?.deletionTimestamp !== undefined) return later();
  const { phase, message = 'pod failed, pod.Status.Message unknown' } = pod.status ?? {};
  if (phase !== 'Succeeded' && phase !== 'Failed') return;
  await unlessMissing(binder.client.delete(pods, recyclerNamespace, name));
  if (phase === 'Failed') {
    const why = `Recycle failed: failed to recycle volume: ${message}`;
    await failVolume(binder, volume, 'VolumeFailedRecycle', why);
    return later();
  }
  volumeEvent(binder, volume, 'Normal', 'VolumeRecycled', 'Volume recycled');
  await unbind(binder, volume);
}

const recyclerPrefix = 'recycler-for-';

function recyclerOf({ metadata }: Readonly<Volume>): string {
  return `${recyclerPrefix}${metadata?.name}`;
}

/** The volume that a pod empties. */
export function recycledBy({ metadata }: Readonly<Pod>): readonly string[] {
  const { namespace, name = '' } = metadata ?? {};
  return namespace === recyclerNamespace && name.startsWith(recyclerPrefix) ? [name.slice(recyclerPrefix.length)] : [];
}

const gibibyte = 2n ** 30n;

/** Upstream: util.CalculateTimeoutForVolume; 30 s for each GiB, at least a minute, for NFS five. */
function recyclerPod(volume: Readonly<Volume>): Pod {
  const { hostPath, nfs, capacity } = volume.spec ?? {};
  const size = parseQuantity(capacity?.storage ?? '0').value();
  const seconds = Math.max(Number(size / gibibyte) * 30, nfs === undefined ? 60 : 300);
  return {
    metadata: { name: recyclerOf(volume), namespace: recyclerNamespace },
    spec: {
      activeDeadlineSeconds: seconds,
      restartPolicy: 'Never',
      volumes: [{ name: 'vol', ...(nfs === undefined ? { hostPath: { path: hostPath?.path ?? '' } } : { nfs }) }],
      containers: [
        {
          name: 'pv-recycler',
          image: 'registry.k8s.io/build-image/debian-base:bookworm-v1.0.6',
          command: ['/bin/sh'],
          args: ['-c', 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'],
          volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
        },
      ],
    },
  } as Pod;
}
