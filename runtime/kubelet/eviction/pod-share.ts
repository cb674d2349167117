import { podResources } from '../pod-resources.ts';
import type { VolumeStore } from '../pod-runtime.ts';
import type { HostedPod } from '../server/kubelet-host.ts';
import { bytesOfQuantity } from '../statistics/summary.ts';
import type { PodUsage } from '../statistics/usage.ts';
import { type StorageUsage, storageUsage } from './storage-usage.ts';
import type { StarvedResource } from './thresholds.ts';

/** What one pod has of its node. */
export interface PodShare<T extends HostedPod = HostedPod> {
  readonly hosted: T;
  readonly usage: PodUsage;
  readonly storage: StorageUsage;
}

export function shareOf<T extends HostedPod>(
  hosted: T,
  usage: PodUsage,
  store: Pick<VolumeStore, 'emptyDirUsage'>,
): PodShare<T> {
  return { hosted, usage, storage: storageUsage(hosted, store) };
}

function requestOf({ hosted }: PodShare, resource: 'memory' | 'ephemeral-storage'): number {
  const records = hosted.containers().filter(({ kind }) => kind !== 'ephemeral');
  const { requests } = podResources(hosted.pod.spec ?? { containers: [] }, ({ spec }) => spec.resources, records);
  return bytesOfQuantity(requests?.[resource]);
}

/** How much it uses, and how much of that is beyond what it asked for. */
function useOf(share: PodShare, resource: StarvedResource): { readonly isAbove: boolean; readonly above: number } {
  const { usage, storage } = share;
  switch (resource) {
    case 'memory': {
      const above = usage.total.memoryBytes - requestOf(share, resource);
      return { isAbove: above > 0, above };
    }
    case 'ephemeral-storage': {
      const above = storage.total - requestOf(share, resource);
      return { isAbove: above > 0, above };
    }
    case 'inodes':
      // Nobody can ask for them; upstream takes what was asked of the disk off their number.
      return { isAbove: storage.files > 0, above: storage.files - requestOf(share, 'ephemeral-storage') };
    case 'pids':
      return { isAbove: true, above: usage.processes };
  }
}

/** Who is to go first: who uses more than it asked for, who matters least, who is furthest above what it asked for. */
export function ranked<T extends PodShare>(shares: readonly T[], resource: StarvedResource): T[] {
  return shares
    .map((share) => ({ share, ...useOf(share, resource), priority: share.hosted.pod.spec?.priority ?? 0 }))
    .sort((a, b) => Number(b.isAbove) - Number(a.isAbove) || a.priority - b.priority || b.above - a.above)
    .map(({ share }) => share);
}
