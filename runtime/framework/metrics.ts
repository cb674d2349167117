import type { RunningController } from './controller.ts';
import type { QueueObserver } from './work-queue.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Where the parts of this process count what they do. Names, labels and buckets are upstream's where it has them. */
export interface Metrics {
  counter(metric: Metric): (labels: Labels, by?: number) => void;
  histogram(metric: Metric & { readonly buckets: readonly number[] }): (labels: Labels, value: number) => void;
  /** `read` is called when somebody asks. */
  gauge(metric: Metric, read: () => Iterable<readonly [labels: Labels, value: number]>): void;
}

/** Nobody asks. */
export const noMetrics: Metrics = {
  counter: () => () => undefined,
  histogram: () => () => undefined,
  gauge: () => undefined,
};

/** `count` bounds, each `factor` times the one before. */
export function exponentialBuckets(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first * factor ** index);
}

const labels = ['name'] as const;

/** Watches the queues of controllers under the names that every work queue of Kubernetes has. */
export function observeQueues(metrics: Metrics, controllers: readonly RunningController[]): void {
  const queues = controllers.flatMap(({ name, queues: own }) =>
    own.map((queue, index) => [index === 0 ? name : `${name}_${index + 1}`, queue] as const),
  );
  const buckets = exponentialBuckets(1e-8, 10, 10);
  const adds = metrics.counter({ name: 'workqueue_adds_total', help: 'Keys added to a queue.', labels });
  const retries = metrics.counter({ name: 'workqueue_retries_total', help: 'Keys that came again later.', labels });
  const waited = metrics.histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waits in a queue, in seconds.',
    labels,
    buckets,
  });
  const worked = metrics.histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long a key is worked on, in seconds.',
    labels,
    buckets,
  });
  for (const [name, queue] of queues) {
    const own = { name };
    const observer: QueueObserver = {
      added: () => adds(own),
      retried: () => retries(own),
      waited: (ms) => waited(own, ms / 1000),
      worked: (ms) => worked(own, ms / 1000),
    };
    queue.observer = observer;
  }
  const each = (read: (queue: (typeof queues)[number][1]) => number) => () =>
    queues.map(([name, queue]) => [{ name }, read(queue)] as const);
  metrics.gauge(
    { name: 'workqueue_depth', help: 'Keys that wait in a queue.', labels },
    each((queue) => queue.depth),
  );
  metrics.gauge(
    {
      name: 'workqueue_unfinished_work_seconds',
      help: 'Seconds that the keys under way have taken so far, together.',
      labels,
    },
    each((queue) => queue.running().reduce((sum, ms) => sum + ms, 0) / 1000),
  );
  metrics.gauge(
    {
      name: 'workqueue_longest_running_processor_seconds',
      help: 'Seconds that the key longest under way has taken so far.',
      labels,
    },
    each((queue) => Math.max(0, ...queue.running()) / 1000),
  );
}
