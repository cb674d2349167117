import { noSuchOverload } from '../runtime/arithmetic.ts';
import { CelMap, elementAt, elements, mapFind, mapKeys } from '../runtime/collections.ts';
import type { Implementations } from '../runtime/functions.ts';
import { goText } from '../runtime/go-print.ts';
import {
  CelError,
  Double,
  isInt,
  isList,
  isMap,
  Optional,
  optionalNone,
  type Result,
  Special,
  type Value,
} from '../runtime/values.ts';
import { contains } from './standard.ts';

// Sets, optionals, and what the macros for maps are made of.

function containsAll(list: Value, part: Value): Result {
  if (!isList(list) || !isList(part)) return noSuchOverload;
  for (const element of elements(part)) {
    if (element instanceof CelError || !contains(list, element)) return false;
  }
  return true;
}

function intersects(list: Value, other: Value): Result {
  if (!isList(list) || !isList(other)) return noSuchOverload;
  for (const element of elements(list)) {
    if (!(element instanceof CelError) && contains(other, element)) return true;
  }
  return false;
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '') return true;
  if (isInt(value)) return value === 0;
  if (value instanceof Double) return value.value === 0;
  if (value instanceof Special) return value.isZero() === true;
  if (isList(value) || value instanceof Uint8Array) return value.length === 0;
  return isMap(value) && mapKeys(value).length === 0;
}

function unwrap(list: Value): Result {
  if (!isList(list)) return noSuchOverload;
  const values: Value[] = [];
  for (const element of elements(list)) {
    if (!(element instanceof Optional)) return new CelError(`value ${goText(element)} is not optional`);
    if (element.value !== undefined) values.push(element.value);
  }
  return values;
}

function atEnd(list: Value, last: boolean): Result {
  if (!isList(list)) return noSuchOverload;
  if (list.length === 0) return optionalNone;
  const element = elementAt(list, last ? list.length - 1 : 0);
  return element instanceof CelError ? element : new Optional(element);
}

function insert(map: Value, key: Value, value: Value): Result {
  if (!isMap(map)) return noSuchOverload;
  if (mapFind(map, key) !== undefined) return new CelError(`insert failed: key ${goText(key)} already exists`);
  const target = map instanceof CelMap && map.growing ? map : new CelMap();
  if (target !== map) for (const each of mapKeys(map)) target.set(each, (mapFind(map, each) ?? null) as Value);
  target.set(key, value);
  return target;
}

function insertAll(map: Value, entries: Value): Result {
  if (!isMap(entries)) return noSuchOverload;
  let target: Result = map;
  for (const key of mapKeys(entries)) {
    target = insert(target, key, (mapFind(entries, key) ?? null) as Value);
    if (target instanceof CelError) return target;
  }
  return target;
}

export const collectionsImplementations: Implementations = {
  list_sets_contains_list: containsAll,
  list_sets_intersects_list: intersects,
  list_sets_equivalent_list: (a, b) => {
    const contained = containsAll(a, b);
    return contained === true ? containsAll(b, a) : contained;
  },
  optional_of: (value) => new Optional(value),
  optional_ofNonZeroValue: (value) => (isZero(value) ? optionalNone : new Optional(value)),
  optional_none: () => optionalNone,
  optional_value: (optional) => {
    if (!(optional instanceof Optional)) return noSuchOverload;
    return optional.value ?? (optional.value === null ? null : new CelError('optional.none() dereference'));
  },
  optional_hasValue: (optional) => (optional instanceof Optional ? optional.value !== undefined : noSuchOverload),
  optional_unwrap: unwrap,
  optional_unwrapOpt: unwrap,
  list_first: (list) => atEnd(list, false),
  list_last: (list) => atEnd(list, true),
  '@mapInsert_map_key_value': insert,
  '@mapInsert_map_map': insertAll,
};
