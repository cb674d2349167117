import { isJsonObject, type JsonObject, memberNode, type Node } from './structural.ts';

/** A new value beside the old one that stands in its place; undefined stands for a value without an old one. */
export interface Correlated {
  readonly value: unknown;
  readonly old: unknown;
  readonly node: Node;
  readonly children: Map<string | number, Correlated | undefined>;
  /** Old items by key, once an item was looked for. */
  items: Map<string, unknown> | undefined;
  equal: boolean | undefined;
}

export function correlate(value: unknown, old: unknown, node: Node): Correlated {
  return { value, old, node, children: new Map(), items: undefined, equal: undefined };
}

function scalarKey(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return `s${value}`;
    case 'boolean':
      return `b${value}`;
    case 'number':
    case 'bigint':
      return `n${value}`;
    default:
      return undefined;
  }
}

/** What identifies an item of a list of maps; undefined when a key is missing or no scalar. */
export function itemKey(item: unknown, keys: readonly string[]): string | undefined {
  if (!isJsonObject(item)) return undefined;
  let text = '';
  for (const key of keys) {
    const part = Object.hasOwn(item, key) ? scalarKey(item[key]) : undefined;
    if (part === undefined) return undefined;
    text += keys.length === 1 ? part : `${JSON.stringify(part)},`;
  }
  return text;
}

/** The first item of each key. */
export function itemsByKey(list: readonly unknown[], keys: readonly string[]): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const key = itemKey(item, keys);
    if (key !== undefined && !items.has(key)) items.set(key, item);
  }
  return items;
}

export function isKeyedList(node: Node): boolean {
  return node.listType === 'map' && node.schema.type === 'array' && node.listMapKeys.length > 0;
}

export function memberOf(parent: Correlated | undefined, name: string): Correlated | undefined {
  if (parent === undefined) return undefined;
  if (parent.children.has(name)) return parent.children.get(name);
  const { value, old } = parent;
  if (!isJsonObject(value) || !isJsonObject(old)) return undefined;
  if (!Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined;
  const node = memberNode(parent.node, name);
  if (node === undefined) return undefined;
  const child = correlate(value[name], old[name], node);
  parent.children.set(name, child);
  return child;
}

export function itemOf(parent: Correlated | undefined, index: number): Correlated | undefined {
  if (parent === undefined || !isKeyedList(parent.node)) return undefined;
  if (parent.children.has(index)) return parent.children.get(index);
  const { value, old, node } = parent;
  if (!Array.isArray(value) || !Array.isArray(old) || node.items === undefined) return undefined;
  parent.items ??= itemsByKey(old, node.listMapKeys);
  const key = itemKey(value[index], node.listMapKeys);
  const oldItem = key === undefined ? undefined : parent.items.get(key);
  if (oldItem === undefined) return undefined;
  const child = correlate(value[index], oldItem, node.items);
  parent.children.set(index, child);
  return child;
}

function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  if (Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && equalJson((a as JsonObject)[name], (b as JsonObject)[name]));
}

function equalLists(pair: Correlated, value: readonly unknown[], old: readonly unknown[]): boolean {
  if (value.length !== old.length) return false;
  for (let i = 0; i < value.length; i += 1) {
    const child = itemOf(pair, i);
    if (child === undefined) return pair.items === undefined ? equalJson(value, old) : false;
    if (!isUnchanged(child)) return false;
  }
  return true;
}

function equalObjects(pair: Correlated, value: JsonObject, old: JsonObject): boolean {
  const names = Object.keys(value);
  if (names.length !== Object.keys(old).length) return false;
  return names.every((name) => isUnchanged(memberOf(pair, name)));
}

/** Whether a value is what it was before. What has no place in the schema, and lists whose items changed places, count as changed. */
export function isUnchanged(pair: Correlated | undefined): boolean {
  if (pair === undefined) return false;
  if (pair.equal !== undefined) return pair.equal;
  const { value, old } = pair;
  if (Array.isArray(value)) pair.equal = Array.isArray(old) && equalLists(pair, value, old);
  else if (isJsonObject(value)) pair.equal = isJsonObject(old) && equalObjects(pair, value, old);
  else pair.equal = value === old;
  return pair.equal;
}
