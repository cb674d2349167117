import { FileError, type FileTree } from '../files/file-tree.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import { MountedTree, type MountPoint } from '../files/mounted-tree.ts';
import { settingName } from '../kubelet/kernel-settings.ts';
import type { ContainerConfig, DiskUsage } from '../kubelet/pod-runtime.ts';
import { createProcTree } from '../processes/proc-tree.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import type { ContainerFacts } from '../processes/program.ts';
import type { ImageContent } from './userland.ts';

/** What a container may write to its own layer before it is told that there is no room. */
const layerCapacity = 128 * 2 ** 20;
const nodeMemoryBytes = 8 * 2 ** 30;
const nodeCores = 2;

interface FilesSetup {
  /** What the container writes to: over the image's files. */
  readonly layer: MemoryTree;
  readonly facts: ContainerFacts;
  readonly table: ProcessTable;
  readonly devices: MemoryTree;
  /** What the container is given of its node. */
  readonly cgroup?: FileTree;
  /** Default: now. */
  readonly startedAt?: number;
  now(): number;
}

export function containerLayer(
  { base }: ImageContent,
  now: () => number,
  onGrow?: (more: DiskUsage) => void,
): MemoryTree {
  return new MemoryTree({ now, base, capacity: layerCapacity, ...(onGrow === undefined ? {} : { onGrow }) });
}

/** A layer over the image's files, the system's own places, and the pod's volumes. */
export function containerFiles(
  { container, mounts }: Pick<ContainerConfig, 'container' | 'mounts'>,
  { layer, facts, table, devices, cgroup, now, startedAt = now() }: FilesSetup,
): FileTree {
  const isRootReadOnly = container.securityContext?.readOnlyRootFilesystem === true;
  const proc = createProcTree({
    now,
    processes: () => table.list(),
    mounts: () => tree.mounts,
    isRootReadOnly,
    startedAt,
    hostname: facts.hostname,
    memoryBytes: nodeMemoryBytes,
    cores: nodeCores,
    sysctls: new Map(
      facts.pod.spec?.securityContext?.sysctls?.map(({ name = '', value = '' }) => [settingName(name), value]) ?? [],
    ),
  });
  const isMounted = (path: string): boolean => mounts.some((mount) => mount.path === path);
  const own: MountPoint[] = [
    { path: '/proc', tree: proc },
    ...(cgroup === undefined ? [] : [{ path: '/sys/fs/cgroup', tree: cgroup }]),
    { path: '/dev', tree: new MemoryTree({ type: 'tmpfs', now, base: devices }) },
  ];
  const tree: MountedTree = new MountedTree(layer, [...own.filter(({ path }) => !isMounted(path)), ...mounts], {
    isRootReadOnly,
  });
  const { terminationMessagePath = '/dev/termination-log' } = container;
  ensure(tree, terminationMessagePath);
  if (!isMounted('/etc/hostname')) layer.write('/etc/hostname', `${facts.hostname}\n`);
  return tree;
}

/** Everybody may write to it. */
function ensure(files: FileTree, path: string): void {
  try {
    if (files.stat(path) === undefined) files.write(path, '', { mode: 0o666 });
  } catch (error) {
    // A read-only place has none.
    if (!(error instanceof FileError)) throw error;
  }
}
