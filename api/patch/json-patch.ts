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
  try {
    for (const operation of operations) document.apply(operation);
  } catch (error) {
    throw error instanceof DoesNotApply ? cannotApply(error) : error;
  }
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

/** Why an operation failed, in the words of upstream's library. */
class DoesNotApply extends Error {}

/** To a client that sent the patch, upstream answers every failure with these words; others look at the cause. */
function cannotApply(cause: DoesNotApply): StatusError {
  const message = 'the server rejected our request due to an error in our request';
  return new StatusError('Invalid', message, { details: {}, cause });
}

/** What `work` fails with, behind the words of the operation. */
function saying<T>(words: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof DoesNotApply ? new DoesNotApply(`${words}: ${error.message}`) : error;
  }
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

  /** The container that a path leads to, read only, and the last segment; `missing` says that nothing is there. */
  function find(path: string, missing: string): { container: Container; key: string } {
    const segments = path.split('/').slice(1).map(unescapeSegment);
    const key = segments.pop();
    let container = key === undefined ? undefined : root;
    for (const segment of segments) container = isContainer(container) ? tryGet(container, segment) : undefined;
    if (key === undefined || !isContainer(container)) throw new DoesNotApply(`${missing}: missing value`);
    return { container, key };
  }

  /** As find, for writing: every container on the way becomes our own. */
  function findOwned(path: string, missing: string): { container: Container; key: string } {
    find(path, missing);
    const segments = path.split('/').slice(1).map(unescapeSegment);
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

  function insert({ container, key }: { container: Container; key: string }, value: unknown): void {
    if (!Array.isArray(container)) setOwn(container, key, value);
    else container.splice(key === '-' ? container.length : insertionIndex(container, key), 0, value);
  }

  function add(path: string, value: unknown): void {
    const place = findOwned(path, `add operation does not apply: doc is missing path: "${path}"`);
    saying(`error in add for path: '${path}'`, () => insert(place, value));
  }

  function removeFrom({ container, key }: { container: Container; key: string }): void {
    if (Array.isArray(container)) container.splice(existingIndex(container, key), 1);
    else if (Object.hasOwn(container, key)) delete container[key];
    else throw new DoesNotApply(`Unable to remove nonexistent key: ${key}: missing value`);
  }

  function remove(path: string): void {
    const place = findOwned(path, `remove operation does not apply: doc is missing path: "${path}"`);
    saying(`error in remove for path: '${path}'`, () => removeFrom(place));
  }

  function replace(path: string, value: unknown): void {
    if (path === '') {
      // Go's %w of a nil error.
      if (!isContainer(value)) throw new DoesNotApply('replace operation value must be object or array: %!w(<nil>)');
      root = value;
      return;
    }
    const { container, key } = findOwned(path, `replace operation does not apply: doc is missing path: ${path}`);
    if (!Array.isArray(container)) setOwn(container, key, value);
    else {
      if (!hasIndex(container, key))
        throw new DoesNotApply(`replace operation does not apply: doc is missing key: ${path}: missing value`);
      container[existingIndex(container, key)] = value;
    }
  }

  function copy(from: string, path: string): void {
    const source = find(from, `copy operation does not apply: doc is missing from path: ${from}`);
    const value = saying(`error in copy for from: '${from}'`, () => get(source.container, source.key)) ?? null;
    copiedBytes += value === null ? 0 : byteLength(JSON.stringify(value));
    if (copiedBytes > maxCopiedBytes)
      throw new DoesNotApply(
        `Unable to complete the copy, the accumulated size increase of copy is ${copiedBytes}, exceeding the limit ${maxCopiedBytes}`,
      );
    // From now on two places share the value: neither may change it in place.
    release(value);
    const place = findOwned(path, `copy operation does not apply: doc is missing destination path: ${path}`);
    saying('error while adding value during copy', () => insert(place, value));
  }

  function release(value: unknown): void {
    if (!isContainer(value) || !owned.delete(value)) return;
    for (const child of Object.values(value)) release(child);
  }

  function move(from: string, path: string): void {
    const source = findOwned(from, `move operation does not apply: doc is missing from path: ${from}`);
    const value = saying(`error in move for path: '${source.key}'`, () => {
      const moved = get(source.container, source.key) ?? null;
      removeFrom(source);
      return moved;
    });
    const place = findOwned(path, `move operation does not apply: doc is missing destination path: ${path}`);
    saying(`error in move for path: '${path}'`, () => insert(place, value));
  }

  function test(path: string, value: unknown): void {
    const { container, key } =
      path === ''
        ? { container: undefined, key: '' }
        : find(path, `test operation does not apply: is missing path: ${path}`);
    const found =
      container === undefined ? root : saying(`error in test for path: '${path}'`, () => get(container, key) ?? null);
    if (!equal(found, value)) throw new DoesNotApply(`testing value ${path} failed: test failed`);
  }

  function apply({ op, path, from, value }: Operation): void {
    const place = (): string => present(path, `${op} operation failed to decode path`);
    const source = (): string => present(from, `${op} operation failed to decode from`);
    if (op === 'add') add(place(), value);
    else if (op === 'remove') remove(place());
    else if (op === 'replace') replace(place(), value);
    else if (op === 'move') move(source(), place());
    else if (op === 'copy') copy(source(), place());
    else if (op === 'test') test(place(), value);
    else throw new DoesNotApply(`Unexpected kind: ${op}`);
  }

  return { apply, root: () => root };
}

function unescapeSegment(segment: string): string {
  return segment.includes('~') ? segment.replace(/~[01]/g, (match) => (match === '~1' ? '/' : '~')) : segment;
}

function get(container: Container, key: string): unknown {
  return Array.isArray(container) ? container[existingIndex(container, key)] : getOwn(container, key);
}

function present(text: string | undefined, words: string): string {
  if (text === undefined) throw new DoesNotApply(`${words}: missing value`);
  return text;
}

function parseIndex(key: string): number {
  if (!/^[+-]?[0-9]+$/.test(key))
    throw new DoesNotApply(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
  return Number(key);
}

function invalidIndex(index: number): DoesNotApply {
  return new DoesNotApply(`Unable to access invalid index: ${index}: invalid index referenced`);
}

function hasIndex(list: readonly unknown[], key: string): boolean {
  const index = /^[+-]?[0-9]+$/.test(key) ? Number(key) : Number.NaN;
  return index >= -list.length && index < list.length;
}

/** What a path leads through; undefined where it leads nowhere. */
function tryGet(container: Container, key: string): unknown {
  return Array.isArray(container) && !hasIndex(container, key) ? undefined : get(container, key);
}

/** Negative indices count from the end. */
function existingIndex(list: readonly unknown[], key: string): number {
  const index = parseIndex(key);
  const absolute = index < 0 ? index + list.length : index;
  if (absolute < 0 || absolute >= list.length) throw invalidIndex(index);
  return absolute;
}

/** One place more than there are items: -1 appends. */
function insertionIndex(list: readonly unknown[], key: string): number {
  const index = saying(`value was not a proper array index: '${key}'`, () => parseIndex(key));
  const absolute = index < 0 ? index + list.length + 1 : index;
  if (absolute < 0 || absolute > list.length) throw invalidIndex(index);
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
