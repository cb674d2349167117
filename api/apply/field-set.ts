import { canonicalPathKey, comparePathKeys, isSortedPathKeys, type PathKey, pathKeyText } from './path-element.ts';

/**
 * A set of fields in the form in which managedFields carry it (fieldsV1): a trie of path elements. A node without keys
 * is a member; `.` makes a node with children a member too. Values are never changed once made, their keys are in
 * upstream's order, so they are written and compared as they are.
 */
export interface FieldSet {
  readonly [key: PathKey]: FieldSet;
}
type Building = Record<PathKey, FieldSet>;

const leaf: FieldSet = Object.freeze({});
export const emptyFieldSet: FieldSet = leaf;
/** A member without children. */
export const memberOnly: FieldSet = leaf;

export function isEmptyFieldSet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

export function isMember(node: FieldSet): boolean {
  return node['.'] !== undefined || isEmptyFieldSet(node);
}

function childKeys(node: FieldSet): PathKey[] {
  const keys = Object.keys(node);
  if (keys[0] === '.') keys.shift();
  return keys;
}

/** An object to gather the children of a member in; `fieldNode` takes it as it is where they come in order. */
export function memberChildren(): Building {
  return { '.': leaf };
}

/** A node from its children, which need not be in order; undefined where nothing is left. */
export function fieldNode(member: boolean, keys: PathKey[], children: Building): FieldSet | undefined {
  if (keys.length === 0) return member ? leaf : undefined;
  const sorted = isSortedPathKeys(keys);
  if (sorted && member === (children['.'] !== undefined)) return children;
  if (!sorted) keys.sort(comparePathKeys);
  const node: Building = member ? { '.': leaf } : {};
  for (const key of keys) node[key] = children[key] ?? leaf;
  return node;
}

function unionChildren(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  const node: Building = member ? { '.': leaf } : {};
  const left = childKeys(a);
  const right = childKeys(b);
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const l = left[i];
    const r = right[j];
    const order = l === undefined ? 1 : r === undefined ? -1 : comparePathKeys(l, r);
    const key = (order <= 0 ? l : r) ?? '';
    node[key] = order === 0 ? unionNode(a[key] ?? leaf, b[key] ?? leaf) : ((order < 0 ? a : b)[key] ?? leaf);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return node;
}

function unionNode(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  return unionChildren(a, b, (isMember(a) || isMember(b)) && !(isEmptyFieldSet(a) && isEmptyFieldSet(b)));
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptyFieldSet(b)) return a;
  return isEmptyFieldSet(a) ? b : unionChildren(a, b, false);
}

/** Of two nodes, either of which may be absent. */
export function unionOfNodes(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  return a === undefined ? b : b === undefined ? a : unionNode(a, b);
}

function intersectNode(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  const children: Building = {};
  const keys: PathKey[] = [];
  for (const key in a) {
    const left = a[key];
    const right = b[key];
    if (key === '.' || left === undefined || right === undefined) continue;
    const both = intersectNode(left, right, isMember(left) && isMember(right));
    if (both === undefined) continue;
    keys.push(key);
    children[key] = both;
  }
  return fieldNode(member, keys, children);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return a === b ? a : (intersectNode(a, b, false) ?? leaf);
}

function subtract(a: FieldSet, b: FieldSet, member: boolean, deep: boolean): FieldSet | undefined {
  const children: Building = {};
  const keys: PathKey[] = [];
  let same = true;
  for (const key in a) {
    const left = a[key];
    if (key === '.' || left === undefined) continue;
    const right = b[key];
    const rest = right === undefined ? left : subtractNode(left, right, deep);
    if (rest !== left) same = false;
    if (rest === undefined) continue;
    keys.push(key);
    children[key] = rest;
  }
  if (same && member === (a['.'] !== undefined)) return isEmptyFieldSet(a) && !member ? undefined : a;
  return fieldNode(member, keys, children);
}

