import type { Api } from '../../../api/object.ts';
import { type Pod, readyCondition, timeOf } from '../pod-state.ts';

type ContainerStatus = Api<'io.k8s.api.core.v1.ContainerStatus'>;

/** Failures since the last success: each doubles the wait for the next pod. */
export interface PodBackoff {
  readonly failures: number;
  readonly lastFailure?: number;
}

export const noBackoff: PodBackoff = { failures: 0 };

const firstWaitMs = 10_000;
const maxWaitMs = 600_000;

/** Carried on with the pods that ended since. */
export function nextBackoff(before: PodBackoff, succeeded: readonly Pod[], failed: readonly Pod[]): PodBackoff {
  const failures = failed.map(finishedAt).sort((a, b) => a - b);
  const lastFailure = failures.at(-1);
  if (succeeded.length === 0)
    return lastFailure === undefined ? before : { failures: before.failures + failures.length, lastFailure };
  const lastSuccess = Math.max(...succeeded.map(finishedAt));
  const later = failures.filter((time) => time > lastSuccess).length;
  return later === 0 || lastFailure === undefined ? noBackoff : { failures: later, lastFailure };
}

/** How long no new pod is made. */
export function backoffRemainingMs({ failures, lastFailure }: PodBackoff, now: number): number {
  if (failures === 0 || lastFailure === undefined) return 0;
  const wait = Math.min(firstWaitMs * 2 ** (failures - 1), maxWaitMs);
  return Math.max(0, wait - (now - lastFailure));
}

/** When a pod ended: by its containers, else when it stopped being ready, else when its deletion was asked for. */
export function finishedAt(pod: Pod): number {
  const ready = readyCondition(pod);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata ?? {};
  const deletion = timeOf(deletionTimestamp);
  return (
    containersFinishedAt(pod) ??
    (ready?.status === 'False' ? timeOf(ready.lastTransitionTime ?? undefined) : undefined) ??
    (deletion === undefined ? undefined : deletion - deletionGracePeriodSeconds * 1000) ??
    timeOf(creationTimestamp) ??
    0
  );
}

function containersFinishedAt({ spec, status }: Pod): number | undefined {
  const sidecars = new Set(
    (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const counted: ContainerStatus[] = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ];
  const times = counted.map(({ state }) => timeOf(state?.terminated?.finishedAt ?? undefined));
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return Math.max(...times.map((time) => time ?? 0));
}
