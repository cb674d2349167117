import { goJson, goQuote } from '../go-text.ts';

/**
 * One step of a path as fieldsV1 writes it: `f:name` a field, `k:{"name":"x"}` the list item with these keys,
 * `v:"x"` the item of a set, `i:0` an index. Canonical: keys sorted, numbers and strings as Go's JSON has them.
 */
export type PathKey = string;

export const fieldCode = 102;
const ranks: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };

function kindRank(value: unknown): number {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function compareScalars(a: unknown, b: unknown): number {
  const rank = kindRank(a);
  const difference = rank - kindRank(b);
  if (difference !== 0) return difference;
  if (rank > 2) return compareScalars(goJson(a), goJson(b));
  const left = a as string | number | boolean;
  const right = b as string | number | boolean;
  return left === right ? 0 : left < right ? -1 : 1;
}

function compareKeyed(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): number {
  const left = Object.keys(a);
  const right = Object.keys(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const name = left[i] ?? '';
    const other = right[i] ?? '';
    if (name !== other) return name < other ? -1 : 1;
    const order = compareScalars(a[name], b[name]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The order of upstream's sets: fields, keyed items, values, indices; each by its content, numbers as numbers. */
export function comparePathKeys(a: PathKey, b: PathKey): number {
  if (a === b) return 0;
  const kind = a.charCodeAt(0);
  if (kind === fieldCode && b.charCodeAt(0) === fieldCode) return a < b ? -1 : 1;
  const difference = (ranks[a.slice(0, 1)] ?? 4) - (ranks[b.slice(0, 1)] ?? 4);
  if (difference !== 0) return difference;
  const left: unknown = JSON.parse(a.slice(2));
  const right: unknown = JSON.parse(b.slice(2));
  if (a.startsWith('k:')) return compareKeyed(left as Record<string, unknown>, right as Record<string, unknown>);
  return compareScalars(left, right);
}

export function isSortedPathKeys(keys: readonly PathKey[]): boolean {
  for (let i = 1; i < keys.length; i++) if (comparePathKeys(keys[i - 1] ?? '', keys[i] ?? '') >= 0) return false;
  return true;
}

/** How a path element stands in conflicts and errors: `.name`, `[name="x",port=80]`, `[="x"]`, `[0]`. */
export function pathKeyText(key: PathKey): string {
  const content = key.slice(2);
  if (key.startsWith('f:')) return `.${content}`;
  if (key.startsWith('i:')) return `[${content}]`;
  const value: unknown = JSON.parse(content);
  if (key.startsWith('v:')) return `[=${scalarText(value)}]`;
  const parts = Object.entries(value as Record<string, unknown>).map(([name, part]) => `${name}=${scalarText(part)}`);
  return `[${parts.join(',')}]`;
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[${value.map(scalarText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}=${scalarText(member)}`)
    .join('');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The canonical form of a path element that a client wrote; undefined where it is none, '' where its kind is unknown. */
export function canonicalPathKey(key: string): PathKey | undefined {
  if (key.length < 2 || key[1] !== ':') return undefined;
  const content = key.slice(2);
  switch (key[0]) {
    case 'f':
      return key;
    case 'i':
      return /^[+-]?\d+$/.test(content) ? `i:${Number(content)}` : undefined;
    case 'v': {
      const value = parsed(content);
      return value === undefined ? undefined : `v:${goJson(value)}`;
    }
    case 'k': {
      const value = parsed(content);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      return keyedPathKey(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    default:
      return '';
  }
}

function keyedPathKey(members: readonly (readonly [string, unknown])[]): PathKey {
  return `k:{${members.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`;
}
