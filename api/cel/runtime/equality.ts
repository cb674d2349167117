import { elementAt, mapFind, mapKeys, mapSize } from './collections.ts';
import {
  type AnyList,
  type AnyMap,
  CelError,
  Double,
  isInt,
  isList,
  isMap,
  ListView,
  MapView,
  Optional,
  type Result,
  Uint,
  type Value,
} from './values.ts';

/** Never true for an error: a comparison that fails is one (typed lists of CRDs fail on what is no list). */
export function equal(a: Value, b: Value): Result {
  if (typeof a !== 'object') return a === b || (isInt(a) && equalNumbers(a, b));
  if (a === null || b === null) return a === b;
  if (a instanceof Uint || a instanceof Double) return equalNumbers(a, b);
  if (isList(a)) return isList(b) ? equalLists(a, b) : mismatch(a);
  if (isMap(a)) return isMap(b) ? equalMaps(a, b) : mismatch(a);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b);
  return a.equals(b);
}

function mismatch(collection: AnyList | AnyMap): Result {
  return collection instanceof ListView || collection instanceof MapView ? collection.mismatch : false;
}

function equalOptionals(a: Optional, b: Optional): Result {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value);
}

const same = (a: Result | undefined, b: Result | undefined): boolean =>
  a !== undefined && b !== undefined && !(a instanceof CelError) && !(b instanceof CelError) && equal(a, b) === true;

export function equalLists(a: AnyList, b: AnyList): Result {
  if (a instanceof ListView && a.equalsList !== undefined) return a.equalsList(b);
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!same(elementAt(a, index), elementAt(b, index))) return false;
  }
  return true;
}

export function equalMaps(a: AnyMap, b: AnyMap): Result {
  if (a instanceof MapView && a.equalsMap !== undefined) return a.equalsMap(b);
  return mapSize(a) === mapSize(b) && mapKeys(a).every((key) => same(mapFind(a, key), mapFind(b, key)));
}

/** Numbers of all types are one line of numbers; anything else equals no number. */
export function equalNumbers(a: number | bigint | Uint | Double, b: Value): boolean {
  return compareNumbers(a, b) === 0;
}

function numberOf(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return value instanceof Uint || value instanceof Double ? value.value : undefined;
}

/** Undefined when one is no number, NaN when one is NaN. */
export function compareNumbers(a: Value, b: Value): number | undefined {
  const x = numberOf(a);
  const y = numberOf(b);
  if (x === undefined || y === undefined) return undefined;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  // An int or uint beside a double is compared as a double, unless the double is beyond its range.
  if (a instanceof Double) return compareDouble(a.value, b);
  if (b instanceof Double) return -compareDouble(b.value, a);
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareDouble(double: number, other: Value): number {
  const y = numberOf(other) ?? 0;
  const [low, high] =
    other instanceof Uint ? [0, 2 ** 64] : other instanceof Double ? [-Infinity, Infinity] : [-(2 ** 63), 2 ** 63];
  if (double < low) return -1;
  if (double > high) return 1;
  const z = Number(y);
  return double < z ? -1 : double > z ? 1 : 0;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(a.length - b.length);
}

/** The order of UTF-8 bytes, which is that of code points. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    // Halves of surrogate pairs stand for code points above all others.
    const surrogateX = x >= 0xd800 && x < 0xe000;
    const surrogateY = y >= 0xd800 && y < 0xe000;
    if (surrogateX !== surrogateY) return surrogateX ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}
