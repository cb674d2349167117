/** Completion indexes as ordered, disjoint intervals: how a Job's status names them, `1,3-5,7`. */
export type IndexSet = readonly Interval[];

interface Interval {
  readonly first: number;
  readonly last: number;
}

/** What is not a number is passed over; what is not below `completions` is cut off: the Job may have been made smaller. */
export function parseIndexes(text: string | undefined, completions: number): IndexSet {
  const intervals: Interval[] = [];
  for (const part of (text ?? '').split(',')) {
    const [from = '', to = from] = part.split('-');
    if (!/^\d+$/.test(from) || !/^\d+$/.test(to)) continue;
    const first = Number(from);
    if (first >= completions) break;
    intervals.push({ first, last: Math.min(Number(to), completions - 1) });
  }
  return joined(intervals);
}

/** Joins what touches; expects them in the order of their beginnings. */
function joined(intervals: IndexSet): IndexSet {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of intervals) {
    const before = result.at(-1);
    if (before === undefined || first > before.last + 1) result.push({ first, last });
    else if (before.last < last) before.last = last;
  }
  return result;
}

export function formatIndexes(set: IndexSet): string {
  return set
    .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',');
}

export function unionOf(a: IndexSet, b: IndexSet): IndexSet {
  return joined([...a, ...b].sort((x, y) => x.first - y.first));
}

export function withIndexes(set: IndexSet, indexes: Iterable<number>): IndexSet {
  const added = [...indexes].map((index) => ({ first: index, last: index }));
  return added.length === 0 ? set : unionOf(set, added);
}

export function countOf(set: IndexSet): number {
  return set.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

export function hasIndex(set: IndexSet, index: number): boolean {
  return set.some(({ first, last }) => first <= index && index <= last);
}

/** How many indexes are in both. */
export function commonCount(a: IndexSet, b: IndexSet): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    if (x === undefined || y === undefined) break;
    common += Math.max(0, Math.min(x.last, y.last) - Math.max(x.first, y.first) + 1);
    if (x.last <= y.last) i++;
    if (y.last <= x.last) j++;
  }
  return common;
}

/** The lowest `count` indexes below `completions` that are not in the set. */
export function firstAbsent(set: IndexSet, count: number, completions: number): number[] {
  const result: number[] = [];
  let candidate = 0;
  for (const { first, last } of set) {
    for (; candidate < first && candidate < completions && result.length < count; candidate++) result.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  for (; candidate < completions && result.length < count; candidate++) result.push(candidate);
  return result;
}
