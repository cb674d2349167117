import type { Clock } from '../../api/clock.ts';
import { dropSuperseded } from './compaction.ts';
import { GroupCommit } from './group-commit.ts';
import { HistoryIndex } from './history-index.ts';
import { RecoverableDatabase } from './recoverable-database.ts';
import type { RowDatabase, RowDriver } from './row-database.ts';
import { compactedRow, firstRowAt, objectRowsEnd, parseRowKey, revisionRow, rowKey } from './row-keys.ts';
import {
  type Change,
  type Encode,
  type ListRange,
  type ObjectStore,
  type Page,
  type Revision,
  StorageError,
  type Stored,
} from './store.ts';
import { readState, type StoreState, writeNumber } from './stored-state.ts';

// Values fetched in one trip to the database: bounds what one list holds back from other readers.
const valuesPerTrip = 256;

export async function openRevisionedStore(driver: RowDriver, clock: Clock): Promise<ObjectStore> {
  const database = await driver.open();
  try {
    const index = new HistoryIndex();
    const state = await readState(database, index);
    return new RevisionedStore({ driver, clock, database, index, state });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Parts {
  readonly driver: RowDriver;
  readonly clock: Clock;
  readonly database: RowDatabase;
  readonly index: HistoryIndex;
  readonly state: StoreState;
}

class RevisionedStore implements ObjectStore {
  readonly #index: HistoryIndex;
  readonly #database: RecoverableDatabase;
  readonly #commit: GroupCommit;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  /** The newest queued change of each key that has one. */
  readonly #queued = new Map<string, Change>();
  #revision: Revision;
  #assigned: Revision;
  #compacted: Revision;
  #compaction: Promise<void> = Promise.resolve();
  #closed = false;

  constructor({ driver, clock, database, index, state }: Parts) {
    this.#index = index;
    this.#revision = state.revision;
    this.#assigned = state.revision;
    this.#compacted = state.compacted;
    this.#database = new RecoverableDatabase(
      { driver, clock, reopened: (fresh) => this.#takeSurvivors(fresh) },
      database,
    );
    this.#commit = new GroupCommit({
      flush: (changes) => this.#database.write(changes.map(putRow), { sync: true }),
      synced: (changes) => this.#synced(changes),
      failed: () => this.#queued.clear(),
    });
  }

  get revision(): Revision {
    return this.#revision;
  }

  get compactedRevision(): Revision {
    return this.#compacted;
  }

  async get(key: string, at?: Revision): Promise<Stored | undefined> {
    this.#check(key, at);
    const revision = this.#index.revisionAt(key, at);
    if (revision === undefined) return undefined;
    const [stored] = (await this.#read([{ key, revision }])) ?? [];
    // The row is gone: compaction overtook the read, which is either too old now or finds a newer version.
    if (stored === undefined) return this.#index.revisionAt(key, at) === revision ? lost(key) : this.get(key, at);
    return stored;
  }

  async list(range: ListRange): Promise<Page> {
    this.#check(range.prefix, range.at);
    const revision = range.at ?? this.#revision;
    const { versions, remaining } = this.#index.select(range, range.at);
    const items = await this.#read(versions);
    if (items === undefined) {
      const missing = versions.every((version) => this.#index.newest(version.key)?.revision === version.revision);
      return missing ? lost(range.prefix) : this.list(range);
    }
    return { revision, items, remaining };
  }

  async create(key: string, encode: Encode): Promise<Stored> {
    this.#checkWritable(key);
    if (this.#newest(key) !== undefined) throw new StorageError('KeyExists', key);
    return this.#queue('put', key, encode);
  }

  async update(key: string, expected: Revision, encode: Encode): Promise<Stored> {
    this.#checkExpected(key, expected);
    return this.#queue('put', key, encode);
  }

  async delete(key: string, expected: Revision, encode: Encode): Promise<Stored> {
    this.#checkExpected(key, expected);
    return this.#queue('delete', key, encode);
  }

  subscribe(listener: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  replay(): AsyncIterable<readonly Change[]> {
    return this.#scan(0, this.#revision);
  }

  changes(after: Revision): AsyncIterable<readonly Change[]> {
    return this.#scan(after, this.#revision, () => this.#check('', after));
  }

  compact(before: Revision): Promise<void> {
    const compaction = this.#compaction.then(() => this.#compactTo(before));
    this.#compaction = compaction.catch(() => {
      // Its caller is told; the next compaction starts where this one stopped.
    });
    return compaction;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#commit.idle();
    await this.#compaction;
    this.#listeners.clear();
    await this.#database.close();
  }

  async #compactTo(before: Revision): Promise<void> {
    this.#check('', undefined);
    if (before > this.#revision) throw new StorageError('FutureRevision', '');
    if (before <= this.#compacted) return;
    this.#compacted = before;
    const write = (operations: Parameters<RowDatabase['write']>[0]) =>
      this.#database.write(operations, { sync: false });
    try {
      // First in the log: whatever of the deletions survives a crash, these have survived too.
      await write([writeNumber(compactedRow, before), writeNumber(revisionRow, this.#revision)]);
      await dropSuperseded({ index: this.#index, write, isClosed: () => this.#closed }, before);
    } catch (cause) {
      throw new StorageError(this.#closed ? 'Closed' : 'Unavailable', '', { cause });
    }
  }

  /** The newest queued or synced revision of a key, undefined when it does not exist. */
  #newest(key: string): Revision | undefined {
    const queued = this.#queued.get(key);
    if (queued !== undefined) return queued.type === 'delete' ? undefined : queued.revision;
    return this.#index.revisionAt(key, undefined);
  }

  #queue(type: Change['type'], key: string, encode: Encode): Promise<Stored> {
    const revision = this.#assigned + 1;
    const change = { key, revision, value: encode(revision), type };
    this.#assigned = revision;
    this.#queued.set(key, change);
    return this.#commit.push(change);
  }

  #synced(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#index.apply(change);
      if (this.#queued.get(change.key) === change) this.#queued.delete(change.key);
      this.#revision = change.revision;
    }
    for (const listener of this.#listeners) {
      try {
        listener(changes);
      } catch (error) {
        // A programmer's mistake, which must neither stop the other listeners nor leave writers without an answer.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** A batch whose flush failed may be on disk all the same: then it happened, and its revisions stay taken. */
  async #takeSurvivors(database: RowDatabase): Promise<void> {
    for await (const rows of database.rows({ gte: firstRowAt(this.#revision + 1), lt: objectRowsEnd })) {
      this.#synced(rows.map(([row, value]) => ({ ...parseRowKey(row), value })));
    }
  }

  /** Undefined when a row is gone. */
  async #read(
    versions: readonly { readonly key: string; readonly revision: Revision }[],
  ): Promise<Stored[] | undefined> {
    const items: Stored[] = [];
    try {
      for (let i = 0; i < versions.length; i += valuesPerTrip) {
        const trip = versions.slice(i, i + valuesPerTrip);
        const database = await this.#database.reading();
        const values = await database.getMany(trip.map(({ key, revision }) => rowKey(revision, 'put', key)));
        for (const [j, version] of trip.entries()) {
          const value = values[j];
          if (value === undefined) return undefined;
          items.push({ ...version, value });
        }
      }
    } catch (error) {
      throw this.#readError(error);
    }
    return items;
  }

  async *#scan(after: Revision, until: Revision, check?: () => void): AsyncGenerator<readonly Change[]> {
    check?.();
    try {
      const database = await this.#database.reading();
      for await (const rows of database.rows({ gte: firstRowAt(after + 1), lt: firstRowAt(until + 1) })) {
        yield rows.map(([row, value]) => ({ ...parseRowKey(row), value }));
      }
    } catch (error) {
      throw this.#readError(error);
    }
  }

  #readError(cause: unknown): StorageError {
    return cause instanceof StorageError
      ? cause
      : new StorageError(this.#closed ? 'Closed' : 'Unavailable', '', { cause });
  }

  #check(key: string, at: Revision | undefined): void {
    if (this.#closed) throw new StorageError('Closed', key);
    if (at === undefined) return;
    if (at > this.#revision) throw new StorageError('FutureRevision', key);
    if (at < this.#compacted) throw new StorageError('Compacted', key);
  }

  #checkWritable(key: string): void {
    if (this.#closed) throw new StorageError('Closed', key);
    if (!this.#database.writable) throw new StorageError('Unavailable', key);
  }

  #checkExpected(key: string, expected: Revision): void {
    this.#checkWritable(key);
    const newest = this.#newest(key);
    if (newest === undefined) throw new StorageError('KeyNotFound', key);
    if (newest !== expected) throw new StorageError('RevisionConflict', key);
  }
}

function putRow(change: Change): { readonly type: 'put'; readonly key: string; readonly value: Uint8Array } {
  return { type: 'put', key: rowKey(change.revision, change.type, change.key), value: change.value };
}

function lost(key: string): never {
  throw new StorageError('Unavailable', key, {
    cause: new Error('a row that the index names is missing from the database'),
  });
}
