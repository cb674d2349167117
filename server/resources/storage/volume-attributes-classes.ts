import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, forbidden, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { metadataErrorsAgain } from '../core/field-checks.ts';
import { parameterErrors, provisionerErrors } from './parameters.ts';

export type VolumeAttributesClass = Api<'io.k8s.api.storage.v1.VolumeAttributesClass'>;

function classErrors({ driverName = '', parameters = {} }: Readonly<VolumeAttributesClass>): FieldErrors {
  const path = FieldPath.of('parameters');
  const errors = [...provisionerErrors(driverName, FieldPath.of('driverName')), ...parameterErrors(parameters, path)];
  if (Object.keys(parameters).length === 0) errors.push(required(path, 'must contain at least one key/value pair'));
  return errors;
}

export const volumeAttributesClassStrategy: Strategy<VolumeAttributesClass> = {
  resource: 'volumeattributesclasses.storage.k8s.io',
  validateCreate: classErrors,
  validateUpdate(attributesClass, old) {
    const changed = (['driverName', 'parameters'] as const).filter(
      (field) => !semanticEqual(attributesClass[field], old[field]),
    );
    return [
      ...changed.map((field) => forbidden(FieldPath.of(field), `updates to ${field} are forbidden.`)),
      ...metadataErrorsAgain(attributesClass, 'cluster'),
      ...classErrors(attributesClass),
    ];
  },
};
