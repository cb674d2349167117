import { toTime } from '../../api/clock.ts';
import { ContainerLogs } from './logs/container-logs.ts';
import type { Container, ContainerExit, ContainerStatus, StartedContainer } from './pod-runtime.ts';

interface Waiting {
  readonly is: 'waiting';
  readonly reason: string;
  readonly message?: string;
}

interface Running {
  readonly is: 'running';
  readonly startedAt: number;
}

export interface Terminated extends ContainerExit {
  readonly is: 'terminated';
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly id: string;
}

export type ContainerState = Waiting | Running | Terminated;

/** What the kubelet knows of one container of a pod. */
export interface ContainerRecord {
  readonly spec: Container;
  state: ContainerState;
  /** The end before this one. */
  last: Terminated | undefined;
  restarts: number;
  isReady: boolean;
  isStarted: boolean;
  id: string;
  imageID: string;
  running: StartedContainer | undefined;
  readonly logs: ContainerLogs;
}

export function newRecord(spec: Container, reason: string): ContainerRecord {
  return {
    spec,
    state: { is: 'waiting', reason },
    last: undefined,
    restarts: 0,
    isReady: false,
    isStarted: false,
    id: '',
    imageID: '',
    running: undefined,
    logs: new ContainerLogs(),
  };
}

function stateOf(state: ContainerState): NonNullable<ContainerStatus['state']> {
  switch (state.is) {
    case 'waiting': {
      const { reason, message } = state;
      return { waiting: { reason, ...(message === undefined ? {} : { message }) } };
    }
    case 'running':
      return { running: { startedAt: toTime(state.startedAt) } };
    case 'terminated': {
      const { exitCode, reason, message, signal, startedAt, finishedAt, id } = state;
      return {
        terminated: {
          exitCode,
          reason,
          ...(message === undefined ? {} : { message }),
          ...(signal === undefined ? {} : { signal }),
          startedAt: toTime(startedAt),
          finishedAt: toTime(finishedAt),
          containerID: id,
        },
      };
    }
  }
}

/** As it stands in a pod's status. */
export function containerStatusOf(record: ContainerRecord): ContainerStatus {
  const { spec, state, last, restarts, isReady, isStarted, id, imageID } = record;
  return {
    name: spec.name,
    state: stateOf(state),
    lastState: last === undefined ? {} : stateOf(last),
    ready: isReady,
    restartCount: restarts,
    image: spec.image ?? '',
    imageID,
    ...(id === '' ? {} : { containerID: id }),
    started: isStarted,
    ...(spec.resources === undefined ? {} : { resources: spec.resources }),
    ...(spec.resources?.requests === undefined ? {} : { allocatedResources: spec.resources.requests }),
  };
}
