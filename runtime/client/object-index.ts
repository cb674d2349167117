import type { KubeObject } from '../../api/object.ts';

interface Index<T> {
  readonly valuesOf: (object: Readonly<T>) => readonly string[];
  readonly keys: Map<string, Set<string>>;
}

function namespaceOf({ metadata }: Readonly<KubeObject>): readonly string[] {
  return metadata?.namespace === undefined ? [] : [metadata.namespace];
}

/** Objects by key and by values taken from them; the index `namespace` is there always. */
export class ObjectIndex<T extends KubeObject> {
  readonly #objects = new Map<string, Readonly<T>>();
  readonly #indices = new Map<string, Index<T>>([['namespace', { valuesOf: namespaceOf, keys: new Map() }]]);

  get size(): number {
    return this.#objects.size;
  }

  all(): IterableIterator<Readonly<T>> {
    return this.#objects.values();
  }

  get(key: string): Readonly<T> | undefined {
    return this.#objects.get(key);
  }

  addIndex(name: string, valuesOf: (object: Readonly<T>) => readonly string[]): void {
    if (this.#indices.has(name)) return;
    const index: Index<T> = { valuesOf, keys: new Map() };
    this.#indices.set(name, index);
    for (const [key, object] of this.#objects) enter(index, key, object);
  }

  by(name: string, value: string): Readonly<T>[] {
    const index = this.#indices.get(name);
    if (index === undefined) throw new Error(`no index ${name}`);
    const found: Readonly<T>[] = [];
    for (const key of index.keys.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** Answers with what was there before. */
  put(key: string, object: Readonly<T>): Readonly<T> | undefined {
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indices.values()) {
      if (old !== undefined) leave(index, key, old);
      enter(index, key, object);
    }
    return old;
  }

  delete(key: string): Readonly<T> | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    for (const index of this.#indices.values()) leave(index, key, old);
    return old;
  }
}

function enter<T>({ valuesOf, keys }: Index<T>, key: string, object: Readonly<T>): void {
  for (const value of valuesOf(object)) {
    const set = keys.get(value);
    if (set === undefined) keys.set(value, new Set([key]));
    else set.add(key);
  }
}

function leave<T>({ valuesOf, keys }: Index<T>, key: string, object: Readonly<T>): void {
  for (const value of valuesOf(object)) {
    const set = keys.get(value);
    set?.delete(key);
    if (set?.size === 0) keys.delete(value);
  }
}
