import { exponentialBuckets, type Metrics } from '../framework/metrics.ts';
import type { SchedulingQueue } from './queue.ts';

export type Result = 'scheduled' | 'unschedulable' | 'error';

/** What the scheduler counts, under upstream's names. */
export interface SchedulerMetrics {
  /** One look at a pod, or its binding, has ended. */
  attempted(result: Result, profile: string, ms: number): void;
  /** A pod has its node, so long after it was seen first. */
  placed(attempts: number, ms: number): void;
  preempted(victims: number): void;
}

export function createSchedulerMetrics(metrics: Metrics, queue: SchedulingQueue): SchedulerMetrics {
  const labels = ['result', 'profile'] as const;
  const attempts = metrics.counter({
    name: 'scheduler_schedule_attempts_total',
    help: 'Attempts to place a pod by how they ended.',
    labels,
  });
  const attemptSeconds = metrics.histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'Seconds of an attempt, from the choice of a node to the binding.',
    labels,
    buckets: exponentialBuckets(0.001, 2, 15),
  });
  const podSeconds = metrics.histogram({
    name: 'scheduler_pod_scheduling_sli_duration_seconds',
    help: 'Seconds from the first sight of a pod to its binding.',
    labels: ['attempts'],
    buckets: exponentialBuckets(0.01, 2, 20),
  });
  const podAttempts = metrics.histogram({
    name: 'scheduler_pod_scheduling_attempts',
    help: 'Attempts until a pod was bound.',
    labels: [],
    buckets: exponentialBuckets(1, 2, 5),
  });
  const preemptions = metrics.counter({
    name: 'scheduler_preemption_attempts_total',
    help: 'Attempts to make room for a pod.',
    labels: [],
  });
  const victims = metrics.histogram({
    name: 'scheduler_preemption_victims',
    help: 'Pods that one preemption takes away.',
    labels: [],
    buckets: exponentialBuckets(1, 2, 7),
  });
  metrics.gauge(
    { name: 'scheduler_pending_pods', help: 'Pods without a node by what they wait for.', labels: ['queue'] },
    () => {
      const { active, backoff, unschedulable, gated } = queue.counts;
      return Object.entries({ active, backoff, unschedulable, gated }).map(
        ([name, count]) => [{ queue: name }, count] as const,
      );
    },
  );
  return {
    attempted: (result, profile, ms) => {
      const own = { result, profile };
      attempts(own);
      attemptSeconds(own, ms / 1000);
    },
    placed: (count, ms) => {
      podAttempts({}, count);
      podSeconds({ attempts: String(Math.min(count, 16)) }, ms / 1000);
    },
    preempted: (count) => {
      preemptions({});
      if (count > 0) victims({}, count);
    },
  };
}
