import type { ContainerRecord } from './container-record.ts';
import type { Pod, PodCondition } from './pod-runtime.ts';

export interface PodState {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly hasSandbox: boolean;
  readonly init: readonly ContainerRecord[];
  readonly main: readonly ContainerRecord[];
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

const yes: Verdict = { status: 'True' };

export function isSidecar({ spec }: ContainerRecord): boolean {
  return spec.restartPolicy === 'Always';
}

function namesOf(records: readonly ContainerRecord[]): string {
  return `[${records.map(({ spec }) => spec.name).join(' ')}]`;
}

function initialized({ phase, init }: PodState): Verdict {
  const missing = init.filter((record) => (isSidecar(record) ? !record.isStarted : !record.isReady));
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (missing.length === 0) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${namesOf(missing)}`,
  };
}

function containersReady({ phase, init, main }: PodState): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = [...init.filter(isSidecar), ...main].filter(({ isReady }) => !isReady);
  if (unready.length === 0) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${namesOf(unready)}`,
  };
}

function ready(state: PodState, pod: Readonly<Pod>): Verdict {
  const containers = containersReady(state);
  if (containers.status === 'False') return containers;
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (found === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return found.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  if (messages.length === 0) return yes;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

/** The conditions that a kubelet writes, with the times of their last transition taken from those that the pod has. */
export function conditionsOf(pod: Readonly<Pod>, state: PodState, now: string): PodCondition[] {
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', { status: state.hasSandbox ? 'True' : 'False' }],
    ['Initialized', initialized(state)],
    ['Ready', ready(state, pod)],
    ['ContainersReady', containersReady(state)],
    ['PodScheduled', yes],
  ];
  return verdicts.map(([type, { status, reason, message }]) => {
    const old = pod.status?.conditions?.find((condition) => condition.type === type);
    const { generation } = pod.metadata ?? {};
    const since = old?.status === status ? old.lastTransitionTime : undefined;
    return {
      type,
      status,
      lastTransitionTime: since ?? now,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  });
}

/** Upstream: getPhase. */
export function phaseOf(
  pod: Readonly<Pod>,
  init: readonly ContainerRecord[],
  main: readonly ContainerRecord[],
): PodState['phase'] {
  const { restartPolicy = 'Always' } = pod.spec ?? {};
  const pendingInit = init.some((record) => (isSidecar(record) ? !record.isStarted : !record.isReady));
  const failedInit = init.some(
    ({ state, isReady, ...record }) =>
      !isSidecar({ state, isReady, ...record }) && state.is === 'terminated' && !isReady && restartPolicy === 'Never',
  );
  if (failedInit) return 'Failed';
  if (pendingInit) return 'Pending';
  const counts = { waiting: 0, running: 0, succeeded: 0, failed: 0, stopped: 0 };
  for (const { state, last } of main) {
    if (state.is === 'running') counts.running++;
    else if (state.is === 'terminated') {
      counts.stopped++;
      counts[state.exitCode === 0 ? 'succeeded' : 'failed']++;
    } else if (last === undefined) counts.waiting++;
    else counts.stopped++;
  }
  if (counts.waiting > 0) return 'Pending';
  if (counts.running > 0) return 'Running';
  if (counts.stopped === 0) return 'Pending';
  if (restartPolicy === 'Always') return 'Running';
  if (counts.stopped === counts.succeeded) return 'Succeeded';
  if (restartPolicy === 'Never') return 'Failed';
  return 'Running';
}
