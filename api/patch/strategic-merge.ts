import { goQuote, goValue } from '../go-text.ts';
import type { FieldSchema, SchemaDocument } from '../schema/schema.ts';
import { badRequest, type StatusError } from '../status.ts';
import { getOwn, isJsonObject, type JsonObject, jsonKind, setOwn } from './json-tree.ts';
import {
  elementType,
  keyOf,
  mergeFailure,
  mergeObjects,
  noMergeKey,
  orderList,
  unknownDirective,
} from './list-merge.ts';

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

/**
 * Strategic merge: a merge patch that knows from the schema which lists are sets or keyed by a field. The original is left
 * alone; what the patch does not name is shared with it.
 */
export function applyStrategicMerge(
  original: unknown,
  patch: unknown,
  schema: SchemaDocument,
  typeName: string,
): unknown {
  if (patch !== null && patch !== undefined && !isJsonObject(patch)) {
    throw badRequest(`json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`);
  }
  const scope = structScope(schema, typeName);
  return mergeMap(isJsonObject(original) ? original : {}, patch ?? {}, scope);
}

/** What the schema says about the members of an object. Throws for those it does not know. */
type Scope = (key: string) => { readonly field: FieldSchema; readonly inner: Scope };

function structScope(schema: SchemaDocument, typeName: string): Scope {
  return (key) => {
    const type = schema.types[typeName];
    const field = type?.fields === undefined || !Object.hasOwn(type.fields, key) ? undefined : type.fields[key];
    if (field === undefined) throw unknownField(type?.go ?? typeName, key);
    return { field, inner: innerScope(schema, field.k === 'list' ? (field.items ?? field) : field) };
  };
}

function innerScope(schema: SchemaDocument, field: FieldSchema): Scope {
  if (field.ref !== undefined) return structScope(schema, field.ref);
  if (field.k === 'any') {
    return (key) => {
      throw unknownField(field.go, key);
    };
  }
  return () => {
    throw mergeFailure(`merging an object in json but data type is not struct, instead is: ${field.k}`);
  };
}

function unknownField(goType: string, key: string): StatusError {
  const name = goType.slice(goType.lastIndexOf('.') + 1);
  return mergeFailure(`unable to find api field in struct ${name} for the json field ${goQuote(key)}`);
}

/** `merge`, `replace` or nothing; retainKeys is a matter of what patches contain. */
function strategyOf(field: FieldSchema): string | undefined {
  return field.patch?.split(',').find((strategy) => strategy !== 'retainKeys');
}

function mergeMap(original: Readonly<JsonObject>, patch: Readonly<JsonObject>, scope: Scope): JsonObject {
  if (Object.hasOwn(patch, directive)) return wholeMap(patch);
  const result = { ...original };
  const rest = { ...patch };
  applyRetainKeys(result, rest);
  applyElementOrders(result, rest, scope);
  for (const key of Object.keys(rest)) mergeMember(result, key, rest[key], scope);
  return result;
}

function wholeMap(patch: Readonly<JsonObject>): JsonObject {
  const { [directive]: what, ...rest } = patch;
  if (what === 'replace') return rest;
  if (what === 'delete') return {};
  throw unknownDirective(patch);
}

function mergeMember(result: JsonObject, name: string, value: unknown, scope: Scope): void {
  const isDeleteList = name.startsWith(deletePrefix);
  const key = isDeleteList ? listOf(name, deletePrefix, 'invalid patch format of primitive list') : name;
  if (value === null) {
    delete result[key];
    return;
  }
  const current = getOwn(result, key);
  if (isJsonObject(current) && isJsonObject(value)) {
    const { field, inner } = scope(key);
    setOwn(result, key, strategyOf(field) === 'replace' ? value : mergeMap(current, value, inner));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const { field, inner } = scope(key);
    setOwn(result, key, mergeList(current, value, { field, inner, isDeleteList }));
  } else if (!isDeleteList) setOrDelete(result, key, withoutDirectives(withoutNulls(value)));
}

function setOrDelete(result: JsonObject, key: string, value: unknown): void {
  if (value === undefined) delete result[key];
  else setOwn(result, key, value);
}

/** `$prefix/name` names the list that the directive is about. */
function listOf(name: string, prefix: string, complaint: string): string {
  if (!name.startsWith(`${prefix}/`)) throw badRequest(complaint);
  return name.slice(prefix.length + 1);
}

