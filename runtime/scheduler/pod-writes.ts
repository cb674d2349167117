import type { ApiClient } from '../../api/client.ts';
import { type Clock, toTime } from '../../api/clock.ts';
import type { Api } from '../../api/object.ts';
import type { Pod } from './pod-info.ts';

export type PodCondition = Readonly<Api<'io.k8s.api.core.v1.PodCondition'>>;

const pods = { group: '', version: 'v1', resource: 'pods' } as const;

export async function bindPod(client: ApiClient, pod: Pod, nodeName: string): Promise<void> {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  await client.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid },
    target: { kind: 'Node', name: nodeName },
  });
}

export interface StatusChange {
  readonly condition?: Omit<PodCondition, 'lastTransitionTime' | 'lastProbeTime' | 'observedGeneration'>;
  /** '' takes it away. */
  readonly nominatedNodeName?: string;
}

/** What has to be sent; undefined when the pod says it already. */
export function statusPatch(
  pod: Pod,
  { condition, nominatedNodeName }: StatusChange,
  clock: Clock,
): object | undefined {
  const patch: { conditions?: PodCondition[]; nominatedNodeName?: string | null } = {};
  const old = pod.status?.conditions?.find(({ type }) => type === condition?.type);
  const generation = pod.metadata?.generation;
  const isSame =
    old?.status === condition?.status && old?.reason === condition?.reason && old?.message === condition?.message;
  if (condition !== undefined && !isSame) {
    const since = old !== undefined && old.status === condition.status ? old.lastTransitionTime : undefined;
    const lastTransitionTime = since ?? toTime(clock.now());
    const observed = generation === undefined ? {} : { observedGeneration: generation };
    patch.conditions = [{ ...condition, ...observed, lastTransitionTime }];
  }
  if (nominatedNodeName !== undefined && nominatedNodeName !== (pod.status?.nominatedNodeName ?? ''))
    patch.nominatedNodeName = nominatedNodeName === '' ? null : nominatedNodeName;
  return Object.keys(patch).length === 0 ? undefined : { metadata: { uid: pod.metadata?.uid }, status: patch };
}

/** Answers with false where nothing had to be written. */
export async function patchPodStatus(
  client: ApiClient,
  clock: Clock,
  pod: Pod,
  change: StatusChange,
): Promise<boolean> {
  const patch = statusPatch(pod, change, clock);
  if (patch === undefined) return false;
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const target = { resource: pods, namespace, name, type: 'application/strategic-merge-patch+json' } as const;
  await client.patch(target, patch, { subresource: 'status' });
  return true;
}

export async function deletePod(client: ApiClient, pod: Pod): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  await client.delete(pods, namespace, name, uid === undefined ? {} : { preconditions: { uid } });
}
