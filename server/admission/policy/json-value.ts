import { ObjectValue } from '../../../api/cel/library/json-patch.ts';
import { elements, mapFind, mapKeys } from '../../../api/cel/runtime/collections.ts';
import {
  CelError,
  Double,
  isList,
  isMap,
  Optional,
  Special,
  Uint,
  type Value,
} from '../../../api/cel/runtime/values.ts';

/** A value that JSON has no form for. */
export class NoJson extends Error {}

function integer(value: bigint): number {
  return Number(value);
}

/** A value of an expression as it goes into an object. */
export function jsonOf(value: Value | CelError): unknown {
  if (value instanceof CelError) throw new NoJson(value.message);
  if (typeof value === 'bigint') return integer(value);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Uint) return integer(value.value);
  if (value instanceof Double) return value.value;
  if (value instanceof Optional) return value.value === undefined ? null : jsonOf(value.value);
  if (value instanceof ObjectValue)
    return Object.fromEntries([...value.fields].map(([name, field]) => [name, jsonOf(field)]));
  if (isList(value)) return Array.from(elements(value), (element) => jsonOf(element as Value | CelError));
  if (isMap(value))
    return Object.fromEntries(mapKeys(value).map((key) => [keyOf(key), jsonOf(mapFind(value, key) ?? null)]));
  if (value instanceof Special) return String(value);
  return value;
}

function keyOf(key: Value): string {
  if (typeof key !== 'string') throw new NoJson(`map key ${String(key)} is not a string`);
  return key;
}
