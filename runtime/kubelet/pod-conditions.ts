import type { ContainerRecord } from './container-record.ts';
import { hasBegun, type PodPhase } from './pod-phase.ts';
import type { Pod, PodCondition } from './pod-runtime.ts';

export interface PodState {
  readonly phase: PodPhase;
  readonly hasSandbox: boolean;
  readonly init: readonly ContainerRecord[];
  readonly main: readonly ContainerRecord[];
  /** Of pods whose containers may all start anew; undefined: of no interest. */
  readonly isRestartingAll: boolean | undefined;
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

const yes: Verdict = { status: 'True' };

function namesOf(records: readonly ContainerRecord[]): string {
  return `[${records.map(({ spec }) => spec.name).join(' ')}]`;
}

function initialized({ phase, init, main }: PodState): Verdict {
  const missing = init.filter(({ kind, isStarted, isReady }) => !(kind === 'sidecar' ? isStarted : isReady));
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  // Sidecars that start again do not take it back.
  if (missing.length === 0 || hasBegun(main)) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${namesOf(missing)}`,
  };
}

function ended(phase: PodPhase): Verdict | undefined {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  return phase === 'Failed' ? { status: 'False', reason: 'PodFailed' } : undefined;
}

function containersReady({ phase, init, main }: PodState): Verdict {
  const over = ended(phase);
  if (over !== undefined) return over;
  const unready = [...init.filter(({ kind }) => kind === 'sidecar'), ...main].filter(({ isReady }) => !isReady);
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

function restarting({ phase, isRestartingAll }: PodState): readonly (readonly [string, Verdict])[] {
  if (isRestartingAll === undefined) return [];
  const started: Verdict = {
    status: 'True',
    reason: 'RestartAllContainersStarted',
    message: 'container exited with restart policy rule',
  };
  return [['AllContainersRestarting', ended(phase) ?? (isRestartingAll ? started : { status: 'False' })]];
}

/** The conditions that a kubelet writes, with the times of their last transition taken from those that the pod has. */
export function conditionsOf(pod: Readonly<Pod>, state: PodState, now: string): PodCondition[] {
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', { status: state.hasSandbox ? 'True' : 'False' }],
    ['Initialized', initialized(state)],
    ['Ready', ready(state, pod)],
    ['ContainersReady', containersReady(state)],
    ['PodScheduled', yes],
    ...restarting(state),
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
