import type { Entry } from './entry.ts';

const maxChunk = 512;

/** Entries sorted by key. Insertion and removal touch one chunk of at most 512, whatever the total. */
export class OrderedEntries {
  readonly #chunks: Entry[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Entry | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const i = lowerBound(chunk, key);
    const found = chunk[i];
    return found?.key === key ? found : undefined;
  }

  /** Adds or replaces; returns what stood there before. */
  set(entry: Entry): Entry | undefined {
    const at = this.#chunkOf(entry.key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([entry]);
      this.#size++;
      return undefined;
    }
    const i = lowerBound(chunk, entry.key);
    const old = chunk[i];
    if (old?.key === entry.key) {
      chunk[i] = entry;
      return old;
    }
    chunk.splice(i, 0, entry);
    this.#size++;
    if (chunk.length > maxChunk) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
    return undefined;
  }

  delete(key: string): Entry | undefined {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const i = lowerBound(chunk, key);
    const old = chunk[i];
    if (old?.key !== key) return undefined;
    chunk.splice(i, 1);
    this.#size--;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    return old;
  }

  /** Entries whose key starts with `prefix`, from the first key greater than `after` on. */
  *range(prefix: string, after?: string): Generator<Entry> {
    const from = after !== undefined && after >= prefix ? after : prefix;
    const exclusive = from === after;
    let at = this.#chunkOf(from);
    let i = lowerBound(this.#chunks[at] ?? [], from);
    for (; at < this.#chunks.length; at++, i = 0) {
      const chunk = this.#chunks[at] ?? [];
      for (; i < chunk.length; i++) {
        const entry = chunk[i] as Entry;
        if (exclusive && entry.key === from) continue;
        if (!entry.key.startsWith(prefix)) return;
        yield entry;
      }
    }
  }

  /** How many keys start with `prefix`, by whole chunks where they lie inside. */
  count(prefix: string, after?: string): number {
    const from = after !== undefined && after >= prefix ? after : prefix;
    return this.#rank(`${prefix}\uffff`, false) - this.#rank(from, from === after);
  }

  #rank(key: string, inclusive: boolean): number {
    const at = this.#chunkOf(key);
    let rank = 0;
    for (let c = 0; c < at; c++) rank += (this.#chunks[c] as Entry[]).length;
    const chunk = this.#chunks[at];
    if (chunk === undefined) return rank;
    const i = lowerBound(chunk, key);
    return rank + i + (inclusive && chunk[i]?.key === key ? 1 : 0);
  }

  // The last chunk whose first key is not greater than `key`, or the first chunk.
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const first = (this.#chunks[middle] as Entry[])[0] as Entry;
      if (first.key <= key) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}

function lowerBound(chunk: readonly Entry[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] as Entry).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
