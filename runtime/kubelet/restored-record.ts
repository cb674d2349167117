import type { ContainerRecord, Terminated } from './container-record.ts';
import type { ContainerStatus } from './pod-runtime.ts';

type TerminatedStatus = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

const unknownCode = 137;

function timeOf(time: string | undefined | null): number | undefined {
  return time === undefined || time === null ? undefined : Date.parse(time);
}

function terminatedOf(status: TerminatedStatus): Terminated {
  const { exitCode = 0, reason = '', message, signal, startedAt, finishedAt, containerID = '' } = status;
  return {
    is: 'terminated',
    exitCode,
    reason,
    ...(message === undefined ? {} : { message }),
    ...(signal === undefined ? {} : { signal }),
    startedAt: timeOf(startedAt),
    finishedAt: timeOf(finishedAt),
    id: containerID,
  };
}

function lost(message: string): Terminated {
  return {
    is: 'terminated',
    exitCode: unknownCode,
    reason: 'ContainerStatusUnknown',
    message,
    startedAt: undefined,
    finishedAt: undefined,
    id: '',
  };
}

/**
 * What the pod's status says of a container that ran before this kubelet did, whose runtime has forgotten it: it counts on from
 * there. `isOver`: it shall not run again, and what ran has ended in a way that nobody saw.
 */
export function restore(record: ContainerRecord, status: ContainerStatus | undefined, isOver: boolean): void {
  if (status === undefined) return;
  const { state, lastState, restartCount = 0, image = '', imageID = '' } = status;
  record.restarts = restartCount;
  record.image = image;
  record.imageID = imageID;
  record.user = status.user;
  record.id = status.containerID ?? '';
  record.wasCreated = record.id !== '';
  record.last = lastState?.terminated === undefined ? undefined : terminatedOf(lastState.terminated);
  if (state?.terminated !== undefined) {
    record.state = terminatedOf(state.terminated);
    if (record.kind === 'init') record.isReady = state.terminated.exitCode === 0;
    return;
  }
  if (state?.running === undefined) return;
  if (isOver) {
    record.state = lost('The container could not be located when the pod was terminated');
    return;
  }
  record.last = lost('The container could not be located when the pod was deleted.  The container used to be Running');
  record.restarts++;
}
