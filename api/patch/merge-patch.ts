import { badRequest } from '../status.ts';
import type { PatchOptions } from './json-patch.ts';
import { getOwn, isJsonObject, type JsonObject, jsonKind, setOwn } from './json-tree.ts';

/** RFC 7386. The original is left alone; what the patch does not name is shared with it. */
export function applyMergePatch(original: unknown, patch: unknown, options: PatchOptions = {}): unknown {
  if (patch === null || patch === undefined) throw badRequest('Invalid JSON Patch');
  if (!isJsonObject(patch)) {
    if (options.lenient && Array.isArray(patch)) return withoutNulls(patch);
    if (options.lenient) throw badRequest('Invalid JSON Patch');
    const target = 'map[string]interface {}';
    throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type ${target}`);
  }
  return merge(isJsonObject(original) ? original : {}, patch);
}

function merge(original: Readonly<JsonObject>, patch: Readonly<JsonObject>): JsonObject {
  const result = { ...original };
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    const current = getOwn(result, key);
    if (value === null) delete result[key];
    else if (isJsonObject(current) && isJsonObject(value)) setOwn(result, key, merge(current, value));
    // A list in the place of an object comes as it is; everything else without its nulls.
    else setOwn(result, key, isJsonObject(current) ? value : withoutNulls(value));
  }
  return result;
}

/** Members that are null go, items that are null stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  return merge({}, value);
}
