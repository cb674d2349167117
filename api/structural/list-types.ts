import type { FieldError, FieldErrors } from '../field-error.ts';
import { nameOf } from './findings.ts';
import { sortedJson, valueError } from './go-print.ts';
import { isJsonObject, type JsonObject, type Node } from './structural.ts';

type Way = (string | number | KeySegment)[];

/** Members of maps stand in brackets, unlike properties. */
interface KeySegment {
  readonly key: string;
}

function fieldOf(way: Way): string {
  let name = '';
  for (const step of way) {
    if (typeof step === 'object') name += `[${step.key}]`;
    else name = nameOf(name === '' ? [step] : [name, step]);
  }
  return name;
}

function identity(value: unknown): string {
  return typeof value === 'object' && value !== null ? sortedJson(value) : `${typeof value} ${String(value)}`;
}

/** The second appearance of each value that repeats. */
function repeated(values: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  const indices: number[] = [];
  values.forEach((value, i) => {
    const id = identity(value);
    const times = seen.get(id) ?? 0;
    seen.set(id, times + 1);
    if (times === 1) indices.push(i);
  });
  return indices;
}

function duplicateAt(way: Way, index: number, value: unknown): FieldError {
  return valueError('FieldValueDuplicate', fieldOf([...way, index]), value, '');
}

function keysOf(item: unknown, keys: readonly string[]): JsonObject {
  const found: JsonObject = {};
  if (!isJsonObject(item)) return found;
  for (const key of keys) if (Object.hasOwn(item, key)) found[key] = item[key];
  return found;
}

function mapErrors(list: readonly unknown[], node: Node, way: Way): FieldErrors {
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (wrong >= 0) {
    const detail = 'must be an object for an array of list-type map';
    return [valueError('FieldValueInvalid', fieldOf([...way, wrong]), list[wrong], detail)];
  }
  const keys = list.map((item) => keysOf(item, node.listMapKeys));
  return repeated(keys).map((i) => duplicateAt(way, i, keys[i]));
}

function listErrors(list: readonly unknown[], node: Node, way: Way, errors: FieldErrors): void {
  if (node.listType === 'set') errors.push(...repeated(list).map((i) => duplicateAt(way, i, list[i])));
  else if (node.listType === 'map') errors.push(...mapErrors(list, node, way));
  const { items } = node;
  if (items === undefined || !items.has.keyedLists) return;
  list.forEach((item, i) => {
    way.push(i);
    valueErrors(item, items, way, errors);
    way.pop();
  });
}

function valueErrors(value: unknown, node: Node, way: Way, errors: FieldErrors): void {
  if (!node.has.keyedLists) return;
  if (Array.isArray(value)) {
    listErrors(value, node, way, errors);
    return;
  }
  if (!isJsonObject(value)) return;
  const { additional } = node;
  for (const name of Object.keys(value)) {
    const property = node.properties.get(name);
    const member = property ?? (additional === true ? undefined : additional);
    if (member === undefined) continue;
    way.push(property === undefined ? { key: name } : name);
    valueErrors(value[name], member, way, errors);
    way.pop();
  }
}

/** Lists that are sets or maps in which something stands twice. */
export function listTypeErrors(object: unknown, node: Node): FieldErrors {
  const errors: FieldErrors = [];
  valueErrors(object, node, [], errors);
  return errors;
}
