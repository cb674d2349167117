interface Entry<T> {
  readonly item: T;
  index: number;
}

/** The first by `isBefore`, in logarithmic time; each item is there once and can be taken out from the middle. */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #entries: Entry<T>[] = [];
  readonly #byItem = new Map<T, Entry<T>>();

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(item: T): boolean {
    return this.#byItem.has(item);
  }

  peek(): T | undefined {
    return this.#entries[0]?.item;
  }

  push(item: T): void {
    this.delete(item);
    const entry = { item, index: this.#entries.length };
    this.#entries.push(entry);
    this.#byItem.set(item, entry);
    this.#up(entry);
  }

  pop(): T | undefined {
    const first = this.peek();
    if (first !== undefined) this.delete(first);
    return first;
  }

  delete(item: T): boolean {
    const entry = this.#byItem.get(item);
    if (entry === undefined) return false;
    this.#byItem.delete(item);
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return true;
    last.index = entry.index;
    this.#entries[entry.index] = last;
    this.#up(last);
    this.#down(last);
    return true;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#byItem.keys();
  }

  #swap(a: Entry<T>, b: Entry<T>): void {
    [a.index, b.index] = [b.index, a.index];
    this.#entries[a.index] = a;
    this.#entries[b.index] = b;
  }

  #up(entry: Entry<T>): void {
    while (entry.index > 0) {
      const parent = this.#entries[(entry.index - 1) >> 1];
      if (parent === undefined || !this.#isBefore(entry.item, parent.item)) return;
      this.#swap(entry, parent);
    }
  }

  #down(entry: Entry<T>): void {
    for (;;) {
      const left = this.#entries[2 * entry.index + 1];
      const right = this.#entries[2 * entry.index + 2];
      const least = right !== undefined && left !== undefined && this.#isBefore(right.item, left.item) ? right : left;
      if (least === undefined || !this.#isBefore(least.item, entry.item)) return;
      this.#swap(least, entry);
    }
  }
}
