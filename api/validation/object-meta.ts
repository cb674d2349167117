import { semanticEqual } from '../equal.ts';
import { type FieldErrors, type FieldPath, forbidden, invalid, required, tooLong } from '../field-error.ts';
import { goQuote, isPrintable } from '../go-text.ts';
import { byteLength, isQualifiedName, nameIsDNSLabel, nameIsPathSegment } from '../names.ts';
import { type ObjectMeta, type OwnerReference, objectMetaFields } from '../object.ts';
import { validateAnnotations, validateLabels } from './labels.ts';

export interface ObjectMetaRules {
  readonly namespaced: boolean;
  /** Checks metadata.name, and generateName with `prefix`. */
  readonly validateName: (name: string, prefix: boolean) => readonly string[];
  /** Finalizers without a domain other than the standard ones pass: custom resources, definitions, webhooks, admission policies. */
  readonly anyFinalizer?: boolean;
  /** The kind's update rules begin with those of its creation: whatever these find is reported once more. */
  readonly validatedAgainOnUpdate?: boolean;
}

type Meta = Readonly<ObjectMeta> | undefined;

/** Fields that only creation may set, in the order in which upstream reports them. */
const immutableFields = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

export function validateObjectMeta(meta: Meta, rules: ObjectMetaRules, path: FieldPath): FieldErrors {
  const { name = '', generateName = '', namespace = '', generation = 0 } = meta ?? {};
  const errors: FieldErrors = [];
  if (generateName !== '') {
    for (const message of rules.validateName(generateName, true)) {
      errors.push(invalid(path.child('generateName'), generateName, message));
    }
  }
  if (name === '') errors.push(required(path.child('name'), 'name or generateName is required'));
  else for (const message of rules.validateName(name, false)) errors.push(invalid(path.child('name'), name, message));
  errors.push(...validateNamespace(namespace, rules.namespaced, path.child('namespace')));
  if (generation < 0) {
    errors.push(invalid(path.child('generation'), generation, 'must be greater than or equal to 0'));
  }
  return [
    ...errors,
    ...validateLabels(meta?.labels, path.child('labels')),
    ...validateAnnotations(meta?.annotations, path.child('annotations')),
    ...validateOwnerReferences(meta?.ownerReferences, path.child('ownerReferences')),
    ...validateFinalizers(meta?.finalizers, path.child('finalizers')),
    ...validateManagedFields(meta?.managedFields, path.child('managedFields')),
    ...(rules.anyFinalizer ? [] : validateStandardFinalizers(meta?.finalizers, path.child('finalizers'))),
  ];
}

const fieldsOfTemplates = objectMetaFields.filter((field) => field !== 'labels' && field !== 'annotations');

/** Of the metadata that a template of claims gives to its objects: labels and annotations alone. */
export function validateTemplateObjectMeta(meta: Meta, path: FieldPath): FieldErrors {
  const others = fieldsOfTemplates.filter((field) => meta?.[field]);
  return [
    ...validateAnnotations(meta?.annotations, path.child('annotations')),
    ...validateLabels(meta?.labels, path.child('labels')),
    // Upstream takes the names from Go's struct.
    ...others.map((field) => forbidden(path.child(field === 'uid' ? 'uID' : field), 'cannot be set')),
  ];
}

function validateNamespace(namespace: string, namespaced: boolean, path: FieldPath): FieldErrors {
  if (!namespaced) return namespace === '' ? [] : [forbidden(path, 'not allowed on this type')];
  if (namespace === '') return [required(path)];
  return nameIsDNSLabel(namespace, false).map((message) => invalid(path, namespace, message));
}

/** What may not change, and what may but only to valid values. Finalizers' form is checked on create alone, as upstream does. */
export function validateObjectMetaUpdate(meta: Meta, old: Meta, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  if (old?.deletionTimestamp !== undefined) {
    errors.push(...validateNoNewFinalizers(meta?.finalizers, old.finalizers, path.child('finalizers')));
  }
  const { resourceVersion = '', generation = 0 } = meta ?? {};
  if (resourceVersion === '') {
    errors.push(invalid(path.child('resourceVersion'), resourceVersion, 'must be specified for an update'));
  }
  if (generation < (old?.generation ?? 0)) {
    errors.push(invalid(path.child('generation'), generation, 'must not be decremented'));
  }
  for (const field of immutableFields) {
    errors.push(...validateImmutableField(printable(field, meta), printable(field, old), path.child(field)));
  }
  return [
    ...errors,
    ...validateLabels(meta?.labels, path.child('labels')),
    ...validateAnnotations(meta?.annotations, path.child('annotations')),
    ...validateOwnerReferences(meta?.ownerReferences, path.child('ownerReferences')),
    ...validateManagedFields(meta?.managedFields, path.child('managedFields')),
  ];
}

/**
 * All metadata errors of an update in upstream's order: the common rules of every kind, then the kind's own pass over the
 * update. A wrong value is found twice, and stands twice among the causes (the message names it once).
 */
