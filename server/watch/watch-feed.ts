import { type ObjectStore, type Revision, StorageError } from '../storage/store.ts';
import type { Entry } from './entry.ts';
import type { CacheEvent, Interest, ResourceCache } from './resource-cache.ts';

export interface Selection extends Interest {
  /** Absent: everything the interest covers. Called with the parsed forms at hand in the cache. */
  readonly matches?: (entry: Entry) => boolean;
}

export type SelectedType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** An event as one selection sees it: an object that enters is ADDED, one that leaves is DELETED with its last matching state. */
export interface SelectedEvent {
  readonly type: SelectedType;
  readonly entry: Entry;
  /** Set when `entry` is a former state whose resourceVersion must be replaced by `event.revision` on the wire. */
  readonly stale: boolean;
  readonly event: CacheEvent;
}

function covers(selection: Selection, entry: Entry): boolean {
  if (selection.namespace !== undefined && selection.namespace !== '' && entry.namespace !== selection.namespace)
    return false;
  if (selection.name !== undefined && entry.name !== selection.name) return false;
  return selection.matches === undefined || selection.matches(entry);
}

export function select(selection: Selection, event: CacheEvent): SelectedEvent | undefined {
  const { entry, previous } = event;
  const before = previous !== undefined && covers(selection, previous);
  if (event.type === 'delete') {
    return before ? { type: 'DELETED', entry, stale: false, event } : undefined;
  }
  if (covers(selection, entry)) return { type: before ? 'MODIFIED' : 'ADDED', entry, stale: false, event };
  return before && previous !== undefined ? { type: 'DELETED', entry: previous, stale: true, event } : undefined;
}

export interface FeedOptions {
  readonly cache: ResourceCache;
  readonly store: ObjectStore;
  readonly selection: Selection;
  /** Events after this revision. */
  readonly after: Revision;
  readonly onEvent: (event: SelectedEvent) => void;
  /** Rows of the store's history as the cache shows them, where they differ. */
  present?<T extends { readonly key: string; readonly value: Uint8Array }>(
    rows: readonly T[],
  ): Promise<readonly T[]> | readonly T[];
}

/**
 * Every selected event after a revision, without gap or duplicate: first from the ring (or, further back, from the store's history),
 * then live. Returns the function that ends it. Throws StorageError Compacted.
 */
export async function startFeed(options: FeedOptions): Promise<() => void> {
  const { cache, store, selection, after, onEvent } = options;
  if (after < store.compactedRevision) throw new StorageError('Compacted', cache.prefix);
  const deliver = (event: CacheEvent): void => {
    // Views may bring what the reader knows already.
    if (event.revision <= after) return;
    const selected = select(selection, event);
    if (selected !== undefined) onEvent(selected);
  };
  const recent = cache.eventsAfter(after);
  if (recent !== undefined) {
    for (const event of recent) deliver(event);
    return cache.listen(selection, deliver);
  }
  const held: CacheEvent[] = [];
  let reached: Revision | undefined;
  const deliverNew = (event: CacheEvent, known: Revision): void => {
    if (event.revision > known) deliver(event);
  };
  const stop = cache.listen(selection, (event) => {
    if (reached === undefined) held.push(event);
    else deliverNew(event, reached);
  });
  try {
    reached = await replayHistory(options, deliver);
    for (const event of held) deliverNew(event, reached);
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

async function replayHistory(
  { cache, store, after, present = (rows) => rows }: FeedOptions,
  deliver: (event: CacheEvent) => void,
): Promise<Revision> {
  const newest = new Map<string, Entry | undefined>();
  let reached = store.revision;
  for await (const batch of store.changes(after)) {
    reached = Math.max(reached, batch.at(-1)?.revision ?? 0);
    for (const change of await present(batch.filter(({ key }) => key.startsWith(cache.prefix)))) {
      let previous = newest.get(change.key);
      if (!newest.has(change.key)) {
        const stored = await store.get(change.key, after);
        const [shown] = stored === undefined ? [] : await present([stored]);
        previous = shown === undefined ? undefined : cache.entryOf(shown);
      }
      const entry = cache.entryOf(change);
      newest.set(change.key, change.type === 'put' ? entry : undefined);
      deliver({ revision: change.revision, type: change.type, entry, previous });
    }
  }
  return reached;
}
