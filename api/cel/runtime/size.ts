import { byteLength } from '../../names.ts';
import { elements, mapFind, mapKeys, mapSize } from './collections.ts';
import { CelError, isList, isMap, Optional, type Result, Special } from './values.ts';

const surrogate = /[\ud800-\udfff]/;

/** How many code points a text has. */
export function codePoints(text: string): number {
  if (!surrogate.test(text)) return text.length;
  let count = text.length;
  for (let index = 1; index < text.length; index++) {
    const low = text.charCodeAt(index) & 0xfc00;
    if (low === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800) count -= 1;
  }
  return count;
}

/** The size of what has one, as size() answers it. */
export function ownSize(value: Result): number | undefined {
  if (typeof value === 'string') return codePoints(value);
  if (typeof value !== 'object' || value === null || value instanceof CelError) return undefined;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (value instanceof Special) return value.size();
  return isMap(value) ? mapSize(value) : undefined;
}

/** The size that costs are reckoned by: 1 for what has none. */
export function sizeOf(value: Result): number {
  return ownSize(value) ?? 1;
}

/** As sizeOf, but of an optional that of its value. */
export function sizeWithin(value: Result): number {
  return value instanceof Optional && value.value !== undefined ? sizeWithin(value.value) : sizeOf(value);
}

/** The cost of walking over all of a value once. */
export function traversalCost(value: Result): number {
  if (typeof value === 'string') return Math.floor(byteLength(value) * 0.1);
  if (value instanceof Uint8Array) return Math.floor(value.length * 0.1);
  let cost = 0;
  if (isList(value)) {
    for (const element of elements(value)) cost += traversalCost(element);
    return cost;
  }
  if (value instanceof CelError || !isMap(value)) return 1;
  for (const key of mapKeys(value)) cost += traversalCost(key) + traversalCost(mapFind(value, key) ?? null);
  return cost;
}
