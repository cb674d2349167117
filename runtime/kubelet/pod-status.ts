import { semanticEqual } from '../../api/equal.ts';
import { containerStatusOf } from './container-record.ts';
import { conditionsOf, type PodState } from './pod-conditions.ts';
import type { NodeFacts, Pod, PodCondition } from './pod-runtime.ts';

export type PodStatus = NonNullable<Pod['status']>;

/** Why a pod failed as a whole, whatever its containers did. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

export interface PodFacts extends PodState {
  readonly failure: PodFailure | undefined;
  readonly ips: readonly string[];
  readonly startTime: string;
}

/** What the kubelet says of a pod. */
export function statusOf(pod: Readonly<Pod>, facts: PodFacts, node: NodeFacts, now: string): PodStatus {
  const { phase, failure, ips, startTime, init, main } = facts;
  const { generation } = pod.metadata ?? {};
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    ...failure,
    conditions: conditionsOf(pod, facts, now),
    hostIP: node.addresses[0] ?? '',
    hostIPs: node.addresses.map((ip) => ({ ip })),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime,
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map(containerStatusOf) }),
    containerStatuses: main.map(containerStatusOf),
  };
}

/** The patch that makes a pod's status what the kubelet says; undefined: it is so already. Conditions of others stay. */
export function statusPatch({ metadata, status: known = {} }: Readonly<Pod>, status: PodStatus): object | undefined {
  const { conditions = [], ...rest } = status;
  const isKnown =
    Object.entries(rest).every(([key, value]) => semanticEqual(known[key as keyof typeof known], value)) &&
    conditions.every((one) => known.conditions?.some((other) => isSame(one, other)) === true);
  if (isKnown) return undefined;
  // A merge keeps what it does not name: reasons that no longer hold are taken away.
  const cleared = conditions.map((condition) => ({ reason: null, message: null, ...condition }));
  const { podIPs, hostIPs } = status;
  const { uid } = metadata ?? {};
  return {
    metadata: { ...(uid === undefined ? {} : { uid }) },
    status: {
      ...status,
      conditions: cleared,
      ...(podIPs === undefined ? {} : { podIPs: [{ $patch: 'replace' }, ...podIPs] }),
      ...(hostIPs === undefined ? {} : { hostIPs: [{ $patch: 'replace' }, ...hostIPs] }),
    },
  };
}

function isSame(one: PodCondition, other: PodCondition): boolean {
  const { lastProbeTime: _, ...rest } = other;
  return semanticEqual(one, rest);
}
