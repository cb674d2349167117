import { emptyFieldSet, type FieldSet, fieldNode, isEmptyFieldSet, isMember, memberOnly } from './field-set.ts';
import { type FieldType, memberType } from './field-type.ts';
import type { PathKey } from './path-element.ts';
import { untypedDeduced } from './schema-types.ts';

/** A set with what lies inside atomic lists and maps replaced by these: types become atomic between releases. */
export function reconcile(set: FieldSet, type: FieldType): FieldSet {
  return isEmptyFieldSet(set) ? set : (reconcileNode(set, type) ?? emptyFieldSet);
}

function reconcileNode(node: FieldSet, type: FieldType): FieldSet | undefined {
  if (type.map !== undefined) {
    if (type.map === untypedDeduced.map) return node;
    if (type.map.atomic) return isEmptyFieldSet(node) ? node : memberOnly;
  } else if (type.list === undefined || type.scalar !== undefined) return node;
  else if (type.list.atomic) return memberOnly;
  return reconcileChildren(node, type);
}

function reconcileChildren(node: FieldSet, type: FieldType): FieldSet | undefined {
  let changed = false;
  const keys: PathKey[] = [];
  const children: Record<PathKey, FieldSet> = {};
  for (const key in node) {
    const child = node[key];
    if (key === '.' || child === undefined) continue;
    const childType = typeAt(type, key);
    const made = childType === undefined || isEmptyFieldSet(child) ? child : (reconcileNode(child, childType) ?? child);
    if (made !== child) changed = true;
    keys.push(key);
    children[key] = made;
  }
  return changed ? fieldNode(isMember(node), keys, children) : node;
}

function typeAt(type: FieldType, key: PathKey): FieldType | undefined {
  if (type.map === undefined) return type.list?.items;
  return key.startsWith('f:') ? memberType(type.map, key.slice(2)) : type.map.items;
}
