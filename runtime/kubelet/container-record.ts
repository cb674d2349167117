import { toTime } from '../../api/clock.ts';
import { ContainerLogs } from './logs/container-logs.ts';
import type { Container, ContainerExit, ContainerStatus, StartedContainer } from './pod-runtime.ts';
import { ProbeCounts } from './probes/probe-counts.ts';

interface Waiting {
  readonly is: 'waiting';
  readonly reason: string;
  readonly message?: string;
}

interface Running {
  readonly is: 'running';
  readonly startedAt: number;
}

export interface Terminated extends Omit<ContainerExit, 'reason'> {
  readonly is: 'terminated';
  readonly reason: string;
  /** Undefined: nobody knows. */
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly id: string;
}

export type ContainerState = Waiting | Running | Terminated;
/** A sidecar is an init container that always restarts. */
export type ContainerKind = 'init' | 'sidecar' | 'main' | 'ephemeral';

/** What the kubelet knows of one container of a pod. */
export interface ContainerRecord {
  readonly kind: ContainerKind;
  /** As the pod has it now. */
  spec: Container;
  state: ContainerState;
  /** The end before this one. */
  last: Terminated | undefined;
  restarts: number;
  isReady: boolean;
  isStarted: boolean;
  /** It has been made at least once. */
  wasCreated: boolean;
  id: string;
  /** As the runtime names it. */
  image: string;
  imageID: string;
  /** Who it runs as. */
  user: ContainerStatus['user'];
  /** What it was admitted with, or given since. */
  allocated: Container['resources'];
  /** What it runs with. */
  resources: Container['resources'];
  running: StartedContainer | undefined;
  readonly logs: ContainerLogs;
  readonly probeCounts: ProbeCounts;
  /** Ends whatever the container waits for before it starts again. */
  wake(): void;
}

export function newRecord(spec: Container, reason: string, kind: ContainerKind = 'main'): ContainerRecord {
  return {
    kind,
    spec,
    state: { is: 'waiting', reason },
    last: undefined,
    restarts: 0,
    isReady: false,
    isStarted: false,
    wasCreated: false,
    id: '',
    image: spec.image ?? '',
    imageID: '',
    user: undefined,
    allocated: spec.resources,
    resources: undefined,
    running: undefined,
    logs: new ContainerLogs(),
    probeCounts: new ProbeCounts(),
    wake: () => undefined,
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : toTime(ms);
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
      const terminated = {
        exitCode,
        reason,
        ...(message === undefined ? {} : { message }),
        ...(signal === undefined ? {} : { signal }),
        startedAt: timeOf(startedAt),
        finishedAt: timeOf(finishedAt),
        ...(id === '' ? {} : { containerID: id }),
      };
      // A time that nobody knows is null, which the types of the document do not say.
      return { terminated: terminated as NonNullable<NonNullable<ContainerStatus['state']>['terminated']> };
    }
  }
}

function mountStatus({ volumeMounts = [] }: Container): Pick<ContainerStatus, 'volumeMounts'> {
  if (volumeMounts.length === 0) return {};
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly, recursiveReadOnly }) => ({
      name,
      mountPath,
      ...(readOnly === true
        ? { readOnly, recursiveReadOnly: recursiveReadOnly === 'Enabled' ? 'Enabled' : 'Disabled' }
        : {}),
    })),
  };
}

/** As it stands in a pod's status. */
export function containerStatusOf(record: ContainerRecord): ContainerStatus {
  const { kind, spec, state, last, restarts, isReady, isStarted, image, imageID, id, wasCreated, user } = record;
  const requests = record.allocated?.requests;
  const given = state.is === 'running' ? record.resources : record.allocated;
  return {
    name: spec.name,
    state: stateOf(state),
    lastState: last === undefined ? {} : stateOf(last),
    ready: isReady,
    restartCount: restarts,
    image,
    imageID,
    ...(id === '' ? {} : { containerID: id }),
    ...(kind === 'ephemeral' ? {} : { started: isStarted }),
    ...(wasCreated ? { resources: given ?? {} } : {}),
    ...(wasCreated && requests !== undefined ? { allocatedResources: requests } : {}),
    ...mountStatus(spec),
    ...(user === undefined ? {} : { user }),
  };
}

export function userStatus(user: StartedContainer['user']): ContainerStatus['user'] {
  if (user === undefined) return undefined;
  const { uid, gid, groups } = user;
  return { linux: { uid, gid, supplementalGroups: [...groups] } };
}
