import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isDNS1035Label, isDNS1123Subdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateConditions } from '../../../api/validation/conditions.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { keepMetadata, keepSpec, keepStatus } from '../core/kept-fields.ts';

export type StorageVersionMigration = Api<'io.k8s.api.storagemigration.v1beta1.StorageVersionMigration'>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');

function validate(migration: Readonly<StorageVersionMigration>): FieldErrors {
  const { group = '', resource = '' } = migration.spec?.resource ?? {};
  const path = specPath.child('resource');
  const errors: FieldErrors = [];
  const resourceMessages = resource === '' ? [] : isDNS1035Label(resource);
  if (resource === '') errors.push(required(path.child('resource'), 'resource is required to be set'));
  else if (resourceMessages.length > 0)
    errors.push(invalid(path.child('resource'), resource, resourceMessages.join(',')));
  const groupMessages = group === '' ? [] : isDNS1123Subdomain(group);
  if (groupMessages.length > 0) errors.push(invalid(path.child('group'), group, groupMessages.join(',')));
  return errors;
}

function isTrue(migration: Readonly<StorageVersionMigration>, wanted: string): boolean {
  return migration.status?.conditions?.some(({ type, status }) => type === wanted && status === 'True') ?? false;
}

function revisionErrors(migration: Readonly<StorageVersionMigration>): FieldErrors {
  const revision = migration.status?.resourceVersion ?? '';
  if (revision === '' || /^(0|[1-9]\d*)$/.test(revision)) return [];
  return [invalid(statusPath.child('resourceVersion'), revision, `resource version is not well formed: ${revision}`)];
}

/** What is decided of a migration stays decided. */
function validateStatus(
  migration: Readonly<StorageVersionMigration>,
  old: Readonly<StorageVersionMigration>,
): FieldErrors {
  const conditions = migration.status?.conditions ?? [];
  const path = statusPath.child('conditions');
  const errors = [...revisionErrors(migration), ...validateConditions(conditions, path)];
  const [revision, before] = [migration.status?.resourceVersion ?? '', old.status?.resourceVersion ?? ''];
  if (before !== '' && revision !== before)
    errors.push(invalid(statusPath.child('resourceVersion'), revision, 'field is immutable'));
  const [succeeded, failed] = [isTrue(migration, 'Succeeded'), isTrue(migration, 'Failed')];
  const wrong = (detail: string): void => void errors.push(invalid(path, conditions, detail));
  if (succeeded && failed) wrong('Both success and failed conditions cannot be true at the same time');
  if (isTrue(old, 'Succeeded') && !succeeded) wrong('Success condition cannot be set to false once it is true');
  if (isTrue(old, 'Failed') && !failed) wrong('Failed condition cannot be set to false once it is true');
  return errors;
}

export const storageVersionMigrations: Strategy<StorageVersionMigration> = {
  resource: 'storageversionmigrations.storagemigration.k8s.io',
  allowUnconditionalUpdate: false,
  prepareForCreate(migration) {
    migration.status = {};
  },
  prepareForUpdate(migration, old) {
    keepStatus(migration, old);
  },
  validateCreate: validate,
  validateUpdate: (migration, old) => {
    const errors = validate(migration);
    if (semanticEqual(migration.spec, old.spec)) return errors;
    const { group = '', resource = '' } = migration.spec?.resource ?? {};
    return [...errors, invalid(specPath, { Resource: { Group: group, Resource: resource } }, 'field is immutable')];
  },
  subresources: {
    status: {
      prepareForUpdate(migration, old) {
        keepSpec(migration, old);
        keepMetadata(migration, old);
      },
      validateUpdate: validateStatus,
    },
  },
};
