import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';

const retryMs = 1000;

export interface StatusWriterDeps {
  readonly clock: Clock;
  /** Writes what is so by now, if that is new. */
  write(): Promise<void>;
  onError(error: unknown): void;
}

/** Writes happen one after the other; changes meanwhile are written together. */
export class StatusWriter {
  readonly #deps: StatusWriterDeps;
  readonly #closed = new AbortController();
  #isDirty = false;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: StatusWriterDeps) {
    this.#deps = deps;
  }

  /** Something has changed. */
  report(): void {
    this.#isDirty = true;
    if (this.#isWriting || this.#closed.signal.aborted) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll();
  }

  /** All that was reported has been written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed.abort();
  }

  async #writeAll(): Promise<void> {
    const { clock, onError, write } = this.#deps;
    const { signal } = this.#closed;
    while (this.#isDirty && !signal.aborted) {
      this.#isDirty = false;
      try {
        await write();
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'NotFound') break;
        if (!(error instanceof StatusError && error.reason === 'Conflict')) onError(error);
        this.#isDirty = true;
        await sleep(clock, retryMs, signal);
      }
    }
    this.#isWriting = false;
  }
}
