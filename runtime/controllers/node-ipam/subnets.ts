import { formatCIDR, type IPRange, parseCIDR } from '../../../api/ip.ts';

/** The equal parts of a network, handed out one after the other. */
export class Subnets {
  readonly #range: IPRange;
  readonly #maskSize: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  constructor(range: IPRange, maskSize: number) {
    if (maskSize < range.prefix || maskSize - range.prefix > 16)
      throw new Error(`parts of /${maskSize} do not fit into ${formatCIDR(range)}`);
    this.#range = range;
    this.#maskSize = maskSize;
    this.#count = 2 ** (maskSize - range.prefix);
  }

  /** Undefined when all are in use. */
  take(): string | undefined {
    for (let tried = 0; tried < this.#count; tried++) {
      const index = (this.#next + tried) % this.#count;
      if (this.#used.has(index)) continue;
      this.#used.add(index);
      this.#next = (index + 1) % this.#count;
      return formatCIDR({
        ...this.#range,
        base: this.#range.base + this.#size * BigInt(index),
        prefix: this.#maskSize,
      });
    }
    return undefined;
  }

  /** Takes all parts that `cidr` touches. */
  occupy(cidr: string): void {
    for (const index of this.#touched(cidr)) this.#used.add(index);
  }

  release(cidr: string): void {
    for (const index of this.#touched(cidr)) this.#used.delete(index);
  }

  get #size(): bigint {
    return 1n << BigInt((this.#range.family === 4 ? 32 : 128) - this.#maskSize);
  }

  #touched(cidr: string): number[] {
    const other = parseCIDR(cidr);
    if (other === undefined || other.family !== this.#range.family) return [];
    const bits = other.family === 4 ? 32 : 128;
    const size = 1n << BigInt(bits - other.prefix);
    const first = (other.base - this.#range.base) / this.#size;
    const last = (other.base + size - 1n - this.#range.base) / this.#size;
    const found: number[] = [];
    if (other.base + size <= this.#range.base) return found;
    const from = first < 0n ? 0 : Number(first);
    const to = last >= BigInt(this.#count) ? this.#count - 1 : Number(last);
    for (let index = from; index <= to; index++) found.push(index);
    return found;
  }
}
