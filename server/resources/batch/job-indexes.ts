/** Why a text such as `0-2,5` is no list of indexes; the message stands in the client's error. */
export class IndexesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IndexesError';
  }
}

interface Interval {
  readonly first: number;
  readonly last: number;
}

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new IndexesError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  const index = Number(text);
  if (index >= completions) throw new IndexesError(`too large index: ${JSON.stringify(text)}`);
  return index;
}

function parseInterval(text: string, completions: number): Interval {
  const limits = text.split('-');
  if (limits.length > 2) {
    throw new IndexesError(
      `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  }
  const first = parseIndex(limits[0] ?? '', completions);
  if (limits[1] === undefined) return { first, last: first };
  const last = parseIndex(limits[1], completions);
  if (first >= last) throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`);
  return { first, last };
}

/** The number of indexes in a list. Throws IndexesError. */
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0;
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const { first, last } = parseInterval(part, completions);
    if (previous !== undefined && previous >= first) {
      throw new IndexesError(`non-increasing order, previous: ${previous}, current: ${first}`);
    }
    total += last - first + 1;
    previous = last;
  }
  return total;
}

function validIntervals(text: string, completions: number): Interval[] {
  if (text === '') return [];
  return text.split(',').flatMap((part) => {
    try {
      return [parseInterval(part, completions)];
    } catch (error) {
      if (error instanceof IndexesError) return [];
      throw error;
    }
  });
}

/** The first index that is both completed and failed; malformed intervals are passed over. */
export function overlappingIndex(completed: string, failed: string, completions: number): number | undefined {
  const done = validIntervals(completed, completions);
  const lost = validIntervals(failed, completions);
  let d = 0;
  let l = 0;
  for (;;) {
    const a = done[d];
    const b = lost[l];
    if (a === undefined || b === undefined) return undefined;
    if (a.first <= b.last && b.first <= a.last) return Math.max(a.first, b.first);
    if (a.first <= b.first) d++;
    else l++;
  }
}
