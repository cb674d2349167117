import type { RecentLists } from './evaluate.ts';

/** As the kernel's module has it by default. */
const maxAddresses = 100;

/** Who was sent to which endpoint, for affinity. Lists of a Service that wants none any more are to be dropped. */
export class Recents {
  readonly #now: () => number;
  readonly #lists = new Map<string, Map<string, number>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Each node has lists of its own. */
  of(node: string): RecentLists {
    return {
      has: (list, ip, seconds) => {
        const seen = this.#lists.get(`${list} ${node}`)?.get(ip);
        return seen !== undefined && this.#now() - seen <= seconds * 1000;
      },
      add: (list, ip) => {
        const key = `${list} ${node}`;
        const seen = this.#lists.get(key) ?? new Map<string, number>();
        this.#lists.set(key, seen);
        // The newest stands last.
        seen.delete(ip);
        seen.set(ip, this.#now());
        const oldest = seen.size > maxAddresses ? seen.keys().next().value : undefined;
        if (oldest !== undefined) seen.delete(oldest);
      },
    };
  }

  /** Forgets lists that `isKept` does not want. */
  prune(isKept: (list: string) => boolean): void {
    for (const key of this.#lists.keys()) if (!isKept(key.slice(0, key.indexOf(' ')))) this.#lists.delete(key);
  }

  forgetNode(node: string): void {
    for (const key of this.#lists.keys()) if (key.endsWith(` ${node}`)) this.#lists.delete(key);
  }

  get size(): number {
    return this.#lists.size;
  }
}
