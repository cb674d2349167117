import { FieldPath, fieldErrorMessage } from '../../api/field-error.ts';
import { goJson } from '../../api/go-text.ts';
import type { KubeObject } from '../../api/object.ts';
import { isJsonObject, jsonKind } from '../../api/patch/json-tree.ts';
import { validateAnnotations, validateLabels } from '../../api/validation/labels.ts';

export interface ObjectProblem {
  readonly of: 'object';
  readonly why: string;
  /** It is already wrong by apiVersion or kind. */
  readonly head: boolean;
}

/** Whether a conversion left what it may not change: version and kind asked for, name, namespace and uid. */
export function checkConverted(
  original: KubeObject,
  value: unknown,
  desiredAPIVersion: string,
): ObjectProblem | undefined {
  const head = (why: string): ObjectProblem => ({ of: 'object', why, head: true });
  if (!isJsonObject(value))
    return head(`json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`);
  const { apiVersion, kind, metadata } = value as KubeObject;
  if (kind === undefined || kind === '') return head(`Object 'Kind' is missing in '${goJson(value)}'`);
  if ((apiVersion ?? '') !== desiredAPIVersion)
    return head(`invalid groupVersion (expected ${desiredAPIVersion}, received ${apiVersion ?? ''})`);
  if (kind !== original.kind) return head(`invalid kind (expected ${original.kind ?? ''}, received ${kind})`);
  const before = original.metadata ?? {};
  const after = isJsonObject(metadata) ? metadata : {};
  for (const [word, field] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['UID', 'uid'],
  ] as const) {
    const [expected, got] = [before[field] ?? '', after[field] ?? ''];
    if (expected !== got)
      return { of: 'object', head: false, why: `must have the same ${word}: ${expected} != ${String(got)}` };
  }
  return undefined;
}

const goTypes: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'int64',
  bool: 'bool',
  array: '[]interface {}',
  object: 'map[string]interface {}',
  null: '<nil>',
};

function goType(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return 'float64';
  return goTypes[jsonKind(value)] ?? 'string';
}

/** The converted object with the original's metadata, but its own labels and annotations. */
export function withMetadataOf(
  original: KubeObject,
  converted: KubeObject,
): { readonly object: KubeObject } | { readonly problem: string } {
  const given: unknown = converted.metadata;
  if (given === undefined) return { problem: 'missing metadata in converted object' };
  if (!isJsonObject(given)) return { problem: `invalid metadata of type ${goType(given)} in converted object` };
  const metadata = structuredClone(original.metadata ?? {}) as Record<string, unknown>;
  for (const field of ['labels', 'annotations'] as const) {
    const value = given[field];
    if (value === undefined || value === null) {
      delete metadata[field];
      continue;
    }
    const problem = mapProblem(field, value, (metadata[field] ?? {}) as Record<string, unknown>);
    if (problem !== undefined) return { problem };
    metadata[field] = value;
  }
  return { object: { ...converted, metadata } };
}

/** What was there before is not judged again. */
function mapProblem(
  field: 'labels' | 'annotations',
  value: unknown,
  before: Readonly<Record<string, unknown>>,
): string | undefined {
  if (!isJsonObject(value)) return `invalid metadata.${field} of type ${goType(value)} in converted object`;
  for (const [key, member] of Object.entries(value))
    if (typeof member !== 'string')
      return `metadata.${field}[${key}] must be a string, but is ${goType(member)} in converted object`;
  const keys = Object.keys(value);
  if (keys.length === Object.keys(before).length && keys.every((key) => before[key] === value[key])) return undefined;
  const map = value as Record<string, string>;
  const errors =
    field === 'labels'
      ? validateLabels(map, FieldPath.of('metadata', 'labels'))
      : validateAnnotations(map, FieldPath.of('metadata', 'annotation'));
  const messages = [...new Set(errors.map(fieldErrorMessage))];
  if (messages.length === 0) return undefined;
  return messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`;
}
