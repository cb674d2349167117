import type { ContainerRecord } from './container-record.ts';
import type { Pod } from './pod-runtime.ts';
import { restartsAfter } from './restart-policy.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PodContainersState {
  readonly init: readonly ContainerRecord[];
  readonly main: readonly ContainerRecord[];
  /** Nothing of it runs, or will. */
  readonly isOver: boolean;
}

/** The code of a container that has ended and was not started again. */
function exitCodeOf({ state, last }: ContainerRecord): number | undefined {
  if (state.is === 'terminated') return state.exitCode;
  return state.is === 'waiting' ? last?.exitCode : undefined;
}

/** One of the containers that make the pod has run: initialization lies behind. */
export function hasBegun(main: readonly ContainerRecord[]): boolean {
  return main.some(({ state, last }) => state.is !== 'waiting' || last !== undefined);
}

/** Upstream: getPhase. */
export function phaseOf({ spec = { containers: [] } }: Readonly<Pod>, state: PodContainersState): PodPhase {
  const { init, main, isOver } = state;
  const restarts = (record: ContainerRecord): boolean => restartsAfter(record.spec, spec, exitCodeOf(record) ?? 0);
  let isPending = false;
  for (const record of init) {
    const exitCode = exitCodeOf(record);
    if (record.kind === 'sidecar') {
      const isWaiting = record.state.is === 'waiting' && record.last === undefined;
      const isStarting = record.state.is === 'running' && !record.isStarted;
      if ((isWaiting || isStarting) && !hasBegun(main)) isPending = true;
    } else if (exitCode === undefined) isPending = true;
    else if (exitCode !== 0 && !restarts(record)) return 'Failed';
  }
  const sidecars = init.filter(({ kind }) => kind === 'sidecar');
  if (isPending || main.some(({ state: one, last }) => one.is === 'waiting' && last === undefined)) return 'Pending';
  if ([...sidecars, ...main].some(({ state: one }) => one.is === 'running')) return 'Running';
  if (main.length === 0) return 'Pending';
  const hasSucceeded = main.every(({ state: one }) => one.is === 'terminated' && one.exitCode === 0);
  if (isOver) return hasSucceeded ? 'Succeeded' : 'Failed';
  if (main.some(restarts)) return 'Running';
  return hasSucceeded ? 'Succeeded' : 'Failed';
}
