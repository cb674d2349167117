import type { Clock } from '../../../api/clock.ts';
import type { ByteText } from '../../files/file-tree.ts';
import type { LogBudget } from './log-budget.ts';

export type LogStream = 'stdout' | 'stderr';

/** A line with its end, or a piece of one that is too long, or was left unfinished. */
export interface LogEntry {
  /** Milliseconds since the epoch with a fraction: no two entries of a buffer have the same. */
  readonly time: number;
  readonly stream: LogStream;
  readonly text: ByteText;
}

interface Block {
  readonly first: number;
  readonly entries: LogEntry[];
  cost: number;
}

/** As a kubelet's `containerLogMaxSize`. */
export const maxLogBytes = 10 * 1024 * 1024;
/** Longer lines are cut, as containerd cuts them. */
const maxLineLength = 16 * 1024;
/** What an entry costs beside its text. */
const entryOverhead = 64;
/** The oldest lines go by blocks of this size. */
const blockBytes = 64 * 1024;
const tick = 0.001;

export interface LogBounds {
  readonly maxBytes?: number;
  readonly budget?: LogBudget | undefined;
}

/** What one attempt of a container has written: its newest lines, up to a bound. Nothing is allocated before the first byte. */
export class LogBuffer {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #budget: LogBudget | undefined;
  #blocks: Block[] | undefined;
  #cost = 0;
  #next = 0;
  #lastTime = 0;
  #stdout: ByteText = '';
  #stderr: ByteText = '';
  #isEnded = false;
  #followers: Set<() => void> | undefined;
  #isWaking = false;

  constructor(clock: Clock, { maxBytes = maxLogBytes, budget }: LogBounds = {}) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** The container has ended: nothing comes any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  get storedBytes(): number {
    return this.#cost;
  }

  /** The number that the next entry will have; they count from 0. */
  get next(): number {
    return this.#next;
  }

  /** Pieces of any size; a line counts when it is whole. */
  write(stream: LogStream, piece: ByteText): void {
    if (this.#isEnded || piece === '') return;
    let text = (stream === 'stdout' ? this.#stdout : this.#stderr) + piece;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#addLong(stream, text.slice(start, end + 1));
      start = end + 1;
    }
    if (start > 0) text = text.slice(start);
    while (text.length > maxLineLength) {
      this.#add(stream, text.slice(0, maxLineLength));
      text = text.slice(maxLineLength);
    }
    if (stream === 'stdout') this.#stdout = text;
    else this.#stderr = text;
    this.#wake();
  }

  /** Unfinished lines are kept as they are. */
  end(): void {
    if (this.#isEnded) return;
    if (this.#stdout !== '') this.#add('stdout', this.#stdout);
    if (this.#stderr !== '') this.#add('stderr', this.#stderr);
    this.#stdout = '';
    this.#stderr = '';
    this.#isEnded = true;
    this.#wake();
  }

  /** Entry `at`, or the oldest that is left; undefined at the end. */
  read(at: number): { readonly entry: LogEntry; readonly at: number } | undefined {
    const blocks = this.#blocks;
    if (blocks === undefined || at >= this.#next) return undefined;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((blocks[middle]?.first ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const block = blocks[low];
    const index = Math.max(0, at - (block?.first ?? 0));
    const entry = block?.entries[index];
    return block === undefined || entry === undefined ? undefined : { entry, at: block.first + index };
  }

  /** Where the last `lines` entries begin. */
  tail(lines: number): number {
    return Math.max(this.#blocks?.[0]?.first ?? 0, this.#next - lines);
  }

  /** Calls back, once for many writes, when there is more or the end; the result ends it. */
  follow(callback: () => void): () => void {
    this.#followers ??= new Set();
    this.#followers.add(callback);
    return () => void this.#followers?.delete(callback);
  }

  /** Nobody will ask for it any more; who reads it now ends. */
  drop(): void {
    this.end();
    this.#blocks = undefined;
    this.#forget(this.#cost);
  }

  #addLong(stream: LogStream, line: ByteText): void {
    let rest = line;
    for (; rest.length > maxLineLength + 1; rest = rest.slice(maxLineLength))
      this.#add(stream, rest.slice(0, maxLineLength));
    this.#add(stream, rest);
  }

  #add(stream: LogStream, text: ByteText): void {
    this.#lastTime = Math.max(this.#clock.now(), this.#lastTime + tick);
    this.#blocks ??= [];
    let block = this.#blocks.at(-1);
    if (block === undefined || block.cost >= blockBytes) {
      block = { first: this.#next, entries: [], cost: 0 };
      this.#blocks.push(block);
    }
    const cost = text.length + entryOverhead;
    block.entries.push({ time: this.#lastTime, stream, text });
    block.cost += cost;
    this.#cost += cost;
    this.#next++;
    this.#budget?.take(cost);
    // However short it is for all, each keeps a block and what it writes now.
    const isOver = this.#cost > this.#maxBytes || (this.#budget?.isShort === true && this.#blocks.length > 2);
    if (isOver && this.#blocks.length > 1) this.#forget(this.#blocks.shift()?.cost ?? 0);
  }

  #forget(cost: number): void {
    this.#cost -= cost;
    this.#budget?.give(cost);
  }

  #wake(): void {
    if (this.#isWaking || this.#followers === undefined || this.#followers.size === 0) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      for (const callback of [...(this.#followers ?? [])]) callback();
    });
  }
}
