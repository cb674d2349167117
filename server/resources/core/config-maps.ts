import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, invalid, tooLong } from '../../../api/field-error.ts';
import { isConfigMapKey } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { invalidEach, metadataErrorsAgain } from './field-checks.ts';

export type ConfigMap = Api<'io.k8s.api.core.v1.ConfigMap'>;

/** Of all values together, for config maps and secrets alike. */
export const maxDataBytes = 1024 * 1024;
const frozen = 'field is immutable when `immutable` is set';

/** The length of what base64 text stands for. */
export function base64Bytes(text: string): number {
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}

export function dataKeyErrors(keys: readonly string[], path: FieldPath): FieldErrors {
  return keys.flatMap((key) => invalidEach(path.key(key), key, isConfigMapKey(key)));
}

/** What `immutable: true` of the old object forbids. */
export function immutableDataErrors<Field extends string>(
  object: { readonly immutable?: boolean } & { readonly [F in Field]?: unknown },
  old: { readonly immutable?: boolean } & { readonly [F in Field]?: unknown },
  fields: readonly Field[],
): FieldErrors {
  if (old.immutable !== true) return [];
  return [
    ...(object.immutable === true ? [] : [forbidden(FieldPath.of('immutable'), frozen)]),
    ...fields
      .filter((field) => !semanticEqual(object[field], old[field]))
      .map((field) => forbidden(FieldPath.of(field), frozen)),
  ];
}

function configMapErrors(configMap: Readonly<ConfigMap>): FieldErrors {
  const data = Object.entries(configMap.data ?? {});
  const binaryData = Object.entries(configMap.binaryData ?? {});
  const path = FieldPath.of('data');
  const errors = data.flatMap(([key]) => [
    ...dataKeyErrors([key], path),
    ...(configMap.binaryData?.[key] === undefined
      ? []
      : [invalid(path.key(key), key, 'duplicate of key present in binaryData')]),
  ]);
  errors.push(
    ...dataKeyErrors(
      binaryData.map(([key]) => key),
      FieldPath.of('binaryData'),
    ),
  );
  const bytes =
    data.reduce((sum, [, value]) => sum + Buffer.byteLength(value), 0) +
    binaryData.reduce((sum, [, value]) => sum + base64Bytes(value), 0);
  // The object as a whole, in upstream's way of writing an empty path.
  if (bytes > maxDataBytes) errors.push(tooLong(FieldPath.of('[]'), maxDataBytes));
  return errors;
}

export const configMapStrategy: Strategy<ConfigMap> = {
  resource: 'configmaps',
  validateCreate: configMapErrors,
  validateUpdate: (configMap, old) => [
    ...immutableDataErrors(configMap, old, ['data', 'binaryData']),
    ...metadataErrorsAgain(configMap, 'namespaced'),
    ...configMapErrors(configMap),
  ],
};
