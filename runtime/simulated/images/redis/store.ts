import type { ByteText } from '../../../files/file-tree.ts';
import { RedisError } from './resp.ts';

export type Value =
  | { readonly is: 'string'; text: ByteText }
  | { readonly is: 'list'; readonly items: ByteText[] }
  | { readonly is: 'hash'; readonly fields: Map<ByteText, ByteText> }
  | { readonly is: 'set'; readonly members: Set<ByteText> }
  | { readonly is: 'zset'; readonly scores: Map<ByteText, number> };

export type ValueOf<Kind extends Value['is']> = Extract<Value, { readonly is: Kind }>;

const empty = {
  string: (): Value => ({ is: 'string', text: '' }),
  list: (): Value => ({ is: 'list', items: [] }),
  hash: (): Value => ({ is: 'hash', fields: new Map() }),
  set: (): Value => ({ is: 'set', members: new Set() }),
  zset: (): Value => ({ is: 'zset', scores: new Map() }),
};

export const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';

/** Keys and what they hold. What has expired is forgotten when it is looked at. */
export class Store {
  readonly #values = new Map<ByteText, Value>();
  readonly #deadlines = new Map<ByteText, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get now(): number {
    return this.#now();
  }

  has(key: ByteText): boolean {
    this.#expire(key);
    return this.#values.has(key);
  }

  any(key: ByteText): Value | undefined {
    this.#expire(key);
    return this.#values.get(key);
  }

  /** Throws RedisError when it is of another kind. */
  get<Kind extends Value['is']>(key: ByteText, kind: Kind): ValueOf<Kind> | undefined {
    const value = this.any(key);
    if (value !== undefined && value.is !== kind) throw new RedisError(wrongType);
    return value as ValueOf<Kind> | undefined;
  }

  /** Made when it is not there. */
  open<Kind extends Value['is']>(key: ByteText, kind: Kind): ValueOf<Kind> {
    const found = this.get(key, kind);
    if (found !== undefined) return found;
    const made = empty[kind]() as ValueOf<Kind>;
    this.#values.set(key, made);
    return made;
  }

  /** Takes the place of what was there, with its deadline. */
  put(key: ByteText, value: Value): void {
    this.#values.set(key, value);
    this.#deadlines.delete(key);
  }

  delete(key: ByteText): boolean {
    this.#expire(key);
    this.#deadlines.delete(key);
    return this.#values.delete(key);
  }

  /** Keys of nothing are none. */
  prune(key: ByteText, size: number): void {
    if (size === 0) this.delete(key);
  }

  keys(): ByteText[] {
    for (const key of this.#deadlines.keys()) this.#expire(key);
    return [...this.#values.keys()];
  }

  deadline(key: ByteText): number | undefined {
    return this.#deadlines.get(key);
  }

  setDeadline(key: ByteText, at: number | undefined): void {
    if (at === undefined) this.#deadlines.delete(key);
    else this.#deadlines.set(key, at);
  }

  clear(): void {
    this.#values.clear();
    this.#deadlines.clear();
  }

  #expire(key: ByteText): void {
    const at = this.#deadlines.get(key);
    if (at === undefined || at > this.#now()) return;
    this.#deadlines.delete(key);
    this.#values.delete(key);
  }
}
