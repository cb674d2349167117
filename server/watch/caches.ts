import type { Change, ObjectStore, Revision } from '../storage/store.ts';
import { ParsedObjects } from './entry.ts';
import { ResourceCache } from './resource-cache.ts';

// Parsed objects cost about five times the bytes they were made from.
const parsedBudgetBytes = 6 * 1024 * 1024;

/** `/core/pods/` of `/core/pods/default/web`. */
function prefixOf(key: string): string {
  return key.slice(0, key.indexOf('/', key.indexOf('/', 1) + 1) + 1);
}

/** One cache per resource, all fed by one subscription to the store: when a write is acknowledged, every cache has it. */
export class Caches implements Disposable {
  readonly #store: ObjectStore;
  readonly #parsed = new ParsedObjects(parsedBudgetBytes);
  readonly #byPrefix = new Map<string, ResourceCache>();
  readonly #unclaimed = new Map<string, Change[]>();
  readonly #waiting: { readonly revision: Revision; readonly resolve: () => void }[] = [];
  #startRevision: Revision = 0;
  #unsubscribe = (): void => undefined;

  private constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Replays the store: live objects into the caches, history into their rings. */
  static async open(store: ObjectStore): Promise<Caches> {
    const caches = new Caches(store);
    caches.#startRevision = store.compactedRevision;
    for await (const batch of store.replay()) for (const change of batch) caches.#hold(change);
    caches.#unsubscribe = store.subscribe((changes) => caches.#apply(changes));
    return caches;
  }

  get revision(): Revision {
    return this.#store.revision;
  }

  /** The cache of the resource under this prefix; made on first use. */
  of(prefix: string, namespaced: boolean): ResourceCache {
    const known = this.#byPrefix.get(prefix);
    if (known !== undefined) return known;
    const cache = new ResourceCache({ prefix, namespaced, parsed: this.#parsed, startRevision: this.#startRevision });
    for (const change of this.#unclaimed.get(prefix) ?? []) {
      if (change.revision <= this.#startRevision) cache.load(change);
      else cache.apply(change);
    }
    this.#unclaimed.delete(prefix);
    this.#byPrefix.set(prefix, cache);
    return cache;
  }

  /** A cache beside the one of its prefix, to be fed by somebody else: the same objects in another version. */
  view(prefix: string, namespaced: boolean): ResourceCache {
    return new ResourceCache({ prefix, namespaced, parsed: this.#parsed, startRevision: this.#store.revision });
  }

  /** Forgets a cache that nobody will ask for; one with objects in it stays, since they may be asked for again. */
  release(prefix: string): void {
    const cache = this.#byPrefix.get(prefix);
    if (cache === undefined) return;
    cache.close();
    if (cache.entries.size === 0) this.#byPrefix.delete(prefix);
  }

  /** Resolves once the synced revision has reached `revision`. */
  waitFor(revision: Revision, signal?: AbortSignal): Promise<void> {
    if (this.#store.revision >= revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiting = { revision, resolve };
      this.#waiting.push(waiting);
      signal?.addEventListener(
        'abort',
        () => {
          const at = this.#waiting.indexOf(waiting);
          if (at >= 0) this.#waiting.splice(at, 1);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  // Until a resource is registered nobody knows whether it is namespaced: its changes wait.
  #hold(change: Change): void {
    const prefix = prefixOf(change.key);
    const held = this.#unclaimed.get(prefix);
    if (held === undefined) this.#unclaimed.set(prefix, [change]);
    else held.push(change);
  }

  #apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const cache = this.#byPrefix.get(prefixOf(change.key));
      if (cache === undefined) this.#hold(change);
      else cache.apply(change);
    }
    if (this.#waiting.length === 0) return;
    const last = changes.at(-1)?.revision ?? 0;
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const waiting = this.#waiting[i];
      if (waiting === undefined || waiting.revision > last) continue;
      this.#waiting.splice(i, 1);
      waiting.resolve();
    }
  }
}
