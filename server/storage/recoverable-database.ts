import type { Clock } from '../../api/clock.ts';
import type { RowDatabase, RowDriver, RowOperation } from './row-database.ts';
import { StorageError } from './store.ts';

export interface RecoverableDatabaseOptions {
  readonly driver: RowDriver;
  readonly clock: Clock;
  /** Runs after the database was opened anew, before writes are taken again: what the failed batch left behind is found here. */
  reopened(database: RowDatabase): Promise<void>;
}

// How long writes stay refused after room was made; each attempt writes a few megabytes.
const recoveryIntervalMs = 500;

/**
 * A database that survives a failed write, a full disk above all. LevelDB's log may end in half a record then, and what is written behind it
 * would be lost: so nothing is written until the database was opened anew, while reads go on.
 */
export class RecoverableDatabase {
  readonly #options: RecoverableDatabaseOptions;
  #database: RowDatabase | undefined;
  /** Pending while the database is closed and opened again. */
  #swap: Promise<void> | undefined;
  #state: 'open' | 'broken' | 'closed' = 'open';
  #lastWrite: Promise<void> = Promise.resolve();
  #attempt: { cancel(): void } | undefined;
  #recovery: Promise<void> | undefined;

  constructor(options: RecoverableDatabaseOptions, database: RowDatabase) {
    this.#options = options;
    this.#database = database;
  }

  get writable(): boolean {
    return this.#state === 'open';
  }

  /** One batch at a time: one that fails must have none behind it. */
  write(operations: RowOperation[], options: { readonly sync: boolean }): Promise<void> {
    const write = this.#lastWrite.then(() => this.#write(operations, options));
    this.#lastWrite = write.catch(() => {
      // The caller of that write is told; the next one only waits for it.
    });
    return write;
  }

  /** The database as it is now; it may be closed under the reader by a recovery. */
  async reading(): Promise<RowDatabase> {
    while (this.#swap !== undefined) {
      await this.#swap.catch(() => {
        // The recovery itself deals with it.
      });
    }
    if (this.#state === 'closed') throw new StorageError('Closed', '');
    if (this.#database === undefined) throw new StorageError('Unavailable', '');
    return this.#database;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#attempt?.cancel();
    await this.#recovery;
    await this.#lastWrite;
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  async #write(operations: RowOperation[], options: { readonly sync: boolean }): Promise<void> {
    const database = this.#database;
    if (this.#state !== 'open' || database === undefined) throw new StorageError('Unavailable', '');
    try {
      await database.write(operations, options);
    } catch (error) {
      this.#state = 'broken';
      this.#tryLater();
      throw error;
    }
  }

  #tryLater(): void {
    if (this.#state !== 'broken') return;
    this.#attempt = this.#options.clock.after(recoveryIntervalMs, () => {
      this.#recovery = this.#recover();
    });
  }

  async #recover(): Promise<void> {
    try {
      if (await this.#options.driver.hasRoom()) {
        this.#swap = this.#reopen();
        await this.#swap;
      }
    } catch {
      // Still no room, or not enough: writes stay refused, and the next attempt starts over.
    } finally {
      this.#swap = undefined;
      this.#tryLater();
    }
  }

  async #reopen(): Promise<void> {
    if (this.#state !== 'broken') return;
    const old = this.#database;
    this.#database = undefined;
    await old?.close();
    const database = await this.#options.driver.open();
    this.#database = database;
    await this.#options.reopened(database);
    if (this.#state === 'broken') this.#state = 'open';
  }
}
