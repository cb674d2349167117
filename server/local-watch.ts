import type { WatchOptions } from '../api/client.ts';
import type { KubeObject } from '../api/object.ts';
import { StatusError } from '../api/status.ts';
import type { WatchEvent } from '../api/watch.ts';
import type { ApiDeps } from './http/handlers/handler.ts';
import { reachedRevision } from './registry/list.ts';
import type { ServedResource } from './registry/resource.ts';
import { type ParsedSelection, parseSelection } from './registry/selection.ts';
import { StorageError } from './storage/store.ts';
import { type SelectedEvent, startFeed } from './watch/watch-feed.ts';

/** A reader in this process that falls behind by more than this has its watch ended. */
const maxPendingEvents = 16_384;

export interface LocalWatch {
  readonly options: WatchOptions;
  readonly signal: AbortSignal;
  present<T extends KubeObject>(served: ServedResource, object: Readonly<KubeObject>): Readonly<T>;
}

/** A watch without a wire: shared, frozen objects, pulled by the reader from a bounded queue. */
export async function* watchLocally<T extends KubeObject>(
  deps: ApiDeps,
  served: ServedResource,
  { options, signal, present }: LocalWatch,
): AsyncGenerator<WatchEvent<T>> {
  const { cache, form } = served.stored;
  const { store } = deps.registry;
  await form?.caughtUp?.();
  const selection = parseSelection(served, {
    namespace: options.namespace ?? '',
    labelSelector: options.labelSelector ?? '',
    fieldSelector: options.fieldSelector ?? '',
  });
  const given = givenRevision(options);
  const isInitial = options.sendInitialEvents ?? given === undefined;
  const reached = reachedRevision(deps.registry, served.stored);
  const start = isInitial ? reached : (given ?? reached);
  const queue = new LocalQueue<WatchEvent<T>>(signal);
  const push = (event: WatchEvent): void => queue.push({ ...event, object: present<T>(served, event.object) });
  if (isInitial) for (const event of initialEvents(served, selection)) push(event);
  if (options.sendInitialEvents === true) push(initialEventsEnd(start));
  const stop = await startFeed({
    cache,
    store,
    selection,
    after: start,
    onEvent: (selected) => {
      push({ type: selected.type, object: objectOf(served, selected) });
      if (queue.length > maxPendingEvents) queue.end();
    },
    ...(form === undefined ? {} : { present: form.present }),
  }).catch((error: unknown) => {
    throw error instanceof StorageError && error.code === 'Compacted'
      ? new StatusError('Expired', `too old resource version: ${given}`, { cause: error })
      : error;
  });
  const forget = cache.onClose(() => queue.end());
  try {
    yield* queue.drain();
  } finally {
    forget();
    stop();
  }
}

function givenRevision({ resourceVersion = '' }: WatchOptions): number | undefined {
  return resourceVersion === '' || resourceVersion === '0' ? undefined : Number(resourceVersion);
}

function* initialEvents({ stored }: ServedResource, selection: ParsedSelection): Generator<WatchEvent> {
  const { cache, namespaced } = stored;
  const isWithin = namespaced && selection.namespace !== undefined;
  for (const entry of cache.entries.range(isWithin ? `${cache.prefix}${selection.namespace}/` : cache.prefix)) {
    if (selection.name !== undefined && entry.name !== selection.name) continue;
    if (selection.matches?.(entry) !== false) yield { type: 'ADDED', object: cache.objectOf(entry) };
  }
}

function initialEventsEnd(revision: number): WatchEvent {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(revision), annotations } } };
}

function objectOf({ stored }: ServedResource, { entry, stale, event }: SelectedEvent): Readonly<KubeObject> {
  const object = stored.cache.objectOf(entry);
  return stale ? { ...object, metadata: { ...object.metadata, resourceVersion: String(event.revision) } } : object;
}

/** Between a producer that never waits and one reader; ends with the signal. */
class LocalQueue<T> {
  readonly #signal: AbortSignal;
  #pending: T[] = [];
  #isEnded = false;
  #wake = (): void => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get length(): number {
    return this.#pending.length;
  }

  push(item: T): void {
    this.#pending.push(item);
    this.#wake();
  }

  /** What is queued is still read. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *drain(): AsyncGenerator<T> {
    const abort = (): void => this.#wake();
    this.#signal.addEventListener('abort', abort, { once: true });
    try {
      while (!this.#signal.aborted) {
        const batch = this.#pending;
        this.#pending = [];
        for (const item of batch) {
          if (this.#signal.aborted) return;
          yield item;
        }
        if (this.#pending.length > 0) continue;
        if (this.#isEnded) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (this.#signal.aborted) resolve();
        });
      }
    } finally {
      this.#signal.removeEventListener('abort', abort);
    }
  }
}
