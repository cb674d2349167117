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

/** The live object with an applied one laid over it. Neither is changed; the result may share parts with both. */
export function merge(live: unknown, applied: unknown, type: FieldType): unknown {
  if (applied === undefined) return live;
  if (live === undefined && !hasList(type)) return applied;
  const form = formOf(type, applied);
  if (form === 'map' && type.map !== undefined) return mergeMaps(live, applied, type.map);
  if (form === 'list' && type.list !== undefined) return mergeLists(live, applied, type.list);
  return applied;
}

function hasList(type: FieldType): boolean {
  return type.list !== undefined || type.map !== undefined;
}

function isEmptyMap(value: unknown): boolean {
  return !isObject(value) || Object.keys(value).length === 0;
}

function mergeMaps(live: unknown, applied: unknown, map: MapType): unknown {
  if (map.atomic || (isEmptyMap(live) && isEmptyMap(applied))) return applied;
  const left: JsonObject = isObject(live) ? live : {};
  const right: JsonObject = isObject(applied) ? applied : {};
  const merged: JsonObject = { ...left };
  for (const name in right) {
    const type = map.fields.get(name)?.type ?? map.items;
    if (type !== undefined && right[name] !== undefined) merged[name] = merge(left[name], right[name], type);
  }
  return merged;
}

function hasItems(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length !== 0;
}

interface Indexed {
  readonly keys: readonly PathKey[];
  /** A repeated key stands with null. */
  readonly items: ReadonlyMap<PathKey, unknown>;
}

function index(list: readonly unknown[], type: ListType): Indexed {
  const keys: PathKey[] = [];
  const items = new Map<PathKey, unknown>();
  for (const item of list) {
    const key = itemKey(type, item) ?? 'v:null';
    items.set(key, items.has(key) ? null : item);
    keys.push(key);
  }
  return { keys, items };
}

function mergeLists(live: unknown, applied: unknown, type: ListType): unknown {
  if (type.atomic || (!hasItems(live) && !hasItems(applied))) return applied;
  const list = Array.isArray(live) ? live : [];
  const left = index(list, type);
  const right = index(Array.isArray(applied) ? applied : [], type);
  return interleave(list, left, right, type.items);
}

/**
 * Items keep the order of the applied list; those of the live list alone stay before the shared item that they were
 * before. A shared live item met out of turn waits for the applied list to come to it.
 */
function interleave(list: readonly unknown[], left: Indexed, right: Indexed, type: FieldType): unknown[] {
  const out: unknown[] = [];
  const shared = right.keys.filter((key) => left.items.has(key));
  const merged = new Set<PathKey>();
  let next = shared.shift();
  let l = 0;
  let r = 0;
  const takeRight = (key: PathKey) => {
    merged.add(key);
    out.push(merge(left.items.get(key), right.items.get(key), type));
    r++;
  };
  while (l < left.keys.length || r < right.keys.length) {
    const live = left.keys[l];
    const applied = right.keys[r];
    if (live !== undefined && applied !== undefined) {
      if (live === applied) {
        takeRight(live);
        l++;
        next = shared.shift();
        continue;
      }
      if (right.items.has(live) && next !== undefined && next !== live) {
        l++;
        continue;
      }
    }
    if (live !== undefined) {
      if (!right.items.has(live)) {
        out.push(list[l]);
        l++;
        continue;
      }
      if (merged.has(live)) l++;
    }
    if (applied === undefined) continue;
    takeRight(applied);
    if (next === applied) next = shared.shift();
  }
  return out;
}
