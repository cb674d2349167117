import { emptyFieldSet, type FieldSet, fieldNode, isEmptyFieldSet, memberOnly } from './field-set.ts';
import { type FieldType, formOf, isObject, itemKey, type ListType, type MapType } from './field-type.ts';
import type { PathKey } from './path-element.ts';

/** The fields that an object, as it was applied, speaks of. */
export function fieldsOf(value: unknown, type: FieldType): FieldSet {
  return nodeOf(value, type, false) ?? emptyFieldSet;
}

function nodeOf(value: unknown, type: FieldType, member: boolean): FieldSet | undefined {
  const form = formOf(type, value);
  if (form === 'map' && type.map !== undefined) {
    if (type.map.atomic) return memberOnly;
    return isObject(value) ? mapNode(value, type.map, member) : fieldNode(member, [], {});
  }
  if (form === 'list' && type.list !== undefined) {
    if (type.list.atomic) return memberOnly;
    return Array.isArray(value) ? listNode(value, type.list, member) : fieldNode(member, [], {});
  }
  return memberOnly;
}

function mapNode(object: Readonly<Record<string, unknown>>, map: MapType, member: boolean): FieldSet | undefined {
  const keys: PathKey[] = [];
  const children: Record<PathKey, FieldSet> = {};
  for (const name in object) {
    const value = object[name];
    if (value === undefined) continue;
    const field = map.fields.get(name);
    const type = field?.type ?? map.items;
    if (type === undefined) continue;
    const alone = field === undefined || value === null || (isObject(value) && isEmptyFieldSet(value as FieldSet));
    const node = nodeOf(value, type, alone);
    if (node === undefined) continue;
    const key = field?.key ?? `f:${name}`;
    keys.push(key);
    children[key] = node;
  }
  return fieldNode(member, keys, children);
}

function listNode(list: readonly unknown[], type: ListType, member: boolean): FieldSet | undefined {
  const keys: PathKey[] = [];
  const children: Record<PathKey, FieldSet> = {};
  for (const item of list) {
    const key = itemKey(type, item);
    if (key === undefined) continue;
    if (children[key] !== undefined) {
      children[key] = memberOnly;
      continue;
    }
    keys.push(key);
    children[key] = nodeOf(item, type.items, true) ?? memberOnly;
  }
  return fieldNode(member, keys, children);
}
