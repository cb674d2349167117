import { emptyFieldSet, type FieldSet, fieldNode, memberChildren, memberOnly, unionOfNodes } from './field-set.ts';
import {
  type FieldType,
  formOf,
  isObject,
  itemKey,
  type JsonObject,
  type ListType,
  type MapType,
} from './field-type.ts';
import type { PathKey } from './path-element.ts';

/** What became of an object. Fields that are new and fields that have another value are not told apart: nothing asks. */
export interface Comparison {
  /** Added or modified. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

interface Nodes {
  readonly changed: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const unchanged: Comparison = { changed: emptyFieldSet, removed: emptyFieldSet };

/** Compares two objects of one type. */
export function compare(before: unknown, after: unknown, type: FieldType): Comparison {
  const nodes = compareNodes(before, after, type);
  if (nodes === undefined) return unchanged;
  return { changed: nodes.changed ?? emptyFieldSet, removed: nodes.removed ?? emptyFieldSet };
}

/** Deep equality of JSON values, without regard to the order of members. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equalJson(a[i], b[i])) return false;
    return true;
  }
  const left = a as JsonObject;
  const right = b as JsonObject;
  let count = 0;
  for (const key in left) {
    if (left[key] === undefined) continue;
    if (!equalJson(left[key], right[key])) return false;
    count++;
  }
  for (const key in right) if (right[key] !== undefined) count--;
  return count === 0;
}

const modified: Nodes = { changed: memberOnly, removed: undefined };

function compareLeaf(before: unknown, after: unknown): Nodes | undefined {
  return equalJson(before, after) ? undefined : modified;
}

function compareNodes(before: unknown, after: unknown, type: FieldType): Nodes | undefined {
  if (before === after) return undefined;
  const was = formOf(type, before);
  const is = formOf(type, after);
  const nodes = compareForm(before, after, type, is);
  if (was === is) return nodes;
  const old = compareForm(before, after, type, was);
  return {
    changed: unionOfNodes(old?.changed, nodes?.changed),
    removed: unionOfNodes(old?.removed, nodes?.removed),
  };
}

function compareForm(before: unknown, after: unknown, type: FieldType, form: string): Nodes | undefined {
  if (form === 'map' && type.map !== undefined) return compareMaps(before, after, type.map);
  if (form === 'list' && type.list !== undefined) return compareLists(before, after, type.list);
  return compareLeaf(before, after);
}

const noMembers: JsonObject = {};
const noItems: readonly unknown[] = [];

function hasMembers(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  for (const key in value) if (value[key] !== undefined) return true;
  return false;
}

function hasItems(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length !== 0;
}

function compareMaps(before: unknown, after: unknown, map: MapType): Nodes | undefined {
  const had = hasMembers(before);
  const has = hasMembers(after);
  if (map.atomic || (!had && !has)) return compareLeaf(before, after);
  const left = had ? before : noMembers;
  const right = has ? after : noMembers;
  const changes = new Gathered();
  gatherNew(left, right, map, changes);
  gatherGone(left, right, map, changes);
  return changes.nodes();
}

function gatherNew(left: JsonObject, right: JsonObject, map: MapType, changes: Gathered): void {
  for (const name in right) {
    const value = right[name];
    const old = left[name];
    if (value === undefined || old === value) continue;
    const field = map.fields.get(name);
    const type = field?.type ?? map.items;
    if (type === undefined) continue;
    const key = field?.key ?? `f:${name}`;
    if (old !== undefined) changes.add(key, compareNodes(old, value, type));
    else if (map.nulls.includes(name)) changes.add(key, compareNodes(null, value, type));
    else changes.change(key, wholeNode(value, type));
  }
}

function gatherGone(left: JsonObject, right: JsonObject, map: MapType, changes: Gathered): void {
  for (const name in left) {
    const value = left[name];
    if (value === undefined || right[name] !== undefined) continue;
    const field = map.fields.get(name);
    const type = field?.type ?? map.items;
    if (type === undefined) continue;
    const key = field?.key ?? `f:${name}`;
    if (map.nulls.includes(name)) changes.add(key, compareNodes(value, null, type));
    else changes.remove(key, wholeNode(value, type));
  }
}

/** Collects what happened below a node. */
class Gathered {
  readonly #changedKeys: PathKey[] = [];
  readonly #changed: Record<PathKey, FieldSet> = {};
  readonly #removedKeys: PathKey[] = [];
  readonly #removed: Record<PathKey, FieldSet> = {};

