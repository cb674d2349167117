/** A global revision: a positive integer that only grows, one per write. */
export type Revision = number;

export interface Stored {
  readonly key: string;
  readonly revision: Revision;
  /** UTF-8 JSON with its resourceVersion inside, never modified. */
  readonly value: Uint8Array;
}

/** One write in revision order. For a delete, `value` is the last state carrying the revision of the deletion. */
export interface Change extends Stored {
  readonly type: 'put' | 'delete';
}

export interface ListRange {
  /** Keys that start with this, e.g. `/core/pods/default/`. */
  readonly prefix: string;
  /** Start at the first key greater than this one. */
  readonly after?: string;
  readonly limit?: number;
  /** Absent: the newest synced revision. */
  readonly at?: Revision;
}

export interface Page {
  readonly revision: Revision;
  readonly items: readonly Stored[];
  /** Keys of the range behind the last item, at the same revision. */
  readonly remaining: number;
}

/** Makes the bytes once the revision is known; called synchronously, exactly once, when the write is queued. */
export type Encode = (revision: Revision) => Uint8Array;

export type StorageErrorCode =
  | 'KeyExists'
  | 'KeyNotFound'
  | 'RevisionConflict'
  | 'Compacted'
  | 'FutureRevision'
  | 'Unavailable'
  | 'Closed';

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  readonly key: string;
  constructor(code: StorageErrorCode, key: string, options?: ErrorOptions) {
    super(`${code}: ${key}`, options);
    this.name = 'StorageError';
    this.code = code;
    this.key = key;
  }
}

/**
 * A revisioned store. Every write gets the next revision when it is queued and is acknowledged after its batch was synced;
 * preconditions are checked against the newest queued version of the key, reads and changes see synced ones only.
 * Keys are `/<group or core>/<plural>/<namespace>/<name>` (cluster scoped: without namespace), ordered bytewise.
 */
export interface ObjectStore extends AsyncDisposable {
  /** The newest synced revision. A new store starts at 1. */
  readonly revision: Revision;
  /** Reads and changes at revisions below this fail with Compacted. */
  readonly compactedRevision: Revision;
  get(key: string, at?: Revision): Promise<Stored | undefined>;
  list(range: ListRange): Promise<Page>;
  /** KeyExists. */
  create(key: string, encode: Encode): Promise<Stored>;
  /** RevisionConflict when the newest queued revision of the key is not `expected`; KeyNotFound. */
  update(key: string, expected: Revision, encode: Encode): Promise<Stored>;
  delete(key: string, expected: Revision, encode: Encode): Promise<Stored>;
  /**
   * Calls `listener` with each synced batch, in revision order and without gaps, before the writes in it are acknowledged.
   * Synchronous fan-out: listeners must not block or throw. The returned function ends the subscription.
   */
  subscribe(listener: (changes: readonly Change[]) => void): () => void;
  /** Everything kept, once, at start: the live objects and the history since `compactedRevision`, in revision order. */
  replay(): AsyncIterable<readonly Change[]>;
  /** The history after a revision up to the newest synced one. Compacted, FutureRevision. */
  changes(after: Revision): AsyncIterable<readonly Change[]>;
  /** Drops superseded versions and deletions at or below `before`. */
  compact(before: Revision): Promise<void>;
}