interface ListContext {
  readonly field: FieldSchema;
  readonly inner: Scope;
  readonly isDeleteList: boolean;
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], context: ListContext): readonly unknown[] {
  const { field, inner, isDeleteList } = context;
  if (strategyOf(field) !== 'merge' && !isDeleteList) return patch;
  if (original.length === 0 && patch.length === 0) return original;
  const key = field.mergeKey ?? '';
  if (elementType(original, patch) !== 'map') {
    if (isDeleteList) return original.filter((item) => !patch.includes(item));
    return orderList([...new Set([...original, ...patch])], patch, original, key);
  }
  if (key === '') throw mergeFailure(`cannot merge lists without merge key for ${field.items?.go ?? ''}`);
  const { merged, patchOrder, kept } = mergeObjects(original, patch, key, (a, b) => mergeMap(a, b, inner));
  return orderList(merged, patchOrder, kept, key);
}

function isDirective(item: unknown): boolean {
  return isJsonObject(item) && Object.hasOwn(item, directive);
}

/** `$retainKeys`: members of the original that it does not list go, and the patch may set none but listed ones. */
function applyRetainKeys(result: JsonObject, rest: JsonObject): void {
  if (!Object.hasOwn(rest, retainKeys)) return;
  const retained = rest[retainKeys];
  delete rest[retainKeys];
  if (!Array.isArray(retained)) throw badRequest('invalid patch format of retainKeys');
  for (const [key, value] of Object.entries(rest)) {
    if (value === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue;
    if (!retained.includes(key)) throw badRequest('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
}

/** `$setElementOrder/list`: merges the list here and now, and brings it into the given order. */
function applyElementOrders(result: JsonObject, rest: JsonObject, scope: Scope): void {
  for (const name of Object.keys(rest)) {
    if (!name.startsWith(orderPrefix)) continue;
    const order = rest[name];
    delete rest[name];
    if (!Array.isArray(order)) throw notAList(order);
    const key = listOf(name, orderPrefix, 'invalid patch format of setElementOrder list');
    const original = listMember(result, key);
    const patch = listMember(rest, key);
    const { field, inner } = scope(key);
    validateOrder(patch ?? [], order, field.mergeKey ?? '');
    if (original === undefined && patch === undefined) continue;
    setOwn(result, key, mergeInOrder(original, patch, order, { field, inner, isDeleteList: false }));
    delete rest[key];
  }
}

function listMember(object: JsonObject, key: string): readonly unknown[] | undefined {
  if (!Object.hasOwn(object, key)) return undefined;
  const value = object[key];
  if (!Array.isArray(value)) throw notAList(value);
  return value;
}

function notAList(value: unknown): StatusError {
  const goType = isJsonObject(value) ? 'map[string]interface {}' : value === null ? '%!s(<nil>)' : typeof value;
  return mergeFailure(`expected a []interface {}, but received a ${goType}`);
}

function mergeInOrder(
  original: readonly unknown[] | undefined,
  patch: readonly unknown[] | undefined,
  order: readonly unknown[],
  context: ListContext,
): readonly unknown[] {
  const key = context.field.mergeKey ?? '';
  if (patch === undefined) {
    elementType(original ?? []);
    return orderList(original ?? [], order, original ?? [], key);
  }
  if (original === undefined) {
    elementType(patch);
    return orderList(withoutDirectives(patch) as unknown[], order, [], key);
  }
  const type = elementType(original, patch);
  if (type !== 'map' || strategyOf(context.field) !== 'merge') {
    return orderList(mergeList(original, patch, context), order, original, key);
  }
  const { merged, patchOrder, kept, serverOrder } = mergeObjects(original, patch, key, (a, b) =>
    mergeMap(a, b, context.inner),
  );
  return orderList(orderList(merged, patchOrder, kept, key), order, serverOrder, key);
}

/** The items of the patch must stand in the order's order. Other directives than `delete` pass only while the order lasts. */
function validateOrder(patch: readonly unknown[], order: readonly unknown[], key: string): void {
  if (patch.length === 0 || order.length === 0) return;
  const items = patch.filter((item) => !isJsonObject(item) || item[directive] !== 'delete');
  let next = 0;
  for (const wanted of order) {
    while (next < items.length && isDirective(items[next])) next++;
    if (next === items.length) return;
    for (const item of [items[next], wanted]) {
      if (key !== '' && isJsonObject(item) && !Object.hasOwn(item, key)) throw noMergeKey(item, key);
    }
    if (keyOf(items[next], key) === keyOf(wanted, key)) next++;
  }
  if (next === items.length) return;
  const lists = `The order in patch list:\n${goValue(patch)}\n doesn't match ${orderPrefix} list:`;
  throw mergeFailure(`${lists}\n${goValue(order)}\n`);
}

/** Members that are null go, at any depth; items that are null stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) if (member !== null) setOwn(result, key, withoutNulls(member));
  return result;
}

/** What comes new needs no directives: objects that carry one are dropped. undefined: nothing is left. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const kept = withoutDirectives(member);
    if (kept !== undefined) setOwn(result, key, kept);
  }
  return result;
}