  change(key: PathKey, node: FieldSet): void {
    if (this.#changed[key] === undefined) this.#changedKeys.push(key);
    this.#changed[key] = node;
  }

  remove(key: PathKey, node: FieldSet): void {
    if (this.#removed[key] === undefined) this.#removedKeys.push(key);
    this.#removed[key] = node;
  }

  add(key: PathKey, nodes: Nodes | undefined): void {
    if (nodes?.changed !== undefined) this.change(key, nodes.changed);
    if (nodes?.removed !== undefined) this.remove(key, nodes.removed);
  }

  nodes(): Nodes | undefined {
    if (this.#changedKeys.length === 0 && this.#removedKeys.length === 0) return undefined;
    return {
      changed: fieldNode(false, this.#changedKeys, this.#changed),
      removed: fieldNode(false, this.#removedKeys, this.#removed),
    };
  }
}

function byKey(list: readonly unknown[], type: ListType): Map<PathKey, unknown[]> {
  const items = new Map<PathKey, unknown[]>();
  for (const item of list) {
    const key = itemKey(type, item);
    if (key === undefined) continue;
    const same = items.get(key);
    if (same === undefined) items.set(key, [item]);
    else same.push(item);
  }
  return items;
}

function compareLists(before: unknown, after: unknown, list: ListType): Nodes | undefined {
  if (list.atomic || (!hasItems(before) && !hasItems(after))) return compareLeaf(before, after);
  const left = byKey(Array.isArray(before) ? before : noItems, list);
  const right = byKey(Array.isArray(after) ? after : noItems, list);
  const changes = new Gathered();
  for (const [key, old] of left) compareItems(key, old, right.get(key) ?? noItems, list.items, changes);
  for (const [key, items] of right) if (!left.has(key)) compareItems(key, noItems, items, list.items, changes);
  return changes.nodes();
}

/** Items of one key; more than one are compared as a whole. */
function compareItems(
  key: PathKey,
  before: readonly unknown[],
  after: readonly unknown[],
  type: FieldType,
  changes: Gathered,
): void {
  const [old] = before;
  const [item] = after;
  if (before.length > 1 && after.length > 1) {
    if (!equalJson(before, after)) changes.change(key, memberOnly);
  } else if (before.length > 1) {
    if (after.length !== 0) changes.change(key, wholeNode(item, type));
    changes.remove(key, memberOnly);
  } else if (after.length > 1) {
    if (before.length !== 0) changes.remove(key, wholeNode(old, type));
    changes.change(key, memberOnly);
  } else if (before.length === 0) changes.change(key, wholeNode(item, type));
  else if (after.length === 0) changes.remove(key, wholeNode(old, type));
  else changes.add(key, compareNodes(old, item, type));
}

/** Everything in a value that stands on one side only. */
function wholeNode(value: unknown, type: FieldType): FieldSet {
  const form = formOf(type, value);
  if (form === 'map' && type.map !== undefined && !type.map.atomic && isObject(value)) {
    return wholeMap(value, type.map);
  }
  if (form === 'list' && type.list !== undefined && !type.list.atomic && hasItems(value)) {
    return wholeList(value, type.list);
  }
  return memberOnly;
}

function wholeMap(object: JsonObject, map: MapType): FieldSet {
  const keys: PathKey[] = [];
  const children: Record<PathKey, FieldSet> = memberChildren();
  for (const name in object) {
    const value = object[name];
    const field = map.fields.get(name);
    const type = field?.type ?? map.items;
    if (value === undefined || type === undefined) continue;
    const key = field?.key ?? `f:${name}`;
    keys.push(key);
    children[key] = wholeNode(value, type);
  }
  for (const name of map.nulls) {
    if (object[name] !== undefined) continue;
    keys.push(`f:${name}`);
    children[`f:${name}`] = memberOnly;
  }
  return fieldNode(true, keys, children) ?? memberOnly;
}

function wholeList(list: readonly unknown[], type: ListType): FieldSet {
  const keys: PathKey[] = [];
  const children: Record<PathKey, FieldSet> = memberChildren();
  for (const item of list) {
    const key = itemKey(type, item);
    if (key === undefined) continue;
    if (children[key] !== undefined) children[key] = memberOnly;
    else {
      keys.push(key);
      children[key] = wholeNode(item, type.items);
    }
  }
  return fieldNode(true, keys, children) ?? memberOnly;
}
