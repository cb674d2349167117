import { cloneJson } from '../clone.ts';
import { isJsonObject, type JsonObject, memberNode, type Node, type Structural } from './structural.ts';

function hasDefault(node: Node): boolean {
  return (node.schema.default ?? null) !== null;
}

function isUnwantedNull(value: unknown, node: Node | undefined): boolean {
  return value === null && node !== undefined && !node.nullable;
}

function defaultOf(node: Node): unknown {
  return node.schema.default === undefined ? null : cloneJson(node.schema.default);
}

function fillProperties(object: JsonObject, node: Node): void {
  for (const [name, property] of node.properties) {
    if (!hasDefault(property)) continue;
    if (!Object.hasOwn(object, name) || isUnwantedNull(object[name], property)) object[name] = defaultOf(property);
  }
}

function fillValue(value: unknown, node: Node | undefined): void {
  if (node === undefined || !node.has.defaults) return;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return;
    for (let i = 0; i < value.length; i += 1) {
      if (isUnwantedNull(value[i], items)) value[i] = defaultOf(items);
      fillValue(value[i], items);
    }
    return;
  }
  if (!isJsonObject(value)) return;
  fillProperties(value, node);
  for (const name of Object.keys(value)) {
    const property = node.properties.get(name);
    if (property !== undefined) {
      fillValue(value[name], property);
    } else if (node.additional !== undefined && node.additional !== true) {
      if (isUnwantedNull(value[name], node.additional)) value[name] = defaultOf(node.additional);
      fillValue(value[name], node.additional);
    }
  }
}

function dropNulls(value: unknown, node: Node | undefined): void {
  if (node === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, node.items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of Object.keys(value)) {
    const member = memberNode(node, name);
    if (member === undefined) continue;
    if (value[name] === null) {
      if (!member.nullable && !hasDefault(member)) delete value[name];
    } else {
      dropNulls(value[name], member);
    }
  }
}

/** Removes nulls that may not be and for which there is no default: after pruning, before `applyDefaults`, on write and on read. */
export function dropUnwantedNulls(object: unknown, structural: Structural): void {
  dropNulls(object, structural.root());
}

/** Fills in the schema's defaults in place, also where a null stands that may not be. */
export function applyDefaults(object: unknown, structural: Structural): void {
  fillValue(object, structural.root());
}
