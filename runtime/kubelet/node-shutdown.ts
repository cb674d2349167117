import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import type { Pod } from './pod-runtime.ts';
import type { PodFailure } from './pod-status.ts';
import { criticalPriority } from './preemption.ts';

/** How long a node that shuts down waits for pods of a priority or more, up to that of the next period. */
export interface ShutdownPeriod {
  readonly priority: number;
  readonly seconds: number;
}

export interface EndablePod {
  readonly pod: Readonly<Pod>;
  readonly isOver: boolean;
  fail(failure: PodFailure, type: undefined, graceSeconds: number): Promise<void>;
}

export const shuttingDown = 'node is shutting down';
export const shutdownRejection = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
};

const message = 'Pod was terminated in response to imminent node shutdown.';
const failure: PodFailure = { reason: 'Terminated', message, disruption: message };

/** All together, and of them the last ones, which critical pods have. */
export function twoPeriods(graceSeconds: number, criticalSeconds: number): readonly ShutdownPeriod[] {
  if (graceSeconds === 0) return [];
  return [
    { priority: 0, seconds: graceSeconds - criticalSeconds },
    { priority: criticalPriority, seconds: criticalSeconds },
  ];
}

/** Ends the pods of a node, those that matter least first; resolves when all have ended or their time is over. */
export async function endPods(
  pods: Iterable<EndablePod>,
  periods: readonly ShutdownPeriod[],
  clock: Clock,
): Promise<void> {
  const running = [...pods].filter(({ isOver }) => !isOver);
  const groups = periods
    .toSorted((a, b) => a.priority - b.priority)
    .map(({ priority, seconds }) => ({ priority, seconds, members: [] as EndablePod[] }));
  // Those below all periods have the first.
  for (const one of running)
    (groups.findLast(({ priority }) => priority <= (one.pod.spec?.priority ?? 0)) ?? groups[0])?.members.push(one);
  for (const { seconds, members } of groups) {
    if (members.length === 0) continue;
    const done = new AbortController();
    const ended = members.map((one) => {
      const own = one.pod.spec?.terminationGracePeriodSeconds ?? seconds;
      return one.fail(failure, undefined, Math.min(own, seconds));
    });
    await Promise.race([Promise.allSettled(ended), sleep(clock, seconds * 1000, done.signal)]);
    done.abort();
  }
}
