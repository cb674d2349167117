import { parseLarge } from '../../api/json-large.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Revision } from '../storage/store.ts';

/** One version of one stored object as the caches hold it: the bytes, and what selection needs without parsing them. */
export interface Entry {
  /** The store's key, `/core/pods/default/web`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: Revision;
  readonly value: Uint8Array;
  /** Filled on first use; see `ParsedObjects`. */
  labels?: Readonly<Record<string, string>>;
  /** Values of fields that were selected by before; see `ParsedObjects`. */
  fields?: Record<string, string>;
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({});

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}

/**
 * Parsed forms of entries, made on demand, frozen, shared, and forgotten least recently used first once the bytes they were
 * parsed from exceed the budget.
 */
export class ParsedObjects {
  readonly #budgetBytes: number;
  readonly #decoder = new TextDecoder();
  readonly #objects = new Map<Entry, KubeObject>();
  #bytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** `prepare` may change the fresh object before it is frozen. */
  get(entry: Entry, prepare: (object: KubeObject) => void): Readonly<KubeObject> {
    const known = this.#objects.get(entry);
    if (known !== undefined) return known;
    const object = parseLarge(this.#decoder.decode(entry.value)) as KubeObject;
    prepare(object);
    deepFreeze(object);
    entry.labels ??= object.metadata?.labels ?? noLabels;
    this.#objects.set(entry, object);
    this.#bytes += entry.value.length;
    if (this.#bytes > this.#budgetBytes) this.#evict();
    return object;
  }

  labels(entry: Entry): Readonly<Record<string, string>> {
    entry.labels ??= this.#peek(entry).metadata?.labels ?? noLabels;
    return entry.labels;
  }

  /** One field's text, taken out once and kept with the entry: a selection parses no object twice. */
  field(entry: Entry, field: string, get: (object: KubeObject) => string): string {
    const known = entry.fields?.[field];
    if (known !== undefined) return known;
    const object = this.#peek(entry);
    entry.labels ??= object.metadata?.labels ?? noLabels;
    const value = get(object);
    entry.fields = { ...entry.fields, [field]: value };
    return value;
  }

  /** Only to look at: nulls of encoding are still there, and nothing is kept. */
  #peek(entry: Entry): KubeObject {
    return this.#objects.get(entry) ?? (JSON.parse(this.#decoder.decode(entry.value)) as KubeObject);
  }

  forget(entry: Entry): void {
    if (this.#objects.delete(entry)) this.#bytes -= entry.value.length;
  }

  // Map keeps insertion order: the oldest tenth goes, which is least-recently-parsed and cheap to find.
  #evict(): void {
    const target = this.#budgetBytes * 0.9;
    for (const entry of this.#objects.keys()) {
      if (this.#bytes <= target) break;
      this.forget(entry);
    }
  }
}
