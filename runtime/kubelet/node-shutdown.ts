import type { Clock } from '../../api/clock.ts';
import { sleep } from '../client/sleep.ts';
import type { Pod } from './pod-runtime.ts';
import type { PodFailure } from './pod-status.ts';
import { criticalPriority } from './preemption.ts';

/** How long a node that shuts down waits for its pods. */
export interface ShutdownPeriods {
  /** All together. */
  readonly graceSeconds: number;
  /** Of them, the last ones, which critical pods have. */
  readonly criticalSeconds: number;
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

/** Ends the pods of a node, critical ones last; resolves when all have ended or their time is over. */
export async function endPods(
  pods: Iterable<EndablePod>,
  { graceSeconds, criticalSeconds }: ShutdownPeriods,
  clock: Clock,
): Promise<void> {
  const running = [...pods].filter(({ isOver }) => !isOver);
  const isCritical = ({ pod }: EndablePod): boolean => (pod.spec?.priority ?? 0) >= criticalPriority;
  const groups = [
    { seconds: graceSeconds - criticalSeconds, members: running.filter((pod) => !isCritical(pod)) },
    { seconds: criticalSeconds, members: running.filter(isCritical) },
  ];
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
