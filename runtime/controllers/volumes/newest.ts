import type { KubeObject } from '../../../api/object.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';

/** An informer's objects with one's own writes in front, as long as the informer has not come to them. */
export class Newest<T extends KubeObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<string, Readonly<T>>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
  }

  get(key: string): Readonly<T> | undefined {
    const written = this.#written.get(key);
    if (written === undefined) return this.#informer.get(key);
    if (Number(this.#informer.resourceVersion) < Number(written.metadata?.resourceVersion ?? 0)) return written;
    this.#written.delete(key);
    return this.#informer.get(key);
  }

  /** To be called with the answer of each write. */
  wrote(object: Readonly<T>): Readonly<T> {
    this.#written.set(keyOf(object), object);
    return object;
  }

  /** Those of an index, as they are now, with what was written and may belong to it: check what you get. */
  candidates(index: string, value: string): Readonly<T>[] {
    const keys = new Set(this.#informer.by(index, value).map(keyOf));
    for (const key of this.#written.keys()) keys.add(key);
    return [...keys].flatMap((key) => this.get(key) ?? []);
  }
}
