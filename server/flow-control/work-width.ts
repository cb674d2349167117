/** What is known of the objects of one resource. */
export interface ResourceSize {
  readonly count: number;
  readonly averageBytes: number;
}

/** The parameters of a list or of a watch that say how much it touches. */
export interface ListShape {
  readonly isWatch: boolean;
  readonly isOfOneObject: boolean;
  readonly limit: number;
  readonly hasSelector: boolean;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly sendInitialEvents: boolean;
}

const bytesPerSeat = 100_000;
/** A list of the newest state is streamed from memory: no more than this is held for it. */
const maxHeldBytes = 1_000_000;
const maxListSeats = 100;

function readsHistory({ continueToken, resourceVersion, resourceVersionMatch, limit }: ListShape): boolean {
  if (continueToken !== '' || resourceVersionMatch === 'Exact') return true;
  return limit > 0 && resourceVersionMatch === '' && resourceVersion !== '' && resourceVersion !== '0';
}

/** Seats that a list or the beginning of a watch takes, by the bytes that it has in hand at once. */
export function widthOfList(shape: ListShape, size: ResourceSize | undefined, maxSeats: number): number {
  const { isWatch, isOfOneObject, limit, hasSelector, resourceVersion } = shape;
  const startsFromScratch = shape.sendInitialEvents || resourceVersion === '' || resourceVersion === '0';
  if (size === undefined || (isWatch && !startsFromScratch)) return 1;
  const isFromMemory = isWatch || !readsHistory(shape);
  const limited = limit > 0 ? Math.min(limit, size.count) : size.count;
  const scanned = !isFromMemory && hasSelector ? Math.max(limited, Math.floor(size.count / 2)) : limited;
  const bytes = (isOfOneObject ? 1 : scanned) * size.averageBytes;
  const seats = Math.ceil((isFromMemory ? Math.min(bytes, maxHeldBytes) : bytes) / bytesPerSeat);
  return Math.max(1, Math.min(seats, maxSeats, maxListSeats));
}

/** The widest request of a level: a hand full of them may not fill it. */
export function maxSeatsOf(nominalSeats: number, handSize: number): number {
  return Math.max(1, Math.min(Math.ceil(nominalSeats * 0.15), Math.floor(nominalSeats / handSize)));
}
