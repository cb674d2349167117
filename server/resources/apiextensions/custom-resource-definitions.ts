import { toTime } from '../../../api/clock.ts';
import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import { nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { defaultWebhookClient } from '../admissionregistration/webhook-client.ts';
import { approval, approvalOf, isProtectedGroup, protectionReason } from './approval.ts';
import type { CustomResourceDefinition } from './definition-types.ts';
import { type SchemaCheck, validateDefinitionSpec } from './definition-validation.ts';
import { formatWarnings } from './formats.ts';
import { bundleErrorOf, hasKnownReviewVersion, validateNames } from './version-parts.ts';

const specPath = FieldPath.of('spec');
const storedPath = FieldPath.of('status', 'storedVersions');
const approvalPath = FieldPath.of('metadata', 'annotations').key(approval);

function storageVersionOf(definition: Readonly<CustomResourceDefinition>): string | undefined {
  return definition.spec?.versions?.find(({ storage }) => storage)?.name;
}

/** A version that is or was the storage version is remembered until its objects were migrated. */
function rememberStorageVersion(definition: CustomResourceDefinition): void {
  const name = storageVersionOf(definition);
  if (name === undefined) return;
  definition.status ??= {};
  const stored = definition.status.storedVersions ?? [];
  if (!stored.includes(name)) definition.status.storedVersions = [...stored, name];
}

function applyDefaults(definition: CustomResourceDefinition): void {
  definition.spec ??= {};
  const { spec } = definition;
  spec.names ??= {};
  const { kind = '' } = spec.names;
  if (!spec.names.singular) spec.names.singular = kind.toLowerCase();
  if (!spec.names.listKind && kind !== '') spec.names.listKind = `${kind}List`;
  spec.conversion ??= { strategy: 'None' };
  defaultWebhookClient(spec.conversion.webhook?.clientConfig);
  if ((definition.status?.storedVersions ?? []).length === 0) rememberStorageVersion(definition);
}

function validateName(definition: Readonly<CustomResourceDefinition>): FieldErrors {
  const name = definition.metadata?.name ?? '';
  const { names, group = '' } = definition.spec ?? {};
  const fits = name === '' || name === `${names?.plural ?? ''}.${group}`;
  return fits ? [] : [invalid(FieldPath.of('metadata', 'name'), name, 'must be spec.names.plural+"."+spec.group')];
}

function validateStatus(definition: Readonly<CustomResourceDefinition>): FieldErrors {
  return validateNames(definition.status?.acceptedNames, FieldPath.of('status', 'acceptedNames'));
}

function validateStoredVersions(definition: Readonly<CustomResourceDefinition>): FieldErrors {
  const stored = definition.status?.storedVersions ?? [];
  if (stored.length === 0)
    return [invalid(storedPath, definition.status?.storedVersions, 'must have at least one stored version')];
  const versions = definition.spec?.versions ?? [];
  const names = versions.map(({ name }) => name);
  const errors: FieldErrors = [];
  versions.forEach(({ name = '', storage }, i) => {
    // Upstream counts a stored version off once: a second version of its name is missing.
    const isMissing = !stored.includes(name) || names.indexOf(name) < i;
    if (storage && isMissing) errors.push(invalid(storedPath, stored, `must have the storage version ${name}`));
  });
  stored.forEach((version, i) => {
    if (names.includes(version)) return;
    const until = `must remain in spec.versions until a storage migration ensures no data remains persisted in ${version}`;
    const detail = `missing from spec.versions; ${version} was previously a storage version, and ${until} and removes ${version} from status.storedVersions`;
    errors.push(invalid(storedPath.index(i), version, detail));
  });
  return errors;
}

/** Groups of the Kubernetes community need a word of it. */
function validateApproval(
  definition: Readonly<CustomResourceDefinition>,
  old?: Readonly<CustomResourceDefinition>,
): FieldErrors {
  if (!isProtectedGroup(definition.spec?.group ?? '')) return [];
  const state = approvalOf(definition);
  if (old !== undefined && approvalOf(old) === state) return [];
  if (state === 'missing') return [required(approvalPath, protectionReason(definition, state))];
  if (state !== 'invalid') return [];
  const value = definition.metadata?.annotations?.[approval];
  return [invalid(approvalPath, value, protectionReason(definition, state))];
}

function validateUnknownFields(
  definition: Readonly<CustomResourceDefinition>,
  old?: Readonly<CustomResourceDefinition>,
): FieldErrors {
  if (old?.spec?.preserveUnknownFields === true || definition.spec?.preserveUnknownFields !== true) return [];
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid(specPath.child('preserveUnknownFields'), true, detail)];
}

