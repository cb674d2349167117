import { contains, formatIP, type IPRange, parseCIDR } from '../../../api/ip.ts';

/** A range of service addresses without its network and (IPv4) broadcast address. */
export interface ClusterIPRange {
  readonly cidr: string;
  readonly range: IPRange;
  readonly first: bigint;
  readonly last: bigint;
  /** Dynamic allocation takes the upper band, from here on, first: the lower one is left to those who ask for an address. */
  readonly upper: bigint;
}

const minOffset = 16n;
const maxOffset = 256n;
const offsetStep = 16n;

/** Upstream: min(max(16, size/16), 256) addresses are kept back. */
function offsetOf(size: bigint): bigint {
  if (size <= minOffset) return 0n;
  const offset = size / offsetStep;
  if (offset < minOffset) return minOffset;
  return offset > maxOffset ? maxOffset : offset;
}

export function clusterIPRange(cidr: string): ClusterIPRange | undefined {
  const range = parseCIDR(cidr);
  if (range === undefined) return undefined;
  const { family, base, prefix } = range;
  const size = 1n << BigInt((family === 4 ? 32 : 128) - prefix);
  const first = base + 1n;
  const last = base + size - (family === 4 ? 2n : 1n);
  return { cidr, range, first, last, upper: first + offsetOf(size) };
}

export function inRange(
  { range, first, last }: ClusterIPRange,
  address: { readonly family: 4 | 6; readonly bits: bigint },
): boolean {
  return contains(range, address) && address.bits >= first && address.bits <= last;
}

// 48 bits of randomness are plenty to start anywhere in a range.
function randomBelow(limit: bigint, random: { next(): number }): bigint {
  const step = 2 ** 48;
  return limit <= BigInt(step)
    ? BigInt(Math.floor(random.next() * Number(limit)))
    : BigInt(Math.floor(random.next() * step));
}

/** Every address of the range once, each band from a random start on, the upper one first. */
export function* candidates(
  { range, first, last, upper }: ClusterIPRange,
  random: { next(): number },
): Generator<string> {
  for (const [from, to] of [
    [upper, last],
    [first, upper - 1n],
  ] as const) {
    const size = to - from + 1n;
    if (size <= 0n) continue;
    const start = randomBelow(size, random);
    for (let i = 0n; i < size; i++) yield formatIP(range.family, from + ((start + i) % size));
  }
}
