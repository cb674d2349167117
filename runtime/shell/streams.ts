import type { ByteText } from '../files/file-tree.ts';

/** What a pipe holds before its writers are asked to wait. */
const capacity = 65_536;

export interface ReadOptions {
  /** At most so many bytes. */
  readonly limit?: number;
  /** Nothing beyond the first of this byte. */
  readonly stop?: string;
  /** Gives up waiting; rejects with Interrupted. */
  readonly signal?: AbortSignal;
}

export interface Reader {
  /** What is there, or comes next; undefined at the end. */
  chunk(options?: ReadOptions): Promise<ByteText | undefined>;
  /** The next line with its end, what is left before the end, or undefined at the end. */
  line(signal?: AbortSignal): Promise<ByteText | undefined>;
  /** All that comes until the end. */
  rest(): Promise<ByteText>;
}

export interface Writer {
  /** Takes all at once. Whoever writes much awaits `drained` now and then. Throws BrokenPipe when nobody reads any more. */
  write(text: ByteText): void;
  /** Undefined while there is room. */
  drained(): Promise<void> | undefined;
}

/** Nobody reads what is written. */
export class BrokenPipe extends Error {}

/** A signal came while it waited. */
export class Interrupted extends Error {}

export type Chunk = Reader['chunk'];

/** Lines and the rest, from pieces. */
export function readerOf(source: ByteText | Chunk): Reader {
  const chunk = typeof source === 'function' ? source : chunksOf(source);
  return {
    chunk,
    line: async (signal) => {
      let line = '';
      for (;;) {
        const piece = await chunk({ stop: '\n', ...(signal === undefined ? {} : { signal }) });
        if (piece === undefined) return line === '' ? undefined : line;
        line += piece;
        if (line.endsWith('\n')) return line;
      }
    },
    rest: async () => {
      const pieces: ByteText[] = [];
      for (let piece = await chunk(); piece !== undefined; piece = await chunk()) pieces.push(piece);
      return pieces.join('');
    },
  };
}

/** How much of a text a reader gets. */
export function lengthFor(text: ByteText, from: number, { limit = capacity, stop }: ReadOptions = {}): number {
  const end = stop === undefined ? -1 : text.indexOf(stop, from);
  return Math.min(limit, (end < 0 ? text.length : end + 1) - from);
}

function chunksOf(text: ByteText): Chunk {
  let at = 0;
  return async (options) => {
    if (at >= text.length) return undefined;
    const from = at;
    at += lengthFor(text, from, options);
    return text.slice(from, at);
  };
}

/** Bytes on their way from one program to another. */
export class Pipe implements Reader, Writer {
  #text = '';
  #isEnded = false;
  #isBroken = false;
  readonly #readers = new Set<() => void>();
  readonly #writers = new Set<() => void>();
  #lines: Reader | undefined;

  get isBroken(): boolean {
    return this.#isBroken;
  }

  write(text: ByteText): void {
    if (this.#isBroken) throw new BrokenPipe('Broken pipe');
    if (text === '' || this.#isEnded) return;
    this.#text += text;
    wake(this.#readers);
  }

  drained(): Promise<void> | undefined {
    if (this.#text.length < capacity || this.#isBroken) return undefined;
    return new Promise((resolve) => void this.#writers.add(resolve));
  }

  /** There will be no more. */
  end(): void {
    this.#isEnded = true;
    wake(this.#readers);
  }

  /** Nobody will read any more. */
  break(): void {
    this.#isBroken = true;
    this.#text = '';
    wake(this.#writers);
  }

  async chunk(options: ReadOptions = {}): Promise<ByteText | undefined> {
    const { signal } = options;
    while (this.#text === '') {
      if (this.#isEnded || this.#isBroken) return undefined;
      if (signal?.aborted === true) throw new Interrupted('Interrupted system call');
      await this.#more(signal);
    }
    const length = lengthFor(this.#text, 0, options);
    const piece = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    if (this.#text.length < capacity) wake(this.#writers);
    return piece;
  }

  line(signal?: AbortSignal): Promise<ByteText | undefined> {
    this.#lines ??= readerOf((options) => this.chunk(options));
    return this.#lines.line(signal);
  }

  rest(): Promise<ByteText> {
    this.#lines ??= readerOf((options) => this.chunk(options));
    return this.#lines.rest();
  }

  #more(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        this.#readers.delete(done);
        resolve();
      };
      this.#readers.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}

function wake(waiting: Set<() => void>): void {
  const all = [...waiting];
  waiting.clear();
  for (const one of all) one();
}

export function writerOf(write: (text: ByteText) => void): Writer {
  return { write, drained: () => undefined };
}

export const nothing: Writer = writerOf(() => undefined);
