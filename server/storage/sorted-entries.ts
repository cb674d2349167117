import type { Revision } from './store.ts';

/** One key with the newest synced version and, oldest first, the superseded ones that compaction has not dropped yet. */
export interface KeyEntry {
  readonly key: string;
  /** `orderOf(key)`. */
  readonly order: string;
  revision: Revision;
  deleted: boolean;
  /** Revisions of superseded versions; a deletion is its negative revision. */
  older: Revision[] | undefined;
}

interface Chunk {
  readonly entries: KeyEntry[];
  /** How many of them are not deleted. */
  live: number;
}

export interface Position {
  chunk: number;
  offset: number;
}

// Small enough that an insertion moves few entries, large enough that a million keys make a short list of chunks.
const chunkSize = 512;

/** Keys in bytewise order: insertion and removal cost the logarithm of the number of keys and one short move. */
export class SortedEntries {
  readonly #chunks: Chunk[] = [];

  insert(entry: KeyEntry): void {
    const last = this.#chunks.at(-1);
    if (last === undefined) {
      this.#chunks.push({ entries: [entry], live: entry.deleted ? 0 : 1 });
      return;
    }
    const at = this.lowerBound(entry.order);
    // Behind everything: appended to the last chunk.
    const index = at.chunk === this.#chunks.length ? at.chunk - 1 : at.chunk;
    const chunk = this.#chunks[index] ?? last;
    chunk.entries.splice(at.chunk === this.#chunks.length ? chunk.entries.length : at.offset, 0, entry);
    if (!entry.deleted) chunk.live++;
    if (chunk.entries.length > chunkSize) this.#split(index, chunk);
  }

  remove(entry: KeyEntry): void {
    const at = this.lowerBound(entry.order);
    const chunk = this.#chunks[at.chunk];
    if (chunk === undefined || chunk.entries[at.offset] !== entry) return;
    chunk.entries.splice(at.offset, 1);
    if (!entry.deleted) chunk.live--;
    if (chunk.entries.length === 0) this.#chunks.splice(at.chunk, 1);
  }

  /** To be called when an entry was deleted or came back, so that counts stay right. */
  markDeleted(entry: KeyEntry, deleted: boolean): void {
    if (entry.deleted === deleted) return;
    entry.deleted = deleted;
    const chunk = this.#chunks[this.lowerBound(entry.order).chunk];
    if (chunk !== undefined) chunk.live += deleted ? -1 : 1;
  }

  /** The first entry whose order is not below `order`. */
  lowerBound(order: string): Position {
    return this.#search((candidate) => candidate >= order);
  }

  /** The first entry whose order is above `order`. */
  upperBound(order: string): Position {
    return this.#search((candidate) => candidate > order);
  }

  /** Walks from `start` to before `end` until `visit` returns false; returns where it stopped. */
  walk(start: Position, end: Position, visit: (entry: KeyEntry) => boolean): Position {
    for (let c = start.chunk; c <= end.chunk; c++) {
      const entries = this.#chunks[c]?.entries ?? [];
      const stop = c === end.chunk ? end.offset : entries.length;
      for (let i = c === start.chunk ? start.offset : 0; i < stop; i++) {
        const entry = entries[i];
        if (entry !== undefined && !visit(entry)) return { chunk: c, offset: i };
      }
    }
    return end;
  }

  /** Entries from `start` to before `end` that are not deleted, without walking whole chunks. */
  countLive(start: Position, end: Position): number {
    let count = 0;
    for (let c = start.chunk; c <= end.chunk; c++) {
      const chunk = this.#chunks[c];
      if (chunk === undefined) break;
      const from = c === start.chunk ? start.offset : 0;
      const to = c === end.chunk ? end.offset : chunk.entries.length;
      if (from === 0 && to === chunk.entries.length) count += chunk.live;
      else for (let i = from; i < to; i++) if (chunk.entries[i]?.deleted === false) count++;
    }
    return count;
  }

  #split(index: number, chunk: Chunk): void {
    // Keys made in ascending order would leave half-empty chunks behind: then only the last entry moves.
    const middle = index === this.#chunks.length - 1 ? chunk.entries.length - 1 : chunk.entries.length >> 1;
    const entries = chunk.entries.splice(middle);
    const live = entries.reduce((sum, entry) => sum + (entry.deleted ? 0 : 1), 0);
    chunk.live -= live;
    this.#chunks.splice(index + 1, 0, { entries, live });
  }

  #search(reached: (order: string) => boolean): Position {
    const chunk = firstIndex(this.#chunks.length, (i) => reached(this.#chunks[i]?.entries.at(-1)?.order ?? ''));
    const entries = this.#chunks[chunk]?.entries ?? [];
    return { chunk, offset: firstIndex(entries.length, (i) => reached(entries[i]?.order ?? '')) };
  }
}

/** The smallest index of which `holds` is true, given that it stays true from there on; `length` when there is none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
