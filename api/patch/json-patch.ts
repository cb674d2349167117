import { byteLength } from '../names.ts';
import { badRequest, StatusError } from '../status.ts';
import { getOwn, isJsonObject, type JsonObject, jsonKind, setOwn } from './json-tree.ts';

/** One client must not occupy the server with a single request. */
const maxOperations = 10_000;
/** Bytes that all copies of one patch may add: a few doublings would otherwise fill any memory. */
const maxCopiedBytes = 3 * 1024 * 1024;

interface Operation {
  readonly op: string;
  readonly path?: string;
  readonly from?: string;
  /** Absent and null are one and the same. */
  readonly value: unknown;
}

export interface PatchOptions {
  /** fieldValidation=Ignore: the patch is not decoded strictly beforehand, so that other words refuse a wrong one. */
  readonly lenient?: boolean;
}

/**
 * RFC 6902, with what upstream's library adds: negative indices, `test` and `copy` of absent members (null), paths whose
 * first segment is ignored. The original is left alone; what no operation touches is shared with it.
 */
export function applyJsonPatch(original: unknown, patch: unknown, options: PatchOptions = {}): unknown {
  const operations = options.lenient ? decodeLeniently(patch) : decodeOperations(patch);
  checkCount(operations);
  const document = createDocument(original);
  for (const operation of operations) document.apply(operation);
  return document.root();
}

/** Members that no operation has, as texts for warnings or strict errors. */
export function unknownJsonPatchFields(patch: unknown): string[] {
  const unknown: string[] = [];
  for (const [i, operation] of (Array.isArray(patch) ? patch : []).entries()) {
    if (!isJsonObject(operation)) continue;
    for (const key of Object.keys(operation)) {
      if (!['op', 'path', 'from', 'value'].includes(key)) unknown.push(`json patch unknown field "[${i}].${key}"`);
    }
  }
  return unknown;
}

function decodeOperations(patch: unknown): Operation[] {
  if (patch === null || patch === undefined) return [];
  if (!Array.isArray(patch)) throw cannotUnmarshal(patch, 'value of type []handlers.jsonPatchOp');
  return patch.map((item: unknown): Operation => {
    if (item !== null && !isJsonObject(item)) throw cannotUnmarshal(item, 'value of type handlers.jsonPatchOp');
    const operation = item ?? {};
    return {
      op: textMember(operation, 'op') ?? 'unknown',
      path: textMember(operation, 'path'),
      from: textMember(operation, 'from'),
      value: getOwn(operation, 'value') ?? null,
    };
  });
}

function checkCount(operations: readonly Operation[]): void {
  if (operations.length > maxOperations) {
    const limit = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`;
    throw new StatusError('RequestEntityTooLarge', `Request entity too large: ${limit}`);
  }
}

function decodeLeniently(patch: unknown): Operation[] {
  const refuse = (value: unknown, type: string) =>
    badRequest(`json: cannot unmarshal ${jsonKind(value)} into Go value of type jsonpatch.${type}`);
  if (patch === null || patch === undefined) return [];
  if (!Array.isArray(patch)) throw refuse(patch, 'Patch');
  return patch.map((item: unknown): Operation => {
    if (item !== null && !isJsonObject(item)) throw refuse(item, 'Operation');
    const text = (name: string) => {
      const value = getOwn(item ?? {}, name);
      return typeof value === 'string' ? value : undefined;
    };
    const value = getOwn(item ?? {}, 'value') ?? null;
    return { op: text('op') ?? 'unknown', path: text('path'), from: text('from'), value };
  });
}

function textMember(operation: JsonObject, name: string): string | undefined {
  const value = getOwn(operation, name) ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw cannotUnmarshal(value, `struct field jsonPatchOp.${name} of type string`);
}

function cannotUnmarshal(value: unknown, target: string): StatusError {
  return badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go ${target}`);
}

/** Why an operation failed stays on the server: upstream answers every failure with these words. */
function cannotApply(): StatusError {
  return new StatusError('Invalid', 'the server rejected our request due to an error in our request', { details: {} });
}

