import { type FieldErrors, FieldPath, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutable, nonnegative } from './workload-validation.ts';

export type ControllerRevision = Api<'io.k8s.api.apps.v1.ControllerRevision'>;

const dataPath = FieldPath.of('data');

function validateData(data: unknown): FieldErrors {
  if (data === undefined || data === null) return [required(dataPath, 'data is mandatory')];
  if (typeof data !== 'object' || Array.isArray(data)) return [required(dataPath, 'data must be a valid JSON object')];
  return [];
}

function validateRevision(revision: Readonly<ControllerRevision>): FieldErrors {
  return nonnegative(revision.revision, FieldPath.of('revision'));
}

export const controllerRevisionStrategy: Strategy<ControllerRevision> = {
  resource: 'controllerrevisions.apps',
  validateCreate: (revision) => [...validateRevision(revision), ...validateData(revision.data)],
  validateUpdate: (revision, old) => [...validateRevision(revision), ...immutable(revision.data, old.data, dataPath)],
};
