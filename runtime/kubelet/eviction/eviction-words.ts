import { Quantity } from '../../../api/quantity.ts';
import { bytesOfQuantity } from '../statistics/summary.ts';
import type { PodShare } from './pod-share.ts';
import { type Observations, quantityOf, type StarvedResource, signals, type Threshold } from './thresholds.ts';

/** Why a pod is sent away from a node that is short of something. */
export function evictionWords(
  resource: StarvedResource,
  share: PodShare,
  thresholds: readonly Threshold[],
  observations: Observations,
): string {
  const { hosted, usage } = share;
  const { metadata, spec } = hosted.pod;
  const podRequest = resource === 'memory' ? spec?.resources?.requests?.[resource] : undefined;
  return [
    `The node was low on resource: ${resource}. `,
    thresholdWords(resource, thresholds, observations),
    podRequest === undefined ? '' : using(resource, `Pod ${metadata?.name}`, usage.total.memoryBytes, podRequest),
    ...containerWords(resource, share),
  ].join('');
}

function thresholdWords(
  resource: StarvedResource,
  thresholds: readonly Threshold[],
  observations: Observations,
): string {
  const threshold = thresholds.find(({ signal }) => signals[signal].resource === resource);
  const observed = threshold === undefined ? undefined : observations.get(threshold.signal);
  if (threshold === undefined || observed === undefined) return '';
  const isCounted = resource === 'inodes' || resource === 'pids';
  const available = Quantity.of(Math.round(observed.available), isCounted ? 'DecimalSI' : 'BinarySI');
  return `Threshold quantity: ${quantityOf(threshold.value, observed.capacity)}, available: ${available}. `;
}

/** Of containers that use more than they asked for; those that came to look cannot ask, and are not blamed. */
function containerWords(resource: StarvedResource, { usage, storage }: PodShare): string[] {
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return [];
  return usage.containers.map(({ record, usage: own }) => {
    const { name = '', resources } = record.spec;
    const bytes = resource === 'memory' ? own.memoryBytes : (storage.containers.get(name) ?? 0);
    const request = resources?.requests?.[resource] ?? '0';
    const isBlamed = record.kind !== 'ephemeral' && bytes > bytesOfQuantity(request);
    return isBlamed ? using(resource, `Container ${name}`, bytes, request) : '';
  });
}

function using(resource: StarvedResource, who: string, bytes: number, request: string): string {
  const used = Quantity.of(Math.round(bytes), 'BinarySI');
  return `${who} was using ${used}, request is ${request}, has larger consumption of ${resource}. `;
}
