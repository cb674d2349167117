import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import { sleep } from '../client/sleep.ts';
import { ended } from './ended.ts';

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
  #isClosed = false;
  /** Of the wait before another try. */
  #wait: AbortController | undefined;
  #isDirty = false;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: StatusWriterDeps) {
    this.#deps = deps;
  }

  /** Something has changed. */
  report(): void {
    this.#isDirty = true;
    if (this.#isWriting || this.#isClosed) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll();
  }

  /** All that was reported has been written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /** Nothing is written any more. */
  close(): void {
    this.#isClosed = true;
    this.#wait?.abort(ended);
  }

  async #writeAll(): Promise<void> {
    const { clock, onError, write } = this.#deps;
    while (this.#isDirty && !this.#isClosed) {
      this.#isDirty = false;
      try {
        await write();
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'NotFound') break;
        if (!(error instanceof StatusError && error.reason === 'Conflict')) onError(error);
        this.#isDirty = true;
        if (this.#isClosed) break;
        this.#wait = new AbortController();
        await sleep(clock, retryMs, this.#wait.signal);
        this.#wait = undefined;
      }
    }
    this.#isWriting = false;
  }
}
