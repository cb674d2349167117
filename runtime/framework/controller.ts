import type { ApiClient } from '../../api/client.ts';
import type { Clock, Random } from '../../api/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Discovery } from '../client/discovery.ts';
import type { Informer } from '../client/informer.ts';
import type { Informers } from '../client/informers.ts';
import { keyOf } from '../client/object-key.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Metrics } from './metrics.ts';
import type { ControllerManagerOptions } from './options.ts';
import { isConflict } from './status-cause.ts';
import type { WorkQueue } from './work-queue.ts';

/** What every controller gets. */
export interface ControllerContext {
  /** Acts as the controller's own service account where there is one. */
  readonly client: ApiClient;
  readonly informers: Informers;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ControllerManagerOptions;
  readonly metrics: Metrics;
  /** Events that name `component` as their source. */
  recorder(component: string, host?: string): EventRecorder;
  onError(error: unknown, controller: string): void;
}

/** A controller at work: it ends when the signal given to `start` aborts. */
export interface RunningController {
  readonly name: string;
  readonly queues: readonly WorkQueue[];
  readonly ended: Promise<void>;
}

export interface ControllerDefinition {
  /** As in `--controllers`; upstream's name. */
  readonly name: string;
  /** Runs only when it is named. */
  readonly isOffByDefault?: boolean;
  start(context: ControllerContext, signal: AbortSignal): RunningController;
}

/** One that has nothing to do where it runs. */
export function restingController(name: string): RunningController {
  return { name, queues: [], ended: Promise.resolve() };
}

export interface Reconciling {
  readonly name: string;
  /** How many keys are looked at side by side. */
  readonly workers: number;
  /** No key is looked at before these have caught up. */
  readonly informers: readonly Pick<Informer, 'whenSynced'>[];
  readonly queue: WorkQueue;
  /** Level-triggered and idempotent. Throwing means trying again later, a conflict without a complaint; for a fixed time use `queue.addAfter`. */
  reconcile(key: string, signal: AbortSignal): Promise<void>;
}

/** Thrown by a reconcile that waits for something: the key comes again, later each time, without a complaint. */
export class NotYet extends Error {}

function isExpected(error: unknown): boolean {
  return error instanceof NotYet || isConflict(error);
}

/** Works off a queue until `signal` aborts. */
export function startReconciling(
  { name, workers, informers, queue, reconcile }: Reconciling,
  context: Pick<ControllerContext, 'onError'>,
  signal: AbortSignal,
): RunningController {
  signal.addEventListener('abort', () => queue.close(), { once: true });
  const work = async (): Promise<void> => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      try {
        await reconcile(key, signal);
        queue.forget(key);
      } catch (error) {
        if (signal.aborted) return;
        if (!isExpected(error)) context.onError(error, name);
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
  };
  const run = async (): Promise<void> => {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([Promise.all(informers.map((informer) => informer.whenSynced())), aborted]);
    await Promise.all(Array.from({ length: workers }, work));
  };
  return { name, queues: [queue], ended: run() };
}

/** Every change of an object of `informer` puts its own key, or `keysOf` it, into the queue. */
export function enqueueOn<T extends KubeObject>(
  informer: Informer<T>,
  queue: WorkQueue,
  keysOf: (object: Readonly<T>) => readonly string[] = (object) => [keyOf(object)],
): Disposable {
  const enqueue = (object: Readonly<T>): void => {
    for (const key of keysOf(object)) queue.add(key);
  };
  return informer.subscribe({
    added: enqueue,
    updated: (object, old) => {
      enqueue(object);
      // What it concerned before may have to hear of it too.
      enqueue(old);
    },
    deleted: enqueue,
  });
}
