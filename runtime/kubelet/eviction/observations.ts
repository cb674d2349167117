import type { NodeOptions } from '../node-status.ts';
import type { DiskUsage } from '../pod-runtime.ts';
import { inodes } from '../statistics/disk.ts';
import { processesOfNode } from '../statistics/processes.ts';
import { bytesOfQuantity } from '../statistics/summary.ts';
import { amountOf, type EvictionSettings, type Observation, type Observations, type Signal } from './thresholds.ts';

/** What a node has altogether. */
export interface NodeRoom {
  readonly memoryBytes: number;
  /** What pods may have of it together. */
  readonly podMemoryBytes: number;
  readonly diskBytes: number;
  readonly files: number;
  readonly processes: number;
}

export interface NodeUse {
  readonly memoryBytes: number;
  readonly podMemoryBytes: number;
  readonly disk: DiskUsage;
  readonly processes: number;
}

/** As it says of itself. What it keeps back of its memory so as not to be short of it, pods have with the rest. */
export function roomOf(
  { capacity, allocatable = capacity }: Pick<NodeOptions, 'capacity' | 'allocatable'>,
  { thresholds }: EvictionSettings,
): NodeRoom {
  const memoryBytes = bytesOfQuantity(capacity['memory']);
  const kept = thresholds.find(({ signal, graceMs }) => signal === 'memory.available' && graceMs === 0);
  const keptBytes = kept === undefined ? 0 : amountOf(kept.value, memoryBytes);
  return {
    memoryBytes,
    podMemoryBytes: Math.min(memoryBytes, bytesOfQuantity(allocatable['memory']) + keptBytes),
    diskBytes: bytesOfQuantity(capacity['ephemeral-storage']),
    files: inodes,
    processes: processesOfNode(memoryBytes),
  };
}

export function observe(room: NodeRoom, use: NodeUse): Observations {
  const left = (capacity: number, used: number): Observation => ({
    capacity,
    available: Math.max(0, capacity - used),
  });
  const disk = left(room.diskBytes, use.disk.bytes);
  const files = left(room.files, use.disk.files);
  const all: [Signal, Observation][] = [
    ['memory.available', left(room.memoryBytes, use.memoryBytes)],
    ['allocatableMemory.available', left(room.podMemoryBytes, use.podMemoryBytes)],
    ['nodefs.available', disk],
    ['nodefs.inodesFree', files],
    ['imagefs.available', disk],
    ['imagefs.inodesFree', files],
    ['pid.available', left(room.processes, use.processes)],
  ];
  // Of what a node does not say that it has, it is never short.
  return new Map(all.filter(([, { capacity }]) => capacity > 0));
}