export function validateObjectMetaOnUpdate(
  meta: Meta,
  old: Meta,
  rules: ObjectMetaRules,
  path: FieldPath,
): FieldErrors {
  const common = { ...rules, validateName: nameIsPathSegment, anyFinalizer: true };
  const update = validateObjectMetaUpdate(meta, old, path);
  return [
    ...validateObjectMeta(meta, common, path),
    ...update,
    ...update,
    ...(rules.anyFinalizer ? [] : validateStandardFinalizers(meta?.finalizers, path.child('finalizers'))),
    ...(rules.validatedAgainOnUpdate ? validateObjectMeta(meta, rules, path) : []),
  ];
}

// Texts are compared and printed as "" when absent, times and numbers as null.
function printable(field: (typeof immutableFields)[number], meta: Meta): unknown {
  const value = meta?.[field];
  return value === undefined && (field === 'name' || field === 'namespace' || field === 'uid') ? '' : value;
}

export function validateImmutableField(value: unknown, old: unknown, path: FieldPath): FieldErrors {
  return semanticEqual(value, old) ? [] : [invalid(path, value, 'field is immutable')];
}

/** As upstream prints it, whatever order the client wrote. */
function inGoOrder({ apiVersion = '', kind = '', name = '', uid = '', ...flags }: OwnerReference): OwnerReference {
  const { controller, blockOwnerDeletion } = flags;
  return {
    apiVersion,
    kind,
    name,
    uid,
    ...(controller === undefined ? {} : { controller }),
    ...(blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion }),
  };
}

function validateOwnerReference(reference: OwnerReference, path: FieldPath): FieldErrors {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const errors: FieldErrors = [];
  const slashes = apiVersion.split('/').length - 1;
  const version = slashes > 1 ? '' : apiVersion.slice(apiVersion.indexOf('/') + 1);
  if (version === '') errors.push(invalid(path.child('apiVersion'), apiVersion, 'version must not be empty'));
  if (kind === '') errors.push(invalid(path.child('kind'), kind, 'must not be empty'));
  if (name === '') errors.push(invalid(path.child('name'), name, 'must not be empty'));
  if (uid === '') errors.push(invalid(path.child('uid'), uid, 'must not be empty'));
  if (apiVersion === 'v1' && kind === 'Event') {
    // Events come and go by the thousand: owning something would delete it with them.
    errors.push(invalid(path, inGoOrder(reference), '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

export function validateOwnerReferences(
  references: readonly OwnerReference[] | undefined,
  path: FieldPath,
): FieldErrors {
  const errors: FieldErrors = [];
  let first = '';
  for (const reference of references ?? []) {
    errors.push(...validateOwnerReference(reference, path));
    if (reference.controller !== true) continue;
    const current = `${reference.kind ?? ''}/${reference.name ?? ''}`;
    if (first === '') {
      first = current;
      continue;
    }
    const where = `Found "true" in references for ${first} and ${current}`;
    errors.push(
      invalid(path, references?.map(inGoOrder), `Only one reference can have Controller set to true. ${where}`),
    );
  }
  return errors;
}

export function validateFinalizers(finalizers: readonly string[] | undefined, path: FieldPath): FieldErrors {
  const errors = (finalizers ?? []).flatMap((finalizer) =>
    isQualifiedName(finalizer).map((message) => invalid(path, finalizer, message)),
  );
  if (finalizers?.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

const standardFinalizers: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion'];

function validateStandardFinalizers(finalizers: readonly string[] | undefined, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  for (const [i, finalizer] of (finalizers ?? []).entries()) {
    if (finalizer.includes('/') || standardFinalizers.includes(finalizer)) continue;
    const why = 'name is neither a standard finalizer name nor is it fully qualified';
    errors.push(invalid(path.index(i), finalizer, why));
  }
  return errors;
}

function validateNoNewFinalizers(
  finalizers: readonly string[] | undefined,
  old: readonly string[] | undefined,
  path: FieldPath,
): FieldErrors {
  const added = [...new Set(finalizers ?? [])].filter((finalizer) => !old?.includes(finalizer)).sort();
  if (added.length === 0) return [];
  const list = added.map((finalizer) => goQuote(finalizer)).join(', ');
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers';
  return [forbidden(path, `${why} []string{${list}}`)];
}

/** The manager's name of an entry, and the `fieldManager` parameter of a write. */
export function validateFieldManager(manager: string, path: FieldPath): FieldErrors {
  const errors = byteLength(manager) > 128 ? [tooLong(path, 128)] : [];
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalid(path, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(character);
  }
  return errors;
}

function validateManagedFields(entries: ObjectMeta['managedFields'], path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  for (const [i, { operation = '', fieldsType = '', manager = '', subresource = '' }] of (entries ?? []).entries()) {
    const at = path.index(i);
    if (operation !== 'Apply' && operation !== 'Update') {
      errors.push(invalid(at.child('operation'), operation, 'must be `Apply` or `Update`'));
    }
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
      errors.push(invalid(at.child('fieldsType'), fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(manager, at.child('manager')));
    if (byteLength(subresource) > 256) errors.push(tooLong(at.child('subresource'), 256));
  }
  return errors;
}
