import { goValue } from '../go-text.ts';
import { StatusError } from '../status.ts';
import { getOwn, isJsonObject, type JsonObject } from './json-tree.ts';

// How strategic merge joins two lists: by merge key where items are objects, as a set where they are scalars.
// `key` is '' for scalars throughout.

/** Upstream answers these with a bare 500: no reason, the text alone. */
export function mergeFailure(message: string): StatusError {
  return new StatusError('', message);
}

export function noMergeKey(item: JsonObject, key: string): StatusError {
  return mergeFailure(`map: ${goValue(item)} does not contain declared merge key: ${key}`);
}

function goType(value: unknown): string {
  if (isJsonObject(value)) return 'map';
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return value === null ? 'nil' : typeof value;
}

/** The one type that all items share. */
export function elementType(...lists: readonly (readonly unknown[])[]): string {
  let type: string | undefined;
  for (const item of lists.flat()) {
    const current = goType(item);
    if (type === undefined && current === 'slice') {
      throw new StatusError('Invalid', 'the server rejected our request due to an error in our request', {
        details: {},
      });
    }
    type ??= current;
    if (type !== current) {
      throw mergeFailure(`list element types are not identical: ${goValue(lists)}`);
    }
  }
  if (type === undefined) throw mergeFailure('no elements in any of the given slices');
  return type;
}

export function keyOf(item: unknown, key: string): unknown {
  if (key === '') return item;
  return isJsonObject(item) ? getOwn(item, key) : undefined;
}

function keyIndex(list: readonly unknown[], key: string): Map<unknown, number> {
  const index = new Map<unknown, number>();
  for (const [i, item] of list.entries()) {
    const value = keyOf(item, key);
    if (!index.has(value)) index.set(value, i);
  }
  return index;
}

export interface MergedList {
  readonly merged: readonly unknown[];
  /** The patch's items without directives. */
  readonly patchOrder: readonly unknown[];
  /** The server's items that were not deleted. */
  readonly kept: readonly unknown[];
  /** The server's list as later ordering sees it: deleted items closed up, their places partly taken by new ones. */
  readonly serverOrder: readonly unknown[];
}

type MergeItem = (original: JsonObject, patch: JsonObject) => unknown;

/** Merges lists of objects: `$patch` items delete or replace, the others merge into the item of the same key or come new. */
export function mergeObjects(
  original: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  mergeItem: MergeItem,
): MergedList {
  const { deleted, replaces, plain } = splitDirectives(patch, key);
  if (replaces) return { merged: plain, patchOrder: [], kept: plain, serverOrder: plain };
  const kept = original.filter((item) => !deleted.has(keyOf(item, key)));
  const merged = [...kept];
  const index = keyIndex(merged, key);
  for (const item of plain) {
    if (!Object.hasOwn(item, key)) throw noMergeKey(item, key);
    const at = index.get(item[key]);
    if (at === undefined) {
      index.set(item[key], merged.length);
      merged.push(item);
    } else merged[at] = mergeItem(merged[at] as JsonObject, item);
  }
  // As if the list lived in an array of fixed room: what comes new takes the room of what was deleted.
  return { merged, patchOrder: plain, kept, serverOrder: merged.slice(0, original.length) };
}

function splitDirectives(patch: readonly unknown[], key: string) {
  const deleted = new Set<unknown>();
  const plain: JsonObject[] = [];
  let replaces = false;
  for (const item of patch as JsonObject[]) {
    if (!Object.hasOwn(item, '$patch')) {
      plain.push(item);
      continue;
    }
    const directive = item['$patch'];
    if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw mergeFailure('merging lists cannot yet be specified in the patch');
    else if (directive !== 'delete') throw unknownDirective(item);
    else if (Object.hasOwn(item, key)) deleted.add(item[key]);
    else throw noMergeKey(item, key);
  }
  return { deleted, replaces, plain };
}

export function unknownDirective(patch: JsonObject): StatusError {
  return mergeFailure(`unknown patch type: ${goValue(patch['$patch'])} in map: ${goValue(patch)}`);
}

/** Splits a merged list into the items that `order` names and those that only the server has. */
function partition(merged: readonly unknown[], order: readonly unknown[], key: string) {
  const named = new Set(order.map((item) => keyOf(item, key)));
  const patchItems: unknown[] = [];
  const serverItems: unknown[] = [];
  for (const item of merged) {
    if (key !== '' && !Object.hasOwn(item as JsonObject, key)) throw noMergeKey(item as JsonObject, key);
    (named.has(keyOf(item, key)) ? patchItems : serverItems).push(item);
  }
  return { patchItems, serverItems };
}

/**
 * The final order: the patch's items in the order of the patch, the server's own in the order of the server, joined so that
 * an item of the server comes first only where the server had it before the patch's next one.
 */
export function orderList(
  merged: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  key: string,
): unknown[] {
  const { patchItems, serverItems } = partition(merged, patchOrder, key);
  const left = sortLike(serverItems, serverOrder, key);
  const right = sortLike(patchItems, patchOrder, key);
  const server = keyIndex(serverOrder, key);
  const result: unknown[] = [];
  let i = 0;
  for (const item of right) {
    const limit = server.get(keyOf(item, key));
    while (limit !== undefined && i < left.length) {
      const position = server.get(keyOf(left[i], key));
      if (position === undefined || position >= limit) break;
      result.push(left[i++]);
    }
    result.push(item);
  }
  return [...result, ...left.slice(i)];
}

/** Sorts as `order` has it, and puts items marked for deletion last. */
function sortLike(items: readonly unknown[], order: readonly unknown[], key: string): unknown[] {
  if (key !== '') {
    for (const item of [...items, ...order] as JsonObject[]) if (!Object.hasOwn(item, key)) throw noMergeKey(item, key);
  }
  const index = keyIndex(order, key);
  const position = (item: unknown) => index.get(keyOf(item, key));
  const isDeletion = (item: unknown) => isJsonObject(item) && item['$patch'] === 'delete';
  const named = items.filter((item) => !isDeletion(item));
  if (named.every((item) => position(item) !== undefined)) {
    named.sort((a, b) => (position(a) ?? 0) - (position(b) ?? 0));
  } else sortWithUnnamed(named, position);
  return [...named, ...items.filter(isDeletion)];
}

/** Insertion sort where an item counts as less when either is not in the order: where upstream's items end up is its doing. */
function sortWithUnnamed(items: unknown[], position: (item: unknown) => number | undefined): void {
  for (let i = 1; i < items.length; i++) {
    const item = items[i];
    const at = position(item);
    let j = i;
    for (; j > 0; j--) {
      const other = position(items[j - 1]);
      if (at !== undefined && other !== undefined && at >= other) break;
      items[j] = items[j - 1];
    }
    items[j] = item;
  }
}