function subtractNode(a: FieldSet, b: FieldSet, deep: boolean): FieldSet | undefined {
  const gone = isMember(b);
  if (gone && (deep || isEmptyFieldSet(a))) return undefined;
  return isEmptyFieldSet(a) ? a : subtract(a, b, a['.'] !== undefined && !gone, deep);
}

/** Without the members of b; what lies below them stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptyFieldSet(b) ? a : (subtract(a, b, false, false) ?? leaf);
}

/** Without the members of b and all that lies below them. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptyFieldSet(b) ? a : (subtract(a, b, false, true) ?? leaf);
}

/** The members that have no members below them. */
export function leaves(set: FieldSet): FieldSet {
  const out: Building = {};
  for (const key in set) {
    const node = set[key];
    if (key !== '.' && node !== undefined) out[key] = leaves(node);
  }
  return out;
}

export function equalFieldSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const key in a) {
    const left = a[key];
    const right = b[key];
    if (left === undefined || right === undefined || !equalFieldSets(left, right)) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

export function hasPath(set: FieldSet, path: readonly PathKey[]): boolean {
  let node: FieldSet | undefined = set;
  for (const key of path) node = node?.[key];
  return path.length !== 0 && node !== undefined && isMember(node);
}

export function fieldSetOf(...paths: readonly (readonly PathKey[])[]): FieldSet {
  let set: FieldSet = leaf;
  for (const path of paths) {
    let node: FieldSet = leaf;
    for (const key of path.toReversed()) node = { [key]: node };
    set = union(set, node);
  }
  return set;
}

/** All paths, in upstream's order: the members of a node before what is below them. */
export function pathsOf(set: FieldSet): PathKey[][] {
  const paths: PathKey[][] = [];
  const visit = (node: FieldSet, prefix: readonly PathKey[]) => {
    const keys = childKeys(node);
    for (const key of keys) if (isMember(node[key] ?? leaf)) paths.push([...prefix, key]);
    for (const key of keys) visit(node[key] ?? leaf, [...prefix, key]);
  };
  visit(set, []);
  return paths;
}

export function pathText(path: readonly PathKey[]): string {
  return path.map(pathKeyText).join('');
}

/** Reads fieldsV1 that a client may have written; undefined where it is not a field set. Canonical input is returned as it is. */
export function parseFieldSet(value: unknown): FieldSet | undefined {
  if (value === undefined || value === null) return leaf;
  const node = parseNode(value);
  return node === undefined ? undefined : recursiveDotless(node);
}

function recursiveDotless(node: FieldSet): FieldSet {
  if (node['.'] === undefined) return node;
  const { '.': _, ...children } = node;
  return children;
}

interface Reading {
  readonly keys: PathKey[];
  readonly children: Building;
  /** All so far stands as it would be written. */
  canonical: boolean;
}

/** Reads one child; false where it is no field set. Path elements of unknown kinds are left out. */
function readChild(given: Readonly<Record<string, unknown>>, key: string, reading: Reading): boolean {
  const { keys, children } = reading;
  const canonical = canonicalPathKey(key);
  if (canonical === undefined) return false;
  if (canonical === '') {
    reading.canonical = false;
    return true;
  }
  const child = parseNode(given[key]);
  if (child === undefined) return false;
  if (canonical !== key || child !== given[key]) reading.canonical = false;
  const before = children[canonical];
  if (before === undefined) keys.push(canonical);
  children[canonical] = before === undefined ? child : unionNode(before, child);
  return true;
}

function parseNode(value: unknown): FieldSet | undefined {
  if (value === null) return leaf;
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  const reading: Reading = { keys: [], children: {}, canonical: true };
  const { keys, children } = reading;
  for (const key in given) {
    if (key !== '.') {
      if (!readChild(given, key, reading)) return undefined;
    } else if (keys.length !== 0) reading.canonical = false;
  }
  if (keys.length === 0) return given['.'] === undefined && reading.canonical ? (given as FieldSet) : leaf;
  if (reading.canonical && isSortedPathKeys(keys)) return given as FieldSet;
  return fieldNode(given['.'] !== undefined, keys, children);
}
