import type { KubeObject } from '../../api/object.ts';
import type { Change, Revision } from '../storage/store.ts';
import type { Entry, ParsedObjects } from './entry.ts';
import { OrderedEntries } from './ordered-entries.ts';

/** One write as watchers see it. Frames are encoded once and shared by every watcher that asks for the same form. */
export interface CacheEvent {
  readonly revision: Revision;
  readonly type: 'put' | 'delete';
  /** The new state; for a delete the last state, carrying the revision of the deletion. */
  readonly entry: Entry;
  readonly previous: Entry | undefined;
  frames?: Map<string, Uint8Array> | undefined;
}

/** Which events a watcher wants; the narrowest present field decides where it is indexed. */
export interface Interest {
  readonly namespace?: string;
  /** With the namespace (or cluster-scoped): one object. */
  readonly name?: string;
  /** The value of the cache's indexed field (spec.nodeName of pods). */
  readonly indexed?: string;
}

export type EventListener = (event: CacheEvent) => void;

// Enough for a client that reconnects within minutes under heavy churn; older revisions are read from the store.
const maxRingEvents = 4096;
const maxRingBytes = 4 * 1024 * 1024;
/** Watchers that keep up ask for an event's frame at once: older events need not keep theirs. */
const framedEvents = 64;

export interface ResourceCacheOptions {
  /** `/core/pods/`: every key of the resource starts with it. */
  readonly prefix: string;
  readonly namespaced: boolean;
  readonly parsed: ParsedObjects;
  /** All events after this revision pass through `apply`. */
  readonly startRevision: Revision;
}

/** The current objects of one resource, the last events, and the watchers they go to. Fed in revision order by the store. */
export class ResourceCache {
  readonly prefix: string;
  readonly entries = new OrderedEntries();
  readonly #namespaced: boolean;
  /** Set by the resource: takes out what encoding wrote for absent fields. */
  clearNulls: (object: KubeObject) => void = () => undefined;
  readonly #parsed: ParsedObjects;
  /** Set by the resource that has an indexed field; read at event time. */
  indexedField: ((entry: Entry) => string) | undefined;
  /** By the value of the indexed field; made when it is first asked for. */
  #indexed: Map<string, OrderedEntries> | undefined;
  #ring: CacheEvent[] = [];
  #ringHead = 0;
  #ringBytes = 0;
  #ringStart: Revision;
  #changeCount = 0;
  readonly #all = new Set<EventListener>();
  readonly #byNamespace = new Map<string, Set<EventListener>>();
  readonly #byName = new Map<string, Set<EventListener>>();
  readonly #byIndex = new Map<string, Set<EventListener>>();
  readonly #closers = new Set<() => void>();

  constructor(options: ResourceCacheOptions) {
    this.prefix = options.prefix;
    this.#parsed = options.parsed;
    this.#namespaced = options.namespaced;
    this.#ringStart = options.startRevision;
  }

