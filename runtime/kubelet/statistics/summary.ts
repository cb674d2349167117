import { toTime } from '../../../api/clock.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { storageUsage } from '../eviction/storage-usage.ts';
import type { DiskUsage, Usage } from '../pod-runtime.ts';
import type { KubeletHost } from '../server/kubelet-host.ts';
import { diskOfNode, inodes } from './disk.ts';
import { processesOfNode } from './processes.ts';
import { type PodUsage, usageOfNode, usageOfPods } from './usage.ts';

/** Of an empty directory, a root; of volumes and disks whose files nobody counts. */
export const smallBytes = 4096;

export function bytesOfQuantity(text: string | undefined): number {
  return text === undefined ? 0 : Number(parseQuantity(text).value());
}

function cpuOf(usage: Usage, time: string) {
  return {
    time,
    usageNanoCores: Math.round(usage.cpuNanoCores),
    usageCoreNanoSeconds: Math.round(usage.cpuNanoseconds),
  };
}

function memoryOf(usage: Usage, time: string, limit: number) {
  const bytes = Math.round(usage.memoryBytes);
  return {
    time,
    ...(limit === 0 ? {} : { availableBytes: Math.max(0, limit - bytes) }),
    usageBytes: bytes,
    workingSetBytes: bytes,
    rssBytes: bytes,
    pageFaults: 0,
    majorPageFaults: 0,
  };
}

interface Disk {
  readonly time: string;
  readonly capacity: number;
  /** By all of the node. */
  readonly taken: DiskUsage;
}

/** All places of a node are on one disk: each says how much of that is left. */
function fileSystem({ time, capacity, taken }: Disk, used: number, files = 1) {
  return {
    time,
    availableBytes: Math.max(0, capacity - taken.bytes),
    capacityBytes: capacity,
    usedBytes: used,
    inodesFree: Math.max(0, inodes - taken.files),
    inodes,
    inodesUsed: files,
  };
}

function storeOf(host: KubeletHost) {
  return { emptyDirUsage: (pod: string, volume: string) => host.emptyDirUsage?.(pod, volume) };
}

function networkOf(time: string) {
  const counters = { name: 'eth0', rxBytes: 0, rxErrors: 0, txBytes: 0, txErrors: 0 };
  return { time, ...counters, interfaces: [counters] };
}

function podOf(host: KubeletHost, { hosted, containers, total, processes }: PodUsage, disk: Disk, isShort: boolean) {
  const { pod } = hosted;
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const { time } = disk;
  const written = storageUsage(hosted, storeOf(host));
  const volumes = (pod.spec?.volumes ?? []).map((volume) => ({
    ...fileSystem(disk, written.volumes.get(volume.name ?? '') ?? smallBytes),
    name: volume.name,
    ...(volume.persistentVolumeClaim === undefined
      ? {}
      : { pvcRef: { name: volume.persistentVolumeClaim.claimName, namespace } }),
  }));
  return {
    podRef: { name, namespace, uid },
    startTime: hosted.status().startTime ?? time,
    containers: containers.map(({ record, startedAt, usage }) => ({
      name: record.spec.name,
      startTime: toTime(startedAt),
      cpu: cpuOf(usage, time),
      memory: memoryOf(usage, time, bytesOfQuantity(record.spec.resources?.limits?.['memory'])),
      ...(isShort
        ? {}
        : {
            rootfs: fileSystem(disk, smallBytes + (record.running?.written?.().bytes ?? 0)),
            logs: fileSystem(disk, record.logs.newest?.storedBytes ?? 0),
          }),
      swap: { time, swapAvailableBytes: 0, swapUsageBytes: 0 },
    })),
    cpu: cpuOf(total, time),
    memory: memoryOf(total, time, 0),
    ...(isShort
      ? {}
      : {
          network: networkOf(time),
          ...(volumes.length === 0 ? {} : { volume: volumes }),
          'ephemeral-storage': fileSystem(
            disk,
            smallBytes * (1 + containers.length) + written.total,
            1 + written.files,
          ),
          process_stats: { process_count: processes },
        }),
    swap: { time, swapUsageBytes: 0 },
  };
}

/** `/stats/summary`. */
export function summaryOf(host: KubeletHost, isShort: boolean) {
  const pods = usageOfPods(host);
  const node = usageOfNode(host, pods);
  const time = toTime(host.clock.now());
  const { capacity } = host;
  const own = host.ownDisk?.() ?? { bytes: 0, files: 0 };
  const taken = diskOfNode(host.hostedPods(), storeOf(host), own);
  const disk = { time, capacity: bytesOfQuantity(capacity['ephemeral-storage']), taken };
  const memory = bytesOfQuantity(capacity['memory']);
  const place = fileSystem(disk, taken.bytes, taken.files);
  return {
    node: {
      nodeName: host.facts().name,
      startTime: toTime(host.startedAt),
      cpu: cpuOf(node, time),
      memory: memoryOf(node, time, memory),
      ...(isShort
        ? {}
        : {
            network: networkOf(time),
            fs: place,
            runtime: { imageFs: place, containerFs: place },
            rlimit: {
              time,
              maxpid: processesOfNode(memory),
              curproc: pods.reduce((sum, { processes }) => sum + processes, 0),
            },
          }),
      swap: { time, swapAvailableBytes: 0, swapUsageBytes: 0 },
    },
    pods: pods.map((pod) => podOf(host, pod, disk, isShort)),
  };
}
