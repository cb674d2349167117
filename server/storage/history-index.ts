import { orderOf } from './row-keys.ts';
import { type KeyEntry, SortedEntries } from './sorted-entries.ts';
import type { Change, ListRange, Revision } from './store.ts';

/** A write that deleted a key or superseded what it held: compaction may drop what was before, and the deletion itself. */
interface Superseded {
  readonly entry: KeyEntry;
  readonly revision: Revision;
}

/** A bounded piece of compaction's work. */
export interface CompactionSlice {
  readonly records: number;
  /** By key, the newest revision that made older ones superfluous. */
  readonly upTo: ReadonlyMap<KeyEntry, Revision>;
}

export interface Selection {
  readonly versions: readonly { readonly key: string; readonly revision: Revision }[];
  readonly remaining: number;
}

/** Which versions of which keys exist, in memory. Values stay in the database. */
export class HistoryIndex {
  readonly #byKey = new Map<string, KeyEntry>();
  readonly #sorted = new SortedEntries();
  #superseded: Superseded[] = [];
  /** The first of `#superseded` that is not worked off. */
  #head = 0;

  /** Takes in a synced write; writes come in revision order. */
  apply(change: Omit<Change, 'value'>): void {
    const deleted = change.type === 'delete';
    const entry = this.#byKey.get(change.key);
    if (entry === undefined) {
      const order = orderOf(change.key);
      const created = { key: change.key, order, revision: change.revision, deleted, older: undefined };
      this.#byKey.set(change.key, created);
      this.#sorted.insert(created);
      if (deleted) this.#superseded.push({ entry: created, revision: change.revision });
      return;
    }
    const previous = entry.deleted ? -entry.revision : entry.revision;
    if (entry.older === undefined) entry.older = [previous];
    else entry.older.push(previous);
    // A deletion is dropped by its own record, so a key created again adds none.
    if (!entry.deleted || deleted) this.#superseded.push({ entry, revision: change.revision });
    entry.revision = change.revision;
    this.#sorted.markDeleted(entry, deleted);
  }

  newest(key: string): KeyEntry | undefined {
    return this.#byKey.get(key);
  }

  /** The revision of the version that was current at `at`; undefined when the key did not exist then. */
  revisionAt(key: string, at: Revision | undefined): Revision | undefined {
    const entry = this.#byKey.get(key);
    return entry === undefined ? undefined : visibleRevision(entry, at);
  }

  select(range: ListRange, at: Revision | undefined): Selection {
    const prefix = orderOf(range.prefix);
    // Order strings hold code units up to 0xff only.
    const end = this.#sorted.lowerBound(`${prefix}\uffff`);
    const after = range.after === undefined ? '' : orderOf(range.after);
    const start = after >= prefix && after !== '' ? this.#sorted.upperBound(after) : this.#sorted.lowerBound(prefix);
    const limit = range.limit === undefined || range.limit <= 0 ? Number.POSITIVE_INFINITY : range.limit;
    const versions: { key: string; revision: Revision }[] = [];
    const stopped = this.#sorted.walk(start, end, (entry) => {
      const revision = visibleRevision(entry, at);
      if (revision === undefined) return true;
      if (versions.length >= limit) return false;
      versions.push({ key: entry.key, revision });
      return true;
    });
    if (at === undefined) return { versions, remaining: this.#sorted.countLive(stopped, end) };
    let remaining = 0;
    this.#sorted.walk(stopped, end, (entry) => {
      if (visibleRevision(entry, at) !== undefined) remaining++;
      return true;
    });
    return { versions, remaining };
  }

  /** The next piece of what compaction up to `before` has to work off, of at most `count` records; undefined when all is done. */
  nextSlice(before: Revision, count: number): CompactionSlice | undefined {
    const upTo = new Map<KeyEntry, Revision>();
    let records = 0;
    for (; records < count; records++) {
      const record = this.#superseded[this.#head + records];
      if (record === undefined || record.revision > before) break;
      upTo.set(record.entry, record.revision);
    }
    return records === 0 ? undefined : { records, upTo };
  }

  /** Forgets what a slice dropped; to be called once its rows are gone. */
  drop(slice: CompactionSlice): void {
    for (const [entry, revision] of slice.upTo) {
      const count = droppable(entry, revision);
      if (entry.older !== undefined && count === entry.older.length) entry.older = undefined;
      else entry.older?.splice(0, count);
      if (entry.deleted && entry.revision <= revision) this.#forget(entry);
    }
    this.#head += slice.records;
    if (this.#head * 2 > this.#superseded.length) {
      this.#superseded = this.#superseded.slice(this.#head);
      this.#head = 0;
    }
  }

  #forget(entry: KeyEntry): void {
    this.#byKey.delete(entry.key);
    this.#sorted.remove(entry);
  }
}

/** The versions that a slice drops, as in `KeyEntry.older`: a deletion is its negative revision. */
export function* droppedVersions(
  slice: CompactionSlice,
): Iterable<{ readonly key: string; readonly version: Revision }> {
  for (const [entry, revision] of slice.upTo) {
    const count = droppable(entry, revision);
    for (let i = 0; i < count; i++) yield { key: entry.key, version: entry.older?.[i] ?? 0 };
    if (entry.deleted && entry.revision <= revision) yield { key: entry.key, version: -entry.revision };
  }
}

/** How many of `entry.older` nobody may read once revisions below `revision` are gone: the version written at `revision` stays, unless a deletion. */
function droppable(entry: KeyEntry, revision: Revision): number {
  const older = entry.older ?? [];
  let count = 0;
  for (; count < older.length; count++) {
    const version = older[count] ?? 0;
    if (version >= revision || -version > revision) break;
  }
  return count;
}

function visibleRevision(entry: KeyEntry, at: Revision | undefined): Revision | undefined {
  if (at === undefined || entry.revision <= at) return entry.deleted ? undefined : entry.revision;
  const older = entry.older ?? [];
  for (let i = older.length - 1; i >= 0; i--) {
    const revision = older[i] ?? 0;
    if (Math.abs(revision) <= at) return revision > 0 ? revision : undefined;
  }
  return undefined;
}
