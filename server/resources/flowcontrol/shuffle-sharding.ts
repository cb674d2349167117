/** The hash of a flow has this many bits to deal a hand of queues from. */
export const maxHashBits = 60;

/** Bits of randomness needed to deal `handSize` cards from a deck without putting any back. */
export function requiredEntropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}