  get watcherCount(): number {
    let count = this.#all.size;
    for (const index of [this.#byNamespace, this.#byName, this.#byIndex])
      for (const set of index.values()) count += set.size;
    return count;
  }

  /** Grows with every change: who keeps something made of the objects sees whether it is still right. */
  get changeCount(): number {
    return this.#changeCount;
  }

  /** The entry as an object: frozen, shared, without the nulls of encoding. */
  objectOf(entry: Entry): Readonly<KubeObject> {
    return this.#parsed.get(entry, this.clearNulls);
  }

  labelsOf(entry: Entry): Readonly<Record<string, string>> {
    return this.#parsed.labels(entry);
  }

  /** The text of a field as `get` reads it off the object, which may hold the nulls of encoding. */
  fieldOf(entry: Entry, field: string, get: (object: KubeObject) => string): string {
    return this.#parsed.field(entry, field, get);
  }

  /** The entries whose indexed field has this value; undefined where no field is indexed. */
  indexedBy(value: string): OrderedEntries | undefined {
    const { indexedField } = this;
    if (indexedField === undefined) return undefined;
    if (this.#indexed === undefined) {
      this.#indexed = new Map();
      for (const entry of this.entries.range(this.prefix)) enter(this.#indexed, indexedField(entry), entry);
    }
    return this.#indexed.get(value) ?? new OrderedEntries();
  }

  entryOf(change: Pick<Change, 'key' | 'revision' | 'value'>): Entry {
    const path = change.key.slice(this.prefix.length);
    const slash = this.#namespaced ? path.indexOf('/') : -1;
    return {
      key: change.key,
      namespace: slash < 0 ? '' : path.slice(0, slash),
      name: path.slice(slash + 1),
      revision: change.revision,
      value: change.value,
      labels: undefined,
      fields: undefined,
    } as unknown as Entry;
  }

  apply(change: Change): void {
    this.#changeCount += 1;
    const entry = this.entryOf(change);
    const previous = change.type === 'put' ? this.entries.set(entry) : this.entries.delete(change.key);
    if (this.#indexed !== undefined) this.#reindex(entry, previous, change.type);
    if (previous !== undefined) this.#parsed.forget(previous);
    const event: CacheEvent = { revision: change.revision, type: change.type, entry, previous };
    this.#remember(event);
    this.#dispatch(event);
  }

  /** Loads state from before the cache existed, without telling anyone. */
  load(change: Change): void {
    if (change.type === 'put') this.entries.set(this.entryOf(change));
    else this.entries.delete(change.key);
  }

  /** The events after `revision`, or undefined when the ring no longer reaches back that far. */
  eventsAfter(revision: Revision): readonly CacheEvent[] | undefined {
    if (revision < this.#ringStart) return undefined;
    let low = this.#ringHead;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ring[middle] as CacheEvent).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#ring.slice(low);
  }

  /** Live events only. Listeners run synchronously, in revision order, and must not throw. */
  listen(interest: Interest, listener: EventListener): () => void {
    const [index, key] = this.#indexOf(interest);
    if (index === undefined) {
      this.#all.add(listener);
      return () => this.#all.delete(listener);
    }
    const set = index.get(key) ?? new Set();
    index.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && index.get(key) === set) index.delete(key);
    };
  }

  /** Calls back when what is watched here is no longer served. The returned function takes the call back off. */
  onClose(callback: () => void): () => void {
    this.#closers.add(callback);
    return () => this.#closers.delete(callback);
  }

  /** Ends all watches. The cache itself goes on. */
  close(): void {
    const closers = [...this.#closers];
    this.#closers.clear();
    for (const callback of closers) callback();
  }

  #reindex(entry: Entry, previous: Entry | undefined, type: 'put' | 'delete'): void {
    const { indexedField } = this;
    if (this.#indexed === undefined || indexedField === undefined) return;
    const now = type === 'put' ? indexedField(entry) : undefined;
    const before = previous === undefined ? undefined : indexedField(previous);
    if (before !== undefined && before !== now) {
      const entries = this.#indexed.get(before);
      entries?.delete(entry.key);
      if (entries?.size === 0) this.#indexed.delete(before);
    }
    if (now !== undefined) enter(this.#indexed, now, entry);
  }

  #indexOf(interest: Interest): [Map<string, Set<EventListener>> | undefined, string] {
    const { namespace = '', name, indexed } = interest;
    if (name !== undefined && (namespace !== '' || !this.#namespaced)) return [this.#byName, `${namespace}/${name}`];
    if (indexed !== undefined && this.indexedField !== undefined) return [this.#byIndex, indexed];
    if (namespace !== '') return [this.#byNamespace, namespace];
    return [undefined, ''];
  }

  #remember(event: CacheEvent): void {
    this.#ring.push(event);
    this.#ringBytes += event.entry.value.length;
    const settled = this.#ring[this.#ring.length - 1 - framedEvents];
    if (settled !== undefined) settled.frames = undefined;
    while (
      this.#ring.length - this.#ringHead > maxRingEvents ||
      (this.#ringBytes > maxRingBytes && this.#ring.length - this.#ringHead > 1)
    ) {
      const dropped = this.#ring[this.#ringHead++] as CacheEvent;
      this.#ringBytes -= dropped.entry.value.length;
      this.#ringStart = dropped.revision;
    }
    if (this.#ringHead > maxRingEvents) {
      this.#ring = this.#ring.slice(this.#ringHead);
      this.#ringHead = 0;
    } else if (this.#ringHead > 0) {
      (this.#ring as (CacheEvent | undefined)[])[this.#ringHead - 1] = undefined;
    }
  }

  #dispatch(event: CacheEvent): void {
    for (const listener of this.#all) listener(event);
    tell(this.#byNamespace.get(event.entry.namespace), event);
    tell(this.#byName.get(`${event.entry.namespace}/${event.entry.name}`), event);
    if (this.indexedField !== undefined && this.#byIndex.size > 0) {
      const now = this.indexedField(event.entry);
      tell(this.#byIndex.get(now), event);
      const before = event.previous === undefined ? now : this.indexedField(event.previous);
      if (before !== now) tell(this.#byIndex.get(before), event);
    }
  }
}

function enter(index: Map<string, OrderedEntries>, value: string, entry: Entry): void {
  const entries = index.get(value) ?? new OrderedEntries();
  index.set(value, entries);
  entries.set(entry);
}

function tell(listeners: Set<EventListener> | undefined, event: CacheEvent): void {
  if (listeners === undefined) return;
  for (const listener of listeners) listener(event);
}
