import type { DiskUsage, VolumeStore } from '../pod-runtime.ts';
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
  /** On the disk. */
  readonly files: number;
}

export function storageUsage(hosted: HostedPod, store: Pick<VolumeStore, 'emptyDirUsage'>): StorageUsage {
  const { metadata, spec } = hosted.pod;
  const volumes = new Map<string, number>();
  const containers = new Map<string, number>();
  let [total, files] = [0, 0];
  for (const { name = '', emptyDir } of spec?.volumes ?? []) {
    if (emptyDir === undefined) continue;
    const written = store.emptyDirUsage?.(metadata?.uid ?? '', name);
    if (written === undefined) continue;
    const isOnDisk = (emptyDir.medium ?? '') === '';
    volumes.set(name, isOnDisk ? written.bytes + directoryBytes : written.bytes);
    if (!isOnDisk) continue;
    total += written.bytes + directoryBytes;
    files += written.files + 1;
  }
  for (const { spec: container, running, logs } of hosted.containers()) {
    const stored = (logs.newest?.storedBytes ?? 0) + (logs.before?.storedBytes ?? 0);
    const layer = running?.written?.() ?? noDisk;
    containers.set(container.name ?? '', layer.bytes + stored);
    total += layer.bytes + stored;
    files += layer.files;
  }
  return { volumes, containers, total, files };
}

const noDisk: DiskUsage = { bytes: 0, files: 0 };
