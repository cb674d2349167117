import { goJson } from '../go-text.ts';
import type { PathKey } from './path-element.ts';

export type JsonObject = Record<string, unknown>;

/**
 * What apply has to know of a type. Most have one of the three forms; untyped values have all and take that of the
 * value. Built-in types are compiled from the runtime schema, those of custom resources from their own.
 */
export interface FieldType {
  readonly scalar?: 'string' | 'numeric' | 'boolean' | 'untyped';
  readonly list?: ListType;
  readonly map?: MapType;
}

export interface ListType {
  readonly atomic: boolean;
  /** Of an associative list of objects, sorted by name; empty for a set. */
  readonly keys: readonly ListKey[];
  readonly items: FieldType;
}

export interface ListKey {
  readonly name: string;
  /** Stands for the key where an item leaves it out. */
  readonly default?: unknown;
}

export interface MapType {
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, FieldOfType>;
  /** Of the members that are not named; without it there are no others. */
  readonly items?: FieldType;
  /** Fields that are null where they are absent. */
  readonly nulls: readonly string[];
}

export interface FieldOfType {
  readonly type: FieldType;
  /** `f:name`, made once. */
  readonly key: PathKey;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The form of a type that a value takes; a null keeps all, the map first. */
export function formOf(type: FieldType, value: unknown): 'map' | 'scalar' | 'list' {
  if (value !== null && value !== undefined) {
    if (Array.isArray(value)) {
      if (type.list !== undefined) return 'list';
    } else if (typeof value === 'object') {
      if (type.map !== undefined) return 'map';
    } else if (type.scalar !== undefined) return 'scalar';
  }
  return type.map !== undefined ? 'map' : type.scalar !== undefined ? 'scalar' : 'list';
}

export function memberType(map: MapType, name: string): FieldType | undefined {
  return map.fields.get(name)?.type ?? map.items;
}

/** The type below a path element, undefined where the schema has none. */
export function typeBelow(type: FieldType | undefined, key: PathKey): FieldType | undefined {
  if (key.startsWith('f:')) return type?.map === undefined ? undefined : memberType(type.map, key.slice(2));
  return key.startsWith('k:') ? type?.list?.items : undefined;
}

function plainText(text: string): boolean {
  return /^[\w./@: -]*$/.test(text);
}

function keyJson(value: unknown): string {
  if (typeof value === 'string' && plainText(value)) return `"${value}"`;
  return goJson(value);
}

/** Why an item cannot stand in an associative list, or undefined. */
export function itemProblem(list: ListType, item: unknown): string | undefined {
  if (list.keys.length === 0) {
    if (isObject(item)) return "associative list without keys has an element that's a map type";
    if (Array.isArray(item)) return 'not supported: associative list with lists as elements';
    if (item === null) return "associative list without keys has an element that's an explicit null";
    return undefined;
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isObject(item)) return 'associative list with keys may not have non-map elements';
  if (itemKey(list, item) !== undefined) return undefined;
  const names = list.keys.map(({ name }) => `"${name}"`).join(' ');
  return `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`;
}

/** The path element of an item of an associative list; undefined where it has none. */
export function itemKey(list: ListType, item: unknown): PathKey | undefined {
  if (list.keys.length === 0) {
    return item === null || typeof item === 'object' ? undefined : `v:${keyJson(item)}`;
  }
  if (!isObject(item)) return undefined;
  let text = '';
  for (const key of list.keys) {
    const value = item[key.name] === undefined ? key.default : item[key.name];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}"${key.name}":${keyJson(value)}`;
  }
  return text === '' ? undefined : `k:{${text}}`;
}
