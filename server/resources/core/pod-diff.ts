import { goJson } from './pod-internal.ts';

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

interface Change {
  readonly tag: 'equal' | 'change';
  readonly a1: number;
  readonly a2: number;
  readonly b1: number;
  readonly b2: number;
}

const context = 3;
/** Lines that make up more than a hundredth of a text this long do not start a match (Ratcliff-Obershelp as difflib has it). */
const popularFrom = 200;

function positionsOf(lines: readonly string[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  for (const [j, line] of lines.entries()) {
    const known = positions.get(line);
    if (known === undefined) positions.set(line, [j]);
    else known.push(j);
  }
  if (lines.length < popularFrom) return positions;
  const limit = Math.floor(lines.length / 100) + 1;
  for (const [line, at] of positions) if (at.length > limit) positions.delete(line);
  return positions;
}

function longestMatch(
  a: readonly string[],
  b: readonly string[],
  positions: ReadonlyMap<string, number[]>,
  range: Omit<Change, 'tag'>,
): Block {
  let best: Block = { a: range.a1, b: range.b1, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = range.a1; i < range.a2; i++) {
    const next = new Map<number, number>();
    for (const j of positions.get(a[i] ?? '') ?? []) {
      if (j < range.b1) continue;
      if (j >= range.b2) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  let { a: start, b: startB, size } = best;
  while (start > range.a1 && startB > range.b1 && a[start - 1] === b[startB - 1]) {
    start--;
    startB--;
    size++;
  }
  while (start + size < range.a2 && startB + size < range.b2 && a[start + size] === b[startB + size]) size++;
  return { a: start, b: startB, size };
}

function matchingBlocks(a: readonly string[], b: readonly string[]): Block[] {
  const positions = positionsOf(b);
  const blocks: Block[] = [];
  const visit = (a1: number, a2: number, b1: number, b2: number): void => {
    const match = longestMatch(a, b, positions, { a1, a2, b1, b2 });
    if (match.size === 0) return;
    if (a1 < match.a && b1 < match.b) visit(a1, match.a, b1, match.b);
    blocks.push(match);
    const [endA, endB] = [match.a + match.size, match.b + match.size];
    if (endA < a2 && endB < b2) visit(endA, a2, endB, b2);
  };
  visit(0, a.length, 0, b.length);
  const joined: Block[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (last !== undefined && last.a + last.size === block.a && last.b + last.size === block.b) {
      joined[joined.length - 1] = { ...last, size: last.size + block.size };
    } else {
      joined.push(block);
    }
  }
  return [...joined, { a: a.length, b: b.length, size: 0 }];
}

function changesBetween(a: readonly string[], b: readonly string[]): Change[] {
  const changes: Change[] = [];
  let [i, j] = [0, 0];
  for (const block of matchingBlocks(a, b)) {
    if (i < block.a || j < block.b) changes.push({ tag: 'change', a1: i, a2: block.a, b1: j, b2: block.b });
    [i, j] = [block.a + block.size, block.b + block.size];
    if (block.size > 0) changes.push({ tag: 'equal', a1: block.a, a2: i, b1: block.b, b2: j });
  }
  return changes;
}

function hunks(changes: readonly Change[]): Change[][] {
  const groups: Change[][] = [];
  let group: Change[] = [];
  for (const [k, change] of changes.entries()) {
    const first = k === 0 && change.tag === 'equal';
    const last = k === changes.length - 1 && change.tag === 'equal';
    let { a1, a2, b1, b2 } = change;
    if (first) [a1, b1] = [Math.max(a1, a2 - context), Math.max(b1, b2 - context)];
    if (last) [a2, b2] = [Math.min(a2, a1 + context), Math.min(b2, b1 + context)];
    if (change.tag === 'equal' && a2 - a1 > 2 * context) {
      groups.push([...group, { tag: 'equal', a1, a2: Math.min(a2, a1 + context), b1, b2: Math.min(b2, b1 + context) }]);
      group = [];
      [a1, b1] = [Math.max(a1, a2 - context), Math.max(b1, b2 - context)];
    }
    group.push({ tag: change.tag, a1, a2, b1, b2 });
  }
  if (group.some((change) => change.tag !== 'equal')) groups.push(group);
  return groups;
}

function range(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return `${start + 1}`;
  return `${length === 0 ? start : start + 1},${length}`;
}

/** The unified diff of two values' JSON, as upstream shows what an update may not change. */
export function jsonDiff(before: unknown, after: unknown): string {
  const a = goJson(before).split('\n');
  const b = goJson(after).split('\n');
  const lines: string[] = [];
  for (const group of hunks(changesBetween(a, b))) {
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined) continue;
    lines.push(`@@ -${range(first.a1, last.a2)} +${range(first.b1, last.b2)} @@`);
    for (const change of group) {
      if (change.tag === 'equal') lines.push(...a.slice(change.a1, change.a2).map((line) => ` ${line}`));
      else {
        lines.push(...a.slice(change.a1, change.a2).map((line) => `-${line}`));
        lines.push(...b.slice(change.b1, change.b2).map((line) => `+${line}`));
      }
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
