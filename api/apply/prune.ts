import { difference, emptyFieldSet, type FieldSet, intersection, isEmptyFieldSet, union } from './field-set.ts';
import type { FieldType, JsonObject } from './field-type.ts';
import { fieldsOf } from './fields-of.ts';
import type { Manager } from './managers.ts';
import { removeItems, withNamedFields } from './remove.ts';
import { type FieldTarget, inVersion } from './target.ts';

interface Versioned {
  readonly object: JsonObject;
  readonly apiVersion: string;
}

function remove(object: JsonObject, gone: FieldSet, type: FieldType): JsonObject {
  return (removeItems(object, gone, type) ?? {}) as JsonObject;
}

/** The merged object without what the applier had applied before, applies no more, and nobody else manages. */
export function prune(
  merged: JsonObject,
  managers: readonly Manager[],
  last: Manager | undefined,
  target: FieldTarget,
): JsonObject {
  if (last === undefined || isEmptyFieldSet(last.fields)) return merged;
  const whole = inVersion(merged, target.apiVersion, last.apiVersion, target);
  if (whole === undefined) return merged;
  const { object, type } = whole;
  const pruned = remove(object, withNamedFields(last.fields, type), type);
  const owned = addBackOwned(
    { object, apiVersion: last.apiVersion },
    { object: pruned, apiVersion: last.apiVersion },
    managers,
    target,
  );
  const back = inVersion(owned.object, owned.apiVersion, last.apiVersion, target);
  if (back === undefined) return merged;
  const result = addBackDangling(object, back.object, last.fields, type);
  return inVersion(result, last.apiVersion, target.apiVersion, target)?.object ?? merged;
}

/** What was pruned but belongs to somebody, the applier with its new configuration among them. */
function addBackOwned(
  merged: Versioned,
  pruned: Versioned,
  managers: readonly Manager[],
  target: FieldTarget,
): Versioned {
  const owned = new Map<string, FieldSet>([[pruned.apiVersion, emptyFieldSet]]);
  for (const { apiVersion, fields } of managers) {
    owned.set(apiVersion, union(owned.get(apiVersion) ?? emptyFieldSet, fields));
  }
  let result = pruned;
  for (const [apiVersion, fields] of owned) {
    if (!managers.some((manager) => manager.apiVersion === apiVersion)) continue;
    const whole = inVersion(merged.object, merged.apiVersion, apiVersion, target);
    const part = inVersion(result.object, result.apiVersion, apiVersion, target);
    if (whole === undefined || part === undefined) continue;
    const { object, type } = whole;
    const named = (set: FieldSet) => withNamedFields(set, type);
    const kept = union(named(fieldsOf(part.object, type)), named(fields));
    result = { object: remove(object, difference(named(fieldsOf(object, type)), kept), type), apiVersion };
  }
  return result;
}

/** What was pruned though the applier never had it: things in a list item that others, or nobody, put there. */
function addBackDangling(merged: JsonObject, pruned: JsonObject, last: FieldSet, type: FieldType): JsonObject {
  const named = (set: FieldSet) => withNamedFields(set, type);
  const lost = difference(named(fieldsOf(merged, type)), named(fieldsOf(pruned, type)));
  return remove(merged, intersection(lost, named(last)), type);
}
