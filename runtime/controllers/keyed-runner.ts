import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { GroupVersionResource } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { WatchEvent } from '../../api/watch.ts';

/** What is watched, and which keys an event concerns. */
export interface KeySource {
  readonly resource: GroupVersionResource;
  keysOf(event: WatchEvent): readonly string[];
}

export interface KeyedController {
  readonly name: string;
  readonly sources: readonly KeySource[];
  /** Level-triggered and idempotent; throwing means trying again later. */
  reconcile(key: string, signal: AbortSignal): Promise<void>;
}

export interface RunnerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  onError(error: unknown, controller: string): void;
}

const firstRetryMs = 5;
const maxRetryMs = 60_000;
const watchRetryMs = 1000;

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    signal.addEventListener(
      'abort',
      () => {
        timer.cancel();
        resolve();
      },
      { once: true },
    );
  });
}

/** Runs until `signal` aborts; resolves when everything has stopped. One key is never reconciled twice at a time. */
export async function runController(controller: KeyedController, deps: RunnerDeps, signal: AbortSignal): Promise<void> {
  const dirty = new Set<string>();
  const failures = new Map<string, number>();
  let wake = (): void => undefined;
  const enqueue = (key: string): void => {
    dirty.add(key);
    wake();
  };
  signal.addEventListener('abort', () => wake(), { once: true });
  const watching = controller.sources.map((source) => follow(controller, source, { deps, enqueue }, signal));
  while (!signal.aborted) {
    const [key] = dirty;
    if (key === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    dirty.delete(key);
    try {
      await controller.reconcile(key, signal);
      failures.delete(key);
    } catch (error) {
      if (signal.aborted) break;
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      if (!(error instanceof StatusError && error.reason === 'Conflict')) deps.onError(error, controller.name);
      deps.clock.after(Math.min(firstRetryMs * 2 ** (count - 1), maxRetryMs), () => enqueue(key));
    }
  }
  await Promise.all(watching);
}

interface Feed {
  readonly deps: RunnerDeps;
  enqueue(key: string): void;
}

/** Watches for ever: resumes where the stream ended, and starts over when that is too old. */
async function follow(
  controller: KeyedController,
  source: KeySource,
  { deps, enqueue }: Feed,
  signal: AbortSignal,
): Promise<void> {
  let resourceVersion = '';
  while (!signal.aborted) {
    try {
      const options = { allowWatchBookmarks: true, ...(resourceVersion === '' ? {} : { resourceVersion }) };
      for await (const event of deps.client.watch(source.resource, options, signal)) {
        resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
        for (const key of source.keysOf(event)) enqueue(key);
      }
    } catch (error) {
      resourceVersion = '';
      if (!(error instanceof StatusError && error.reason === 'Expired')) deps.onError(error, controller.name);
      await sleep(deps.clock, watchRetryMs, signal);
    }
  }
}
