import type { Clock, Random } from '../../api/clock.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import type { Container, Pod } from '../kubelet/pod-runtime.ts';
import type { NetworkNamespace } from '../network/network.ts';
import { createBudget } from '../processes/budget.ts';
import type { Space } from '../processes/process.ts';
import { createProcessTable, type ProcessTable } from '../processes/process-table.ts';
import { deaf } from './process.ts';

interface PodPlace {
  readonly clock: Clock;
  /** What processes see. */
  readonly insideClock: Clock;
  readonly random: Random;
  readonly network: NetworkNamespace;
  readonly hostname: string;
  readonly node: string;
}

export interface PodProcesses {
  /** Where a container's processes go. */
  tableFor(container: Container): ProcessTable;
  close(): void;
}

/** Which processes of a pod see each other: those of a container, of all with shareProcessNamespace, of the node with hostPID. */
export function createPodProcesses(pod: Readonly<Pod>, nodeTable: () => ProcessTable, place: PodPlace): PodProcesses {
  const { shareProcessNamespace = false, hostPID = false } = pod.spec ?? {};
  if (hostPID) {
    const table = nodeTable();
    // The node's own first process: those of pods are never that one.
    if (table.size === 0) table.spawn(emptySpace(pod, place), { args: ['/sbin/init'], program: deaf });
    return { tableFor: () => table, close: () => undefined };
  }
  if (!shareProcessNamespace) return { tableFor: () => createProcessTable(), close: () => undefined };
  const table = createProcessTable();
  const space = emptySpace(pod, place);
  table.spawn(space, { args: ['/pause'], program: deaf });
  return { tableFor: () => table, close: () => table.killSpace(space) };
}

function emptySpace(pod: Readonly<Pod>, place: PodPlace): Space {
  const { clock, insideClock, random, network, hostname, node } = place;
  return {
    clock: insideClock,
    random,
    network,
    files: new MemoryTree(),
    facts: { hostname, node, pod, container: { name: 'pause' }, attempt: 0 },
    budget: createBudget(clock),
    fifos: new Map(),
    programs: new Map(),
    memory: new Map(),
  };
}
