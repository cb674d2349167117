import {
  add,
  compare,
  divide,
  lacksOperation,
  modulo,
  multiply,
  negate,
  noSuchOverload,
  subtract,
} from '../runtime/arithmetic.ts';
import { elementAt, mapFind } from '../runtime/collections.ts';
import { toBool, toBytes, toDouble, toDuration, toInt, toText, toTimestamp, toUint } from '../runtime/conversion.ts';
import { equal } from '../runtime/equality.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { ownSize } from '../runtime/size.ts';
import { type AnyList, CelError, isList, isMap, type Result, Special, typeOf, type Value } from '../runtime/values.ts';

function ordered(name: string, test: (order: number) => boolean): Implementation {
  return (a, b) => {
    const order = compare(a, b, name);
    return order instanceof CelError ? order : test(order);
  };
}

export function contains(list: AnyList, value: Value): boolean {
  for (let index = 0; index < list.length; index++) {
    const element = elementAt(list, index);
    if (!(element instanceof CelError) && equal(element, value) === true) return true;
  }
  return false;
}

function isIn(value: Value, collection: Value): Result {
  if (isList(collection)) return contains(collection, value);
  if (!isMap(collection)) return noSuchOverload;
  const found = mapFind(collection, value);
  return found instanceof CelError ? found : found !== undefined;
}

const ofTexts = (test: (text: string, part: string) => boolean): Implementation => {
  return (text, part) => (typeof text === 'string' && typeof part === 'string' ? test(text, part) : noSuchOverload);
};

function converting(ids: string, convert: Implementation): Record<string, Implementation> {
  return Object.fromEntries(ids.split(' ').map((id) => [id, convert]));
}

export const standardImplementations: Implementations = {
  '_+_': add,
  '_-_': subtract,
  '_*_': multiply,
  '_/_': divide,
  '_%_': modulo,
  '-_': negate,
  '!_': (value) => (typeof value === 'boolean' ? !value : noSuchOverload),
  '_<_': ordered('_<_', (order) => order < 0),
  '_<=_': ordered('_<=_', (order) => order <= 0),
  '_>_': ordered('_>_', (order) => order > 0),
  '_>=_': ordered('_>=_', (order) => order >= 0),
  '@in': isIn,
  size: (value) => ownSize(value) ?? lacksOperation(value, 'size'),
  type: (value) => (value instanceof Special ? value.typeAsValue : typeOf(value)),
  dyn: (value) => value,
  contains_string: ofTexts((text, part) => text.includes(part)),
  starts_with_string: ofTexts((text, part) => text.startsWith(part)),
  ends_with_string: ofTexts((text, part) => text.endsWith(part)),
  ...converting('bool_to_bool string_to_bool', toBool),
  ...converting('bytes_to_bytes string_to_bytes', toBytes),
  ...converting('double_to_double int64_to_double string_to_double uint64_to_double', toDouble),
  ...converting('duration_to_duration int64_to_duration string_to_duration', toDuration),
  ...converting(
    'int64_to_int64 double_to_int64 duration_to_int64 string_to_int64 timestamp_to_int64 uint64_to_int64',
    toInt,
  ),
  ...converting(
    'string_to_string bool_to_string bytes_to_string double_to_string duration_to_string int64_to_string ' +
      'timestamp_to_string uint64_to_string',
    toText,
  ),
  ...converting('timestamp_to_timestamp int64_to_timestamp string_to_timestamp', toTimestamp),
  ...converting('uint64_to_uint64 double_to_uint64 int64_to_uint64 string_to_uint64', toUint),
};
