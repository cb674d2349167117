import { semanticEqual } from '../../api/equal.ts';
import { type ContainerRecord, containerStatusOf } from './container-record.ts';
import { conditionsOf, type PodState } from './pod-conditions.ts';
import { podResources } from './pod-resources.ts';
import type { ContainerStatus, NodeFacts, Pod, PodCondition } from './pod-runtime.ts';

export type PodStatus = NonNullable<Pod['status']>;

/** Why a pod failed as a whole, whatever its containers did. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** Told by a condition, too: it was sent away. */
  readonly disruption?: string;
}

export interface PodFacts extends PodState {
  readonly ephemeral: readonly ContainerRecord[];
  readonly failure: PodFailure | undefined;
  /** Nothing of it runs any more. */
  readonly isOver: boolean;
  readonly ips: readonly string[];
  readonly startTime: string;
  /** Of a change of resources that is asked for or under way. */
  readonly resizing: readonly PodCondition[];
}

/** Of a pod that was not let in, upstream's kubelet says nothing more: nobody has looked at its containers. */
export function rejectedStatus({ reason, message }: PodFailure, startTime: string): PodStatus {
  return { phase: 'Failed', reason, message, startTime };
}

/** What the kubelet says of a pod. */
export function statusOf(pod: Readonly<Pod>, facts: PodFacts, node: NodeFacts, now: string): PodStatus {
  const { phase, failure, isOver, ips, startTime, init, main, ephemeral } = facts;
  const { generation } = pod.metadata ?? {};
  const isEnd = phase === 'Succeeded' || phase === 'Failed';
  // What still runs holds the end back, though not what the conditions say.
  const isHeldBack = isEnd && !isOver;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: isHeldBack ? (pod.status?.phase ?? 'Pending') : phase,
    ...(isHeldBack || failure === undefined ? {} : { reason: failure.reason, message: failure.message }),
    conditions: [...facts.resizing, ...disruptionOf(pod, failure, now), ...conditionsOf(pod, facts, now)],
    hostIP: node.addresses[0] ?? '',
    hostIPs: node.addresses.map((ip) => ({ ip })),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime,
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map(containerStatusOf) }),
    containerStatuses: main.map(containerStatusOf).sort(byName),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral.map(containerStatusOf).sort(byName) }),
    ...resourcesOf(pod, facts),
  };
}

function disruptionOf(
  { metadata, status }: Readonly<Pod>,
  failure: PodFailure | undefined,
  now: string,
): PodCondition[] {
  if (failure?.disruption === undefined) return [];
  const known = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True');
  return [
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'TerminationByKubelet',
      message: failure.disruption,
      lastTransitionTime: known?.lastTransitionTime ?? now,
      ...(metadata?.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    },
  ];
}

function byName({ name: one = '' }: ContainerStatus, { name: other = '' }: ContainerStatus): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

function resourcesOf({ spec }: Readonly<Pod>, { main, init }: PodFacts): Pick<PodStatus, 'resources'> {
  if (spec === undefined || ![...init, ...main].some(({ wasCreated }) => wasCreated)) return {};
  const { requests } = podResources(spec, ({ allocated }) => allocated, [...init, ...main]);
  const resources = podResources(
    spec,
    ({ resources: actual, state, allocated }) => (state.is === 'running' ? actual : allocated),
    [...init, ...main],
  );
  return { resources, ...(requests === undefined ? {} : { allocatedResources: requests }) };
}

const passingConditions = ['PodResizePending', 'PodResizeInProgress'];
const ownConditions = [
  ...passingConditions,
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
];
/** What a kubelet may have said before and says no more. */
const passing = ['podIP', 'podIPs'] as const;

/** The patch that makes a pod's status what the kubelet says; undefined: it is so already. Conditions of others stay. */
export function statusPatch({ metadata, status: known = {} }: Readonly<Pod>, status: PodStatus): object | undefined {
  const { conditions = [], ...rest } = status;
  const gone = passing.filter((key) => status[key] === undefined && known[key] !== undefined);
  const left = status.conditions === undefined ? ownConditions : passingConditions;
  const past = (known.conditions ?? [])
    .map(({ type }) => type)
    .filter((type = '') => left.includes(type) && !conditions.some((one) => one.type === type));
  const isKnown =
    gone.length === 0 &&
    past.length === 0 &&
    Object.entries(rest).every(([key, value]) => semanticEqual(known[key as keyof typeof known], value)) &&
    conditions.every((one) => known.conditions?.some((other) => isSame(one, other)) === true);
  if (isKnown) return undefined;
  // A merge keeps what it does not name: reasons that no longer hold are taken away.
  const cleared = conditions.map((condition) => ({ reason: null, message: null, ...condition }));
  const own = conditions.map(({ type }) => ({ type }));
  const others = (known.conditions ?? []).filter(
    ({ type }) => !past.includes(type) && !own.some((one) => one.type === type),
  );
  const { podIPs = [], hostIPs } = status;
  const { uid } = metadata ?? {};
  const isNamed = podIPs.length > 0 || gone.includes('podIPs');
  return {
    metadata: { ...(uid === undefined ? {} : { uid }) },
    status: {
      ...status,
      ...(gone.includes('podIP') ? { podIP: null } : {}),
      // A server refuses an order of nothing.
      ...(others.length + own.length === 0
        ? {}
        : { '$setElementOrder/conditions': [...others.map(({ type }) => ({ type })), ...own] }),
      ...(past.length + cleared.length === 0
        ? {}
        : { conditions: [...past.map((type) => ({ $patch: 'delete', type })), ...cleared] }),
      ...(isNamed ? { podIPs: [{ $patch: 'replace' }, ...podIPs] } : {}),
      ...(hostIPs === undefined ? {} : { hostIPs: [{ $patch: 'replace' }, ...hostIPs] }),
    },
  };
}

function isSame(one: PodCondition, other: PodCondition): boolean {
  const { lastProbeTime: _, ...rest } = other;
  return semanticEqual(one, rest);
}
