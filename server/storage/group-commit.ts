import { setImmediate } from 'node:timers/promises';
import { type Change, StorageError } from './store.ts';

export interface GroupCommitOptions {
  /** Makes one batch durable. */
  flush(changes: readonly Change[]): Promise<void>;
  /** The batch is on disk; runs before the writes in it are acknowledged. */
  synced(changes: readonly Change[]): void;
  /** The batch may or may not be on disk; everything queued has failed with it. */
  failed(error: unknown): void;
}

interface QueuedWrite {
  readonly change: Change;
  acknowledge(change: Change): void;
  fail(error: StorageError): void;
}

// Bounds the memory and the latency of one flush; what is behind goes into the next.
const batchBytes = 4 * 1024 * 1024;

/** Writes that arrive while a flush runs share the next one: many writers pay for one sync. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #queue: QueuedWrite[] = [];
  #running: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Resolves after the sync of the batch that the change went into. */
  push(change: Change): Promise<Change> {
    return new Promise((acknowledge, fail) => {
      this.#queue.push({ change, acknowledge, fail });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is queued or under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // The requests that this turn of the event loop still has to read share the batch.
      await setImmediate();
      const batch = this.#take();
      const changes = batch.map((write) => write.change);
      try {
        await this.#options.flush(changes);
      } catch (error) {
        this.#failAll(batch, error);
        break;
      }
      this.#options.synced(changes);
      for (const write of batch) write.acknowledge(write.change);
    }
    this.#running = undefined;
  }

  #failAll(batch: readonly QueuedWrite[], cause: unknown): void {
    const failed = [...batch, ...this.#queue];
    this.#queue = [];
    this.#options.failed(cause);
    for (const write of failed) write.fail(new StorageError('Unavailable', write.change.key, { cause }));
  }

  #take(): QueuedWrite[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && (bytes < batchBytes || count === 0)) {
      bytes += this.#queue[count]?.change.value.length ?? 0;
      count++;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }
}
