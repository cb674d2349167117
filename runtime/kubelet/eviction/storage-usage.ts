import type { VolumeStore } from '../pod-runtime.ts';
import type { HostedPod } from '../server/kubelet-host.ts';

/** What an empty directory takes of a disk. */
const directoryBytes = 4096;

/** What a pod has written to its node's disk, in bytes. */
export interface StorageUsage {
  /** By name: emptyDirs, those in memory too. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By name: a container's own layer and its log. */
  readonly containers: ReadonlyMap<string, number>;
  /** Of the disk. */
  readonly total: number;
}

export function storageUsage(hosted: HostedPod, store: Pick<VolumeStore, 'emptyDirBytes'>): StorageUsage {
  const { metadata, spec } = hosted.pod;
  const volumes = new Map<string, number>();
  const containers = new Map<string, number>();
  let total = 0;
  for (const { name = '', emptyDir } of spec?.volumes ?? []) {
    if (emptyDir === undefined) continue;
    const written = store.emptyDirBytes?.(metadata?.uid ?? '', name);
    if (written === undefined) continue;
    const isOnDisk = (emptyDir.medium ?? '') === '';
    volumes.set(name, isOnDisk ? written + directoryBytes : written);
    if (isOnDisk) total += written + directoryBytes;
  }
  for (const { spec: container, running, logs } of hosted.containers()) {
    const stored = (logs.newest?.storedBytes ?? 0) + (logs.before?.storedBytes ?? 0);
    const bytes = (running?.writtenBytes?.() ?? 0) + stored;
    containers.set(container.name ?? '', bytes);
    total += bytes;
  }
  return { volumes, containers, total };
}
