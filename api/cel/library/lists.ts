import { add, compare, lacksOperation, noSuchOverload } from '../runtime/arithmetic.ts';
import { elementAt, toArray } from '../runtime/collections.ts';
import { equal } from '../runtime/equality.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { Duration } from '../runtime/time.ts';
import {
  type AnyList,
  CelError,
  Double,
  isInt,
  isList,
  type Result,
  typeOf,
  Uint,
  type Value,
} from '../runtime/values.ts';
import { contains } from './standard.ts';

/** Makes a function of the list's elements, all of them at hand. */
const onElements = (apply: (elements: readonly Value[], ...rest: Value[]) => Result): Implementation => {
  return (list, ...rest) => {
    if (!isList(list)) return noSuchOverload;
    const values = toArray(list);
    return values instanceof CelError ? values : apply(values, ...rest);
  };
};

function isSorted(values: readonly Value[]): Result {
  for (let index = 1; index < values.length; index++) {
    if (compare(values[index - 1] ?? null, values[index] ?? null) === 1) return false;
  }
  return true;
}

function sumFrom(zero: Value): Implementation {
  return onElements((values) => {
    let sum: Value = zero;
    for (const value of values) {
      const next = add(sum, value);
      if (next instanceof CelError) return next;
      sum = next;
    }
    return sum;
  });
}

function extreme(name: string, better: number): Implementation {
  return onElements((values) => {
    let [best] = values;
    if (best === undefined) return new CelError(`${name} called on empty list`);
    for (const value of values) if (compare(best, value) === better) best = value;
    return best;
  });
}

function indexOf(list: Value, item: Value, last: boolean): Result {
  if (!isList(list)) return noSuchOverload;
  for (let step = 0; step < list.length; step++) {
    const index = last ? list.length - 1 - step : step;
    const element = elementAt(list, index);
    if (!(element instanceof CelError) && equal(element, item) === true) return index;
  }
  return -1;
}

function slice(values: readonly Value[], start: Value, end: Value): Result {
  if (!isInt(start) || !isInt(end)) return noSuchOverload;
  const call = `cannot slice(${start}, ${end})`;
  if (start < 0 || end < 0) return new CelError(`${call}, negative indexes not supported`);
  if (start > end) return new CelError(`${call}, start index must be less than or equal to end index`);
  if (values.length < end) return new CelError(`${call}, list is length ${values.length}`);
  return values.slice(Number(start), Number(end));
}

function flatten(list: AnyList, depth: number): Value[] | CelError {
  if (depth < 0) return new CelError('level must be non-negative');
  const flat: Value[] = [];
  for (let index = 0; index < list.length; index++) {
    const element = elementAt(list, index);
    if (element instanceof CelError) return element;
    if (!isList(element) || depth === 0) {
      flat.push(element);
      continue;
    }
    const inner = flatten(element, depth - 1);
    if (inner instanceof CelError) return inner;
    for (const value of inner) flat.push(value);
  }
  return flat;
}

function sortBy(list: Value, keys: Value, name: string): Result {
  if (!isList(list)) return lacksOperation(list, name);
  if (!isList(keys)) return noSuchOverload;
  if (list.length !== keys.length) {
    return new CelError(
      '@sortByAssociatedKeys() expected a list of the same size as the associated keys list, ' +
        `but got ${list.length} and ${keys.length} elements respectively`,
    );
  }
  const values = toArray(list);
  const order = toArray(keys);
  if (values instanceof CelError) return values;
  if (order instanceof CelError) return order;
  const [first] = order;
  if (first === undefined) return list;
  if (compare(first, first) instanceof CelError) return new CelError('list elements must be comparable');
  if (order.length > 1 && order.some((key) => !typeOf(key).equals(typeOf(first)))) {
    return new CelError('list elements must have the same type');
  }
  const indices = values.map((_, index) => index);
  indices.sort((a, b) => Number(compare(order[a] ?? null, order[b] ?? null)));
  return indices.map((index) => values[index] ?? null);
}

function distinct(values: readonly Value[]): Result {
  const unique: Value[] = [];
  for (const value of values) if (!contains(unique, value)) unique.push(value);
  return unique;
}

function range(count: Value): Result {
  return isInt(count) ? Array.from({ length: Math.max(0, Number(count)) }, (_, index) => index) : noSuchOverload;
}

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const summable: readonly [string, Value][] = [
  ['int', 0],
  ['uint', new Uint(0n)],
  ['double', new Double(0)],
  ['duration', new Duration(0n)],
];

function ofTypes(id: (type: string) => string, implementation: Implementation): [string, Implementation][] {
  return comparable.map((type) => [id(type), implementation]);
}

export const listsImplementations: Implementations = {
  ...Object.fromEntries([
    ...ofTypes((type) => `list_${type}_is_sorted_bool`, onElements(isSorted)),
    ...ofTypes((type) => `list_${type}_max_${type}`, extreme('max', -1)),
    ...ofTypes((type) => `list_${type}_min_${type}`, extreme('min', 1)),
    ...summable.map(([type, zero]) => [`list_${type}_sum_${type}`, sumFrom(zero)] as const),
  ]),
  list_a_index_of_int: (list, item) => indexOf(list, item, false),
  list_a_last_index_of_int: (list, item) => indexOf(list, item, true),
  list_slice: onElements(slice),
  list_flatten: (list) =>
    isList(list) ? flatten(list, 1) : new CelError(`no such overload: ${typeOf(list)}.flatten()`),
  list_flatten_int: (list, depth) => {
    if (isList(list) && isInt(depth)) return flatten(list, Number(depth));
    return new CelError(`no such overload: ${typeOf(list)}.flatten(${typeOf(depth)})`);
  },
  sort: (list) => sortBy(list, list, 'sort'),
  '@sortByAssociatedKeys': (list, keys) => sortBy(list, keys, '@sortByAssociatedKeys'),
  lists_range: range,
  list_reverse: onElements((values) => values.toReversed()),
  list_distinct: onElements(distinct),
};
