import { storageUsage } from '../eviction/storage-usage.ts';
import type { DiskUsage, VolumeStore } from '../pod-runtime.ts';
import type { HostedPod } from '../server/kubelet-host.ts';

/** All files that a node's disk has room for. */
export const inodes = 6_553_600;

/** What is on a node's one disk: what pods have written and what is there beside them. */
export function diskOfNode(
  pods: Iterable<HostedPod>,
  store: Pick<VolumeStore, 'emptyDirUsage'>,
  own: DiskUsage,
): DiskUsage {
  let { bytes, files } = own;
  for (const hosted of pods) {
    const usage = storageUsage(hosted, store);
    bytes += usage.total;
    files += usage.files;
  }
  return { bytes, files };
}
