import {
  type AnyList,
  type AnyMap,
  adapt,
  CelError,
  Double,
  ListView,
  MapView,
  type Result,
  Uint,
  type Value,
} from './values.ts';

export function elementAt(list: AnyList, index: number): Result {
  return list instanceof ListView ? list.at(index) : adapt(list[index]);
}

export function* elements(list: AnyList): Generator<Result> {
  for (let index = 0; index < list.length; index++) yield elementAt(list, index);
}

/** All elements, or the first that is an error. */
export function toArray(list: AnyList): readonly Value[] | CelError {
  const values: Value[] = [];
  for (let index = 0; index < list.length; index++) {
    const element = elementAt(list, index);
    if (element instanceof CelError) return element;
    values.push(element);
  }
  return values;
}

export function mapSize(map: AnyMap): number {
  return map instanceof MapView ? map.size() : Object.keys(map).length;
}

export function mapKeys(map: AnyMap): readonly Value[] {
  return map instanceof MapView ? map.keys() : Object.keys(map);
}

/** Undefined when there is no such key. */
export function mapFind(map: AnyMap, key: Value): Result | undefined {
  if (map instanceof MapView) return map.find(key);
  return typeof key === 'string' && Object.hasOwn(map, key) ? adapt(map[key]) : undefined;
}

/** A list under construction in a fold: `_+_` appends to it in place, as nothing else can see it yet. */
export class GrowingList extends Array<Value> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

type Entry = readonly [key: Value, value: Value];

/** A map made by an expression: keys are strings, booleans or numbers; numbers of one value are one key. */
export class CelMap extends MapView {
  readonly #entries = new Map<unknown, Entry>();
  /** Set while a fold builds it: insertions change it in place. */
  readonly growing: boolean;

  constructor(entries: Iterable<Entry> = [], growing = false) {
    super();
    this.growing = growing;
    for (const [key, value] of entries) this.set(key, value);
  }

  set(key: Value, value: Value): void {
    this.#entries.set(canonicalKey(key), [key, value]);
  }

  delete(key: Value): void {
    this.#entries.delete(canonicalKey(key));
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  find(key: Value): Value | undefined {
    return this.#entries.get(canonicalKey(key))?.[1];
  }

  keys(): readonly Value[] {
    return Array.from(this.#entries.values(), ([key]) => key);
  }

  override size(): number {
    return this.#entries.size;
  }
}

/** The key under which a map finds a number of any type; other objects are only themselves. */
export function numericKey(value: Value): unknown {
  const number = value instanceof Uint || value instanceof Double ? value.value : undefined;
  if (number === undefined) return value;
  if (typeof number === 'bigint') return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) return BigInt(number);
  return Object.is(number, -0) ? 0 : number;
}

// Maps of JavaScript find strings, booleans, numbers and bigints by value; a number that is an integer is one key in any type.
function canonicalKey(key: Value): unknown {
  return typeof key === 'object' ? numericKey(key) : key;
}
