import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Hook } from './hooks.ts';

/** Whoever is asked to end has at least so long. */
export const leastGraceSeconds = 2;

export interface ContainerStop {
  readonly clock: Clock;
  /** What the event says. */
  readonly message: string;
  readonly graceSeconds: number;
  /** Resolves when those have ended that are to end before this one. */
  readonly turn?: Promise<unknown>;
  /** Rejects when it fails. */
  runHook(hook: Hook, signal: AbortSignal): Promise<void>;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** Ends a running container in the order of a kubelet: hook, its turn among others, signal, kill. All of it counts as grace. */
export async function stopContainer(record: ContainerRecord, stop: ContainerStop): Promise<void> {
  const { running, spec } = record;
  if (running === undefined) return;
  const { clock, event, runHook, turn } = stop;
  event('Normal', 'Killing', stop.message);
  let grace = stop.graceSeconds;
  const spend = async (work: Promise<unknown>): Promise<void> => {
    const startedAt = clock.now();
    const done = new AbortController();
    await Promise.race([work, sleep(clock, grace * 1000, done.signal)]);
    done.abort();
    grace -= Math.floor((clock.now() - startedAt) / 1000);
  };
  const preStop = spec.lifecycle?.preStop;
  if (preStop !== undefined && grace > 0) {
    const ended = new AbortController();
    void running.exited.then(() => ended.abort());
    const hook = runHook(preStop, ended.signal).catch(() =>
      event('Warning', 'FailedPreStopHook', 'PreStopHook failed'),
    );
    await spend(hook);
  }
  if (turn !== undefined && grace > 0) await spend(Promise.race([turn, running.exited]));
  running.stop(Math.max(grace, leastGraceSeconds) * 1000);
  await running.exited;
}
