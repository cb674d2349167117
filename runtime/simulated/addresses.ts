import { formatIP, parseCIDR, parseIP } from '../../api/ip.ts';

/** Hands out the addresses of a node's pod network; those given back are used again last. */
export class AddressPool {
  readonly #family: 4 | 6;
  readonly #base: bigint;
  readonly #size: bigint;
  readonly #used = new Set<bigint>();
  #next = 2n;

  constructor(cidr: string) {
    const parsed = parseCIDR(cidr);
    if (parsed === undefined) throw new Error(`${cidr} is no network`);
    this.#family = parsed.family;
    this.#base = parsed.base;
    this.#size = 1n << BigInt((parsed.family === 4 ? 32 : 128) - parsed.prefix);
  }

  /** The first is the network's own, the second the node's, the last everybody's. Who had an address before may have it again. */
  take(wanted = ''): { readonly address: string; release(): void } {
    const before = parseIP(wanted);
    const offset = before?.family === this.#family ? before.bits - this.#base : 0n;
    if (offset >= 2n && offset < this.#size - 1n && !this.#used.has(offset)) return this.#give(offset);
    for (let tries = 0n; tries < this.#size; tries++) {
      const offset = this.#next;
      this.#next = this.#next + 1n >= this.#size - 1n ? 2n : this.#next + 1n;
      if (this.#used.has(offset)) continue;
      return this.#give(offset);
    }
    throw new Error('no addresses left in the pod network');
  }

  #give(offset: bigint): { readonly address: string; release(): void } {
    this.#used.add(offset);
    return {
      address: formatIP(this.#family, this.#base + offset),
      release: () => void this.#used.delete(offset),
    };
  }
}
