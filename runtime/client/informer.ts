import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { ObjectIndex } from './object-index.ts';
import { keyOf } from './object-key.ts';
import { sleep } from './sleep.ts';

/** Told of what changes, one event after the other. None may throw or take long: they fill queues. */
export interface InformerHandler<T extends KubeObject> {
  /** `isInitial`: it was there before the informer had caught up. */
  added?(object: Readonly<T>, isInitial: boolean): void;
  updated?(object: Readonly<T>, old: Readonly<T>): void;
  /** The last state that was seen. */
  deleted?(object: Readonly<T>): void;
}

export interface InformerScope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keeps what concerns identity, ownership and deletion, and nothing else. */
  readonly metadataOnly?: boolean;
}

export interface InformerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  onError(error: unknown, resource: GroupVersionResource): void;
}

const firstRetryMs = 200;
const maxRetryMs = 30_000;

/** How often what happened; for metrics. */
export interface InformerCounts {
  lists: number;
  watches: number;
  events: number;
  expired: number;
}

/**
 * A local copy of a resource, kept by a watch that begins with the objects present and resumes where it ended. Objects are shared: copy
 * before changing. It may lag behind one's own writes.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly resource: GroupVersionResource;
  readonly counts: InformerCounts = { lists: 0, watches: 0, events: 0, expired: 0 };
  readonly #scope: InformerScope;
  readonly #deps: InformerDeps;
  readonly #objects = new ObjectIndex<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #tried = Promise.withResolvers<void>();
  #hasSynced = false;
  #resourceVersion = '';

  constructor(resource: GroupVersionResource, scope: InformerScope, deps: InformerDeps) {
    this.resource = resource;
    this.#scope = scope;
    this.#deps = deps;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** The revision up to which the copy is known to be whole. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /** It has caught up, or failed once: waiting longer may be in vain. */
  whenTried(): Promise<void> {
    return Promise.race([this.#synced.promise, this.#tried.promise]);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Readonly<T> | undefined {
    return this.#objects.get(key);
  }

  /** Of one namespace, or all; in no order. */
  list(namespace?: string): Readonly<T>[] {
    return namespace === undefined ? [...this.#objects.all()] : this.#objects.by('namespace', namespace);
  }

  /** Adds an index that `by` reads; the same name twice is the same index. */
  index(name: string, valuesOf: (object: Readonly<T>) => readonly string[]): void {
    this.#objects.addIndex(name, valuesOf);
  }

  by(index: string, value: string): Readonly<T>[] {
    return this.#objects.by(index, value);
  }

  /** What is there already is told at once as added. */
  subscribe(handler: InformerHandler<T>): Disposable {
    this.#handlers.add(handler);
    for (const object of this.#objects.all()) handler.added?.(object, true);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  /** Runs until `signal` aborts. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#deps;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StatusError && (error.reason === 'Expired' || error.reason === 'Gone')) {
          this.counts.expired++;
          this.#resourceVersion = '';
          continue;
        }
        this.#tried.resolve();
        if (!this.#isExpected(error)) onError(error, this.resource);
        await sleep(clock, Math.min(firstRetryMs * 2 ** failures++, maxRetryMs), signal);
      }
    }
  }

  /** Custom resources begin and end while somebody follows their metadata. */
  #isExpected(error: unknown): boolean {
    const isOfNone =
      error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'TooManyRequests');
    return this.#scope.metadataOnly === true && isOfNone;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    const since = this.#resourceVersion;
    const isResuming = since !== '';
    const begin = isResuming
      ? { resourceVersion: since }
      : { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const };
    this.counts.watches++;
    if (!isResuming) this.counts.lists++;
    let initial: Set<string> | undefined = isResuming ? undefined : new Set();
    const options = { ...this.#scope, ...begin, allowWatchBookmarks: true };
    for await (const { type, object } of client.watch<T>(this.resource, options, signal)) {
      if (type === 'BOOKMARK') {
        if (initial !== undefined && object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true') {
          this.#endInitial(initial);
          initial = undefined;
        }
      } else if (type === 'DELETED') this.#remove(object);
      else {
        initial?.add(keyOf(object));
        this.#put(this.#scope.metadataOnly === true ? bare(object) : withoutManagers(object));
      }
      this.counts.events++;
      if (initial === undefined) this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
    }
  }

  /** What the initial events did not name has gone while nobody watched. */
  #endInitial(present: ReadonlySet<string>): void {
    for (const object of [...this.#objects.all()]) if (!present.has(keyOf(object))) this.#remove(object);
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  #put(object: Readonly<T>): void {
    const old = this.#objects.put(keyOf(object), object);
    if (old !== undefined && old.metadata?.uid !== object.metadata?.uid) {
      for (const handler of this.#handlers) handler.deleted?.(old);
      for (const handler of this.#handlers) handler.added?.(object, false);
    } else if (old === undefined) for (const handler of this.#handlers) handler.added?.(object, !this.#hasSynced);
    else if (old.metadata?.resourceVersion !== object.metadata?.resourceVersion)
      for (const handler of this.#handlers) handler.updated?.(object, old);
  }

  #remove(object: Readonly<T>): void {
    const old = this.#objects.delete(keyOf(object));
    if (old === undefined) return;
    for (const handler of this.#handlers) handler.deleted?.(object);
  }
}

/** As upstream's controllers keep objects: who wrote which field is a large part of them, and an update without it leaves it as it was. */
function withoutManagers<T extends KubeObject>(object: Readonly<T>): Readonly<T> {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Of each object as little as a graph of owners takes. */
function bare<T extends KubeObject>({ metadata = {} }: Readonly<T>): Readonly<T> {
  const { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata;
  const kept = { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp };
  return { metadata: kept } as Readonly<T>;
}