function isEstablished(definition: Readonly<CustomResourceDefinition>): boolean {
  return (
    definition.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false
  );
}

function validateImmutable(
  definition: Readonly<CustomResourceDefinition>,
  old: Readonly<CustomResourceDefinition>,
): FieldErrors {
  const { scope, names, group } = definition.spec ?? {};
  const before = old.spec ?? {};
  const errors: FieldErrors = [];
  const fixed = (value: string | undefined, was: string | undefined, path: FieldPath): void => {
    if ((value ?? '') !== (was ?? '')) errors.push(invalid(path, value ?? '', 'field is immutable'));
  };
  if (isEstablished(old)) {
    fixed(scope, before.scope, specPath.child('scope'));
    fixed(names?.kind, before.names?.kind, specPath.child('names', 'kind'));
  }
  fixed(group, before.group, specPath.child('group'));
  fixed(names?.plural, before.names?.plural, specPath.child('names', 'plural'));
  return errors;
}

const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

/** The first request to delete only marks the definition: what serves it then removes the objects of its kind. */
function markForDeletion(definition: CustomResourceDefinition, now: number): void {
  definition.metadata ??= {};
  const { metadata } = definition;
  metadata.deletionTimestamp = toTime(now);
  if (!metadata.finalizers?.includes(cleanup)) metadata.finalizers = [...(metadata.finalizers ?? []), cleanup];
  definition.status ??= {};
  const { status } = definition;
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Terminating');
  const condition = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: toTime(now),
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  status.conditions = [...others, condition];
}

/** The part of creation and update that is the same. */
function validateBoth(
  definition: Readonly<CustomResourceDefinition>,
  old?: Readonly<CustomResourceDefinition>,
): FieldErrors {
  return [
    ...validateStatus(definition),
    ...validateStoredVersions(definition),
    ...validateApproval(definition, old),
    ...validateUnknownFields(definition, old),
  ];
}

/** Definitions as objects; what serves them watches them. `check` judges the defaults and CEL rules of sound schemas. */
export function customResourceDefinitions(check: SchemaCheck): Strategy<CustomResourceDefinition> {
  return {
    resource: 'customresourcedefinitions.apiextensions.k8s.io',
    allowUnconditionalUpdate: false,
    generation: true,
    validateName: nameIsDNSSubdomain,
    applyDefaults,
    prepareForCreate(definition) {
      definition.status = { acceptedNames: { plural: '', kind: '' } };
      rememberStorageVersion(definition);
    },
    prepareForUpdate(definition, old) {
      definition.status = structuredClone(old.status ?? {});
      rememberStorageVersion(definition);
    },
    validateCreate: (definition) => [
      ...validateName(definition),
      ...validateDefinitionSpec(definition.spec ?? {}, check, {
        requireKnownReviewVersion: true,
        requireSoundBundle: false,
      }),
      ...validateBoth(definition),
    ],
    validateUpdate: (definition, old) => {
      const versions = old.spec?.conversion?.webhook?.conversionReviewVersions ?? [];
      const rules = {
        requireKnownReviewVersion: versions.length === 0 || hasKnownReviewVersion(versions),
        requireSoundBundle: isEstablished(old) && bundleErrorOf(old.spec?.conversion) === undefined,
      };
      return [
        ...validateDefinitionSpec(definition.spec ?? {}, check, rules),
        ...validateImmutable(definition, old),
        ...validateBoth(definition, old),
      ];
    },
    markForDeletion,
    warningsOnCreate: (definition) => formatWarnings(definition),
    warningsOnUpdate: formatWarnings,
    subresources: {
      status: {
        prepareForUpdate(definition, old) {
          if (old.spec !== undefined) definition.spec = structuredClone(old.spec);
        },
        validateUpdate: validateStatus,
      },
    },
  };
}
