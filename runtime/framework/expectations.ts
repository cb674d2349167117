import type { Clock } from '../../api/clock.ts';

/** After this long without the awaited events a controller goes on as if they had come. */
const timeoutMs = 5 * 60_000;

interface Expected {
  readonly since: number;
  creations: number;
  readonly deletions: Set<string>;
}

/**
 * What a controller has asked for and its informer has not shown yet. A controller that creates or deletes by count waits for these before it
 * counts again. Deletions are known by the objects' keys or uids, so that an event seen twice counts once.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing is awaited any more: it may count. */
  areSatisfied(key: string): boolean {
    const expected = this.#byKey.get(key);
    if (expected === undefined) return true;
    return (expected.creations <= 0 && expected.deletions.size === 0) || this.#clock.now() - expected.since > timeoutMs;
  }

  /** To be called before the requests are sent. */
  expectCreations(key: string, count: number): void {
    this.#fresh(key).creations += count;
  }

  expectDeletions(key: string, ids: Iterable<string>): void {
    const { deletions } = this.#fresh(key);
    for (const id of ids) deletions.add(id);
  }

  /** Seen, or failed and therefore never to be seen. */
  creationObserved(key: string): void {
    const expected = this.#byKey.get(key);
    if (expected !== undefined && expected.creations > 0) expected.creations--;
  }

  deletionObserved(key: string, id: string): void {
    this.#byKey.get(key)?.deletions.delete(id);
  }

  /** The object itself has gone. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }

  #fresh(key: string): Expected {
    const present = this.#byKey.get(key);
    if (present !== undefined && !this.areSatisfied(key)) return present;
    const made: Expected = { since: this.#clock.now(), creations: 0, deletions: new Set() };
    this.#byKey.set(key, made);
    return made;
  }
}
