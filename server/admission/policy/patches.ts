import type { FieldType } from '../../../api/apply/field-type.ts';
import { formOf, isObject } from '../../../api/apply/field-type.ts';
import { merge } from '../../../api/apply/merge.ts';
import { joinTypeErrors, typeErrors } from '../../../api/apply/validate.ts';
import { JSONPatchValue, misplacedTypes, ObjectValue } from '../../../api/cel/library/json-patch.ts';
import { elements } from '../../../api/cel/runtime/collections.ts';
import { isList, type Value } from '../../../api/cel/runtime/values.ts';
import type { KubeObject } from '../../../api/object.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { messageOf } from './denial.ts';
import { jsonOf } from './json-value.ts';

/** Why a policy cannot change the object; it is refused then, or left as it is. */
export class MutationError extends Error {}

function checkPlaces(value: Value): void {
  const misplaced = misplacedTypes(value, ['Object']);
  if (misplaced.length > 0) throw new MutationError(`type mismatch: ${misplaced.join('\n')}`);
}

/** Lists, maps and structs that are replaced as a whole: a policy may not touch them, since it would drop what others put there. */
function atomicPlaces(value: unknown, type: FieldType, path: string): string[] {
  if (value === null || value === undefined) return [];
  const form = formOf(type, value);
  if (form === 'map' && type.map !== undefined && isObject(value)) {
    const { fields, atomic } = type.map;
    const below = Object.entries(value).flatMap(([name, member]) => {
      const field = fields.get(name);
      return field === undefined ? [] : atomicPlaces(member, field.type, `${path}.${name}`);
    });
    return atomic ? [path, ...below] : below;
  }
  if (form === 'list' && type.list !== undefined && Array.isArray(value)) {
    const { items, atomic } = type.list;
    const below = value.flatMap((item, i) => atomicPlaces(item, items, `${path}[${i}]`));
    return atomic ? [path, ...below] : below;
  }
  return [];
}

/** The object with what the expression made laid over it, as server-side apply merges. */
export function applyConfiguration(object: KubeObject, value: Value, type: FieldType): KubeObject {
  if (!(value instanceof ObjectValue))
    throw new MutationError('unsupported return type from ApplyConfiguration expression');
  checkPlaces(value);
  const { apiVersion, kind } = object;
  const patch = { ...(jsonOf(value) as object), apiVersion, kind };
  const problems = typeErrors(patch, type);
  if (problems.length > 0)
    throw new MutationError(
      `error applying patch: failed to convert patch object to typed object: ${joinTypeErrors(problems)}`,
    );
  const atomics = atomicPlaces(patch, type, '');
  if (atomics.length > 0)
    throw new MutationError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`,
    );
  return merge(object, patch, type) as KubeObject;
}

function operationOf(value: unknown): Record<string, unknown> {
  if (!(value instanceof JSONPatchValue))
    throw new MutationError('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  const { op, path, from } = value;
  if (value.value instanceof ObjectValue) {
    const misplaced = misplacedTypes(value.value, [value.value.type.name]);
    if (misplaced.length > 0) throw new MutationError(`type mismatch: ${misplaced.join('\n')}`);
  }
  return {
    op,
    path,
    ...(from === '' ? {} : { from }),
    ...(value.value === undefined ? {} : { value: jsonOf(value.value) }),
  };
}

/** The object after the operations that the expression made; as it was when one of them tests for what is not so. */
export function applyOperations(object: KubeObject, value: Value): KubeObject {
  if (!isList(value)) throw new MutationError('type mismatch: JSONPatchType.expression should evaluate to array');
  const operations = Array.from(elements(value), operationOf);
  try {
    return applyJsonPatch(object, operations, { lenient: true }) as KubeObject;
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    const why = messageOf(cause ?? error);
    if (why.endsWith('test failed')) return object;
    throw new MutationError(`JSON Patch: ${why}`);
  }
}
