import type { ApiClient } from '../../../api/client.ts';
import { toTime } from '../../../api/clock.ts';
import { splitKey } from '../../client/object-key.ts';
import { podResource } from '../pod-control.ts';
import { isPodTerminal, type Pod, timeOf } from '../pod-state.ts';

const type = 'DisruptionTarget';
/** A pod that was to be deleted and is not by then will not be. */
const timeoutMs = 120_000;

/** Milliseconds until the condition of a pod that stays is taken back; undefined where there is nothing to take back. */
export function staleDisruptionMs(pod: Pod, now: number): number | undefined {
  if (pod.metadata?.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined;
  const condition = pod.status?.conditions?.find((candidate) => candidate.type === type);
  // The kubelet may take its time.
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  return Math.max(0, (timeOf(condition.lastTransitionTime) ?? 0) + timeoutMs - now);
}

export async function clearDisruption(client: ApiClient, key: string, pod: Pod, now: number): Promise<void> {
  const condition = {
    type,
    status: 'False',
    lastTransitionTime: toTime(now),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
  const conditions = (pod.status?.conditions ?? []).map((one) => (one.type === type ? condition : one));
  const next = { ...pod, apiVersion: 'v1', kind: 'Pod', status: { ...pod.status, conditions } };
  await client.update(podResource, splitKey(key).namespace, next, { subresource: 'status' });
}