type Container = JsonObject | unknown[];

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function createDocument(original: unknown) {
  /** Containers made here, which later operations may change in place. */
  const owned = new Set<Container>();
  let root = original;
  let copiedBytes = 0;

  function own(container: Container): Container {
    if (owned.has(container)) return container;
    const copy = Array.isArray(container) ? [...container] : { ...container };
    owned.add(copy);
    return copy;
  }

  /** The container that a path leads to, read only, and the last segment. */
  function find(path: string | undefined): { container: Container; key: string } {
    const segments = path?.split('/').slice(1).map(unescapeSegment);
    const key = segments?.pop();
    if (segments === undefined || key === undefined) throw cannotApply();
    let container = root;
    for (const segment of segments) container = isContainer(container) ? get(container, segment) : undefined;
    if (!isContainer(container)) throw cannotApply();
    return { container, key };
  }

  /** As find, for writing: every container on the way becomes our own. */
  function findOwned(path: string | undefined): { container: Container; key: string } {
    find(path);
    const segments = (path ?? '').split('/').slice(1).map(unescapeSegment);
    const key = segments.pop() ?? '';
    let container = own(root as Container);
    root = container;
    for (const segment of segments) {
      const child = own(get(container, segment) as Container);
      if (Array.isArray(container)) container[existingIndex(container, segment)] = child;
      else setOwn(container, segment, child);
      container = child;
    }
    return { container, key };
  }

  function read(path: string | undefined): unknown {
    const { container, key } = find(path);
    return get(container, key) ?? null;
  }

  function add(path: string | undefined, value: unknown): void {
    const { container, key } = findOwned(path);
    if (!Array.isArray(container)) setOwn(container, key, value);
    else container.splice(key === '-' ? container.length : insertionIndex(container, key), 0, value);
  }

  function remove(path: string | undefined): void {
    const { container, key } = findOwned(path);
    if (Array.isArray(container)) container.splice(existingIndex(container, key), 1);
    else if (Object.hasOwn(container, key)) delete container[key];
    else throw cannotApply();
  }

  function replace(path: string | undefined, value: unknown): void {
    if (path === '') {
      if (!isContainer(value)) throw cannotApply();
      root = value;
      return;
    }
    const { container, key } = findOwned(path);
    if (Array.isArray(container)) container[existingIndex(container, key)] = value;
    else setOwn(container, key, value);
  }

  function copy(from: string | undefined, path: string | undefined): void {
    const value = read(from);
    copiedBytes += value === null ? 0 : byteLength(JSON.stringify(value));
    if (copiedBytes > maxCopiedBytes) throw cannotApply();
    // From now on two places share the value: neither may change it in place.
    release(value);
    add(path, value);
  }

  function release(value: unknown): void {
    if (!isContainer(value) || !owned.delete(value)) return;
    for (const child of Object.values(value)) release(child);
  }

  function move(from: string | undefined, path: string | undefined): void {
    const value = read(from);
    remove(from);
    add(path, value);
  }

  function test(path: string | undefined, value: unknown): void {
    if (!equal(path === '' ? root : read(path), value)) throw cannotApply();
  }

  function apply({ op, path, from, value }: Operation): void {
    if (op === 'add') add(path, value);
    else if (op === 'remove') remove(path);
    else if (op === 'replace') replace(path, value);
    else if (op === 'move') move(from, path);
    else if (op === 'copy') copy(from, path);
    else if (op === 'test') test(path, value);
    else throw cannotApply();
  }

  return { apply, root: () => root };
}

function unescapeSegment(segment: string): string {
  return segment.includes('~') ? segment.replace(/~[01]/g, (match) => (match === '~1' ? '/' : '~')) : segment;
}

function get(container: Container, key: string): unknown {
  return Array.isArray(container) ? container[existingIndex(container, key)] : getOwn(container, key);
}

function parseIndex(key: string): number {
  if (!/^[+-]?[0-9]+$/.test(key)) throw cannotApply();
  return Number(key);
}

/** Negative indices count from the end. */
function existingIndex(list: readonly unknown[], key: string): number {
  const index = parseIndex(key);
  const absolute = index < 0 ? index + list.length : index;
  if (absolute < 0 || absolute >= list.length) throw cannotApply();
  return absolute;
}

/** One place more than there are items: -1 appends. */
function insertionIndex(list: readonly unknown[], key: string): number {
  const index = parseIndex(key);
  const absolute = index < 0 ? index + list.length + 1 : index;
  if (absolute < 0 || absolute > list.length) throw cannotApply();
  return absolute;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a as JsonObject, b as JsonObject];
  return keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]));
}
