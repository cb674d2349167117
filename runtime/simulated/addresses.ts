import { formatIP, parseCIDR } from '../../api/ip.ts';

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

  /** The first is the network's own, the second the node's, the last everybody's. */
  take(): { readonly address: string; release(): void } {
    for (let tries = 0n; tries < this.#size; tries++) {
      const offset = this.#next;
      this.#next = this.#next + 1n >= this.#size - 1n ? 2n : this.#next + 1n;
      if (this.#used.has(offset)) continue;
      this.#used.add(offset);
      return {
        address: formatIP(this.#family, this.#base + offset),
        release: () => void this.#used.delete(offset),
      };
    }
    throw new Error('no addresses left in the pod network');
  }
}
