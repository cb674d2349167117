import { emptyFieldSet, type FieldSet, fieldNode, isEmptyFieldSet, isMember } from './field-set.ts';
import {
  type FieldType,
  formOf,
  isObject,
  itemKey,
  type JsonObject,
  type ListType,
  type MapType,
  typeBelow,
} from './field-type.ts';
import type { PathKey } from './path-element.ts';

/** A value without the fields and items of a set. What is emptied by it becomes null; atomic values go as a whole. */
export function removeItems(value: unknown, gone: FieldSet, type: FieldType): unknown {
  const form = formOf(type, value);
  if (form === 'map' && type.map !== undefined) return isObject(value) ? removeMembers(value, gone, type.map) : null;
  if (form === 'list' && type.list !== undefined) {
    return Array.isArray(value) ? removeListItems(value, gone, type.list) : null;
  }
  return value;
}

/** What is below a path element of the set, undefined where nothing is. */
function below(gone: FieldSet, key: PathKey): FieldSet | undefined {
  const node = gone[key];
  return node === undefined || isEmptyFieldSet(node) ? undefined : node;
}

function isGone(gone: FieldSet, key: PathKey): boolean {
  const node = gone[key];
  return node !== undefined && isMember(node);
}

function removeMembers(object: JsonObject, gone: FieldSet, map: MapType): unknown {
  if (map.atomic) return null;
  const kept: JsonObject = {};
  let count = 0;
  for (const name in object) {
    const key = `f:${name}`;
    const value = object[name];
    if (value === undefined || isGone(gone, key)) continue;
    const deeper = below(gone, key);
    const type = map.fields.get(name)?.type ?? map.items;
    kept[name] = deeper === undefined || type === undefined ? value : removeItems(value, deeper, type);
    count++;
  }
  return count === 0 ? null : kept;
}

function removeListItems(list: readonly unknown[], gone: FieldSet, type: ListType): unknown {
  if (type.atomic) return null;
  const kept: unknown[] = [];
  for (const item of list) {
    const key = itemKey(type, item);
    if (key !== undefined && isGone(gone, key)) continue;
    const deeper = key === undefined ? undefined : below(gone, key);
    kept.push(deeper === undefined ? item : removeItems(item, deeper, type.items));
  }
  return kept.length === 0 ? null : kept;
}

/** The set with every named field on the way to a member made a member too, as pruning wants it. */
export function withNamedFields(set: FieldSet, type: FieldType): FieldSet {
  return namedNode(set, type, false) ?? emptyFieldSet;
}

function namedNode(node: FieldSet, type: FieldType | undefined, member: boolean): FieldSet | undefined {
  const keys: PathKey[] = [];
  const children: Record<PathKey, FieldSet> = {};
  for (const key in node) {
    const child = node[key];
    if (key === '.' || child === undefined) continue;
    const named = key.startsWith('f:') && type?.map?.fields.has(key.slice(2)) === true;
    const made = namedNode(child, typeBelow(type, key), named || isMember(child));
    if (made === undefined) continue;
    keys.push(key);
    children[key] = made;
  }
  return fieldNode(member, keys, children);
}
