import { createHash } from 'node:crypto';

/** The queues that a flow may wait in: the same ones every time, and hardly ever all those of another flow. */
export function handOfQueues(flow: string, deckSize: number, handSize: number): number[] {
  let entropy = createHash('sha256').update(flow).digest().readBigUInt64LE();
  const hand: number[] = [];
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deckSize - i);
    // The n-th of the queues that are not in the hand yet.
    let card = Number(entropy % left);
    for (const taken of [...hand].sort((a, b) => a - b)) if (card >= taken) card++;
    entropy /= left;
    hand.push(card);
  }
  return hand;
}
