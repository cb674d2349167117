import { Quantity } from '../../../api/quantity.ts';
import { untoleratedTaint } from '../../scheduler/taints.ts';
import { podResources } from '../pod-resources.ts';
import type { Pod } from '../pod-runtime.ts';
import { bytesOfQuantity } from '../statistics/summary.ts';
import type { PodUsage } from '../statistics/usage.ts';

const memory = 'memory';
const thresholdBytes = 100 * 2 ** 20;
const pressureTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const;
const scheduling: ReadonlySet<string> = new Set(['NoSchedule']);

export interface MemoryOfNode {
  readonly capacityBytes: number;
  readonly usedBytes: number;
}

function availableOf({ capacityBytes, usedBytes }: MemoryOfNode): number {
  return Math.max(0, capacityBytes - usedBytes);
}

export function isShortOfMemory(node: MemoryOfNode): boolean {
  return availableOf(node) < thresholdBytes;
}

function requestOf({ hosted }: PodUsage): number {
  const records = hosted.containers().filter(({ kind }) => kind !== 'ephemeral');
  const { requests } = podResources(hosted.pod.spec ?? { containers: [] }, ({ spec }) => spec.resources, records);
  return bytesOfQuantity(requests?.[memory]);
}

/** Who is to go first: who uses more than it asked for, who matters least, who is furthest above what it asked for. */
export function rankedByMemory<T extends PodUsage>(pods: readonly T[]): T[] {
  return pods
    .map((pod) => ({
      pod,
      above: pod.total.memoryBytes - requestOf(pod),
      priority: pod.hosted.pod.spec?.priority ?? 0,
    }))
    .sort((a, b) => Number(b.above > 0) - Number(a.above > 0) || a.priority - b.priority || b.above - a.above)
    .map(({ pod }) => pod);
}

/** Why a pod is sent away from a node that is short of memory. */
export function memoryWords({ hosted, containers, total }: PodUsage, node: MemoryOfNode): string {
  const { metadata, spec } = hosted.pod;
  const [threshold, available] = [bytesText(thresholdBytes), bytesText(availableOf(node))];
  const podRequest = spec?.resources?.requests?.[memory];
  const using = (who: string, bytes: number, request: string): string =>
    `${who} was using ${bytesText(bytes)}, request is ${request}, has larger consumption of ${memory}. `;
  const ofContainers = containers.map(({ record, usage }) => {
    const request = record.spec.resources?.requests?.[memory] ?? '0';
    const isBlamed = record.kind !== 'ephemeral' && usage.memoryBytes > bytesOfQuantity(request);
    return isBlamed ? using(`Container ${record.spec.name}`, usage.memoryBytes, request) : '';
  });
  return [
    `The node was low on resource: ${memory}. Threshold quantity: ${threshold}, available: ${available}. `,
    podRequest === undefined ? '' : using(`Pod ${metadata?.name}`, total.memoryBytes, podRequest),
    ...ofContainers,
  ].join('');
}

/** Whether a pod that asked for nothing may not begin on a node that is short of memory. */
export function isUnwelcome({ spec, status }: Readonly<Pod>): boolean {
  return (
    status?.qosClass === 'BestEffort' && untoleratedTaint([pressureTaint], spec?.tolerations, scheduling) !== undefined
  );
}

function bytesText(bytes: number): string {
  return Quantity.of(Math.round(bytes), 'BinarySI').toString();
}
