import { cloneJson } from '../../api/clone.ts';
import { FieldPath } from '../../api/field-error.ts';
import type { KubeObject } from '../../api/object.ts';
import { invalidError, StatusError } from '../../api/status.ts';
import { validateObjectMeta } from '../../api/validation/object-meta.ts';
import { StorageError } from '../storage/store.ts';
import { currentObject, type RegistryDeps, strategyContext, type WriteRequest, type Written } from './context.ts';
import { encoderFor, presented } from './encoding.ts';
import { interpret } from './interpret.ts';
import { metadataRules } from './metadata-rules.ts';
import {
  dedupeOwnerReferences,
  ensureNamespace,
  fillSystemFields,
  generateName,
  metaOf,
  wipeSystemFields,
} from './object-meta.ts';
import { encodeObject, groupResourceOf, keyOf, type StoredResource, withHead } from './resource.ts';

// Upstream: enough for a million names under one prefix with a 0.1 % chance of a clash.
const maxNameAttempts = 8;

/** Stores a new object, given in the stored version and defaulted. The object is taken over and modified. */
export async function createObject(
  deps: RegistryDeps,
  stored: StoredResource,
  given: KubeObject,
  request: WriteRequest,
): Promise<Written> {
  const meta = metaOf(given);
  ensureNamespace(stored, meta, request.namespace);
  dedupeOwnerReferences(meta, request, false);
  meta.managedFields = await request.manage?.(undefined, given);
  wipeSystemFields(meta);
  await request.admission.mutate('CREATE', given, undefined);
  dedupeOwnerReferences(metaOf(given), request, true);
  const mustGenerate = (meta.name ?? '') === '' && (meta.generateName ?? '') !== '';
  if (!mustGenerate) return createNamed(deps, stored, given, request);
  for (let attempt = 1; ; attempt++) {
    const copy = cloneJson(given);
    metaOf(copy).name = generateName(deps, meta.generateName ?? '');
    try {
      return await createNamed(deps, stored, copy, request);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists' || attempt >= maxNameAttempts)
        throw error;
    }
  }
}

/** Create through PUT or apply: admission has run. */
export async function createNamed(
  deps: RegistryDeps,
  stored: StoredResource,
  given: KubeObject,
  request: WriteRequest,
): Promise<Written> {
  const meta = metaOf(given);
  const { strategy } = stored;
  // Admission may have changed even that.
  ensureNamespace(stored, meta, request.namespace);
  fillSystemFields(deps, meta);
  const transaction = await strategy.beginCreate?.(given, deps.strategyDeps, request.dryRun);
  let done = false;
  try {
    prepareAndValidate(deps, stored, given, request);
    await request.admission.validate('CREATE', given, undefined);
    const object = withHead(given, stored);
    const value = request.dryRun ? await dryCreate(stored, object) : await storeNew(deps, stored, object);
    done = !request.dryRun;
    return { object, value, created: true };
  } finally {
    if (done) await transaction?.commit?.();
    else await transaction?.revert?.();
  }
}

function prepareAndValidate(
  deps: RegistryDeps,
  stored: StoredResource,
  object: KubeObject,
  request: WriteRequest,
): void {
  const { strategy } = stored;
  const meta = metaOf(object);
  const context = strategyContext(deps, request);
  strategy.prepareForCreate?.(object, context);
  if (strategy.generation === true) meta.generation = 1;
  const errors = [
    ...validateObjectMeta(meta, metadataRules(stored), FieldPath.of('metadata')),
    ...(strategy.validateCreate?.(object, context) ?? []),
  ];
  // Of a custom resource the kind that the object names.
  const kind = stored.form === undefined ? stored.kind : (object.kind ?? stored.kind);
  if (errors.length > 0) throw invalidError({ group: stored.group, kind }, meta.name ?? '', errors);
  for (const text of strategy.warningsOnCreate?.(object) ?? []) request.warn(text);
  // Upstream's storage says so, which dry runs do not reach.
  if (!request.dryRun && /^0*[1-9]\d*$/.test(meta.resourceVersion ?? '')) {
    throw new StatusError('', 'resourceVersion should not be set on objects to be created');
  }
}

async function storeNew(deps: RegistryDeps, stored: StoredResource, object: KubeObject): Promise<Uint8Array> {
  const meta = metaOf(object);
  const name = meta.name ?? '';
  const key = keyOf(stored, meta.namespace ?? '', name);
  try {
    const encode = encoderFor(stored, object);
    const row = await deps.store.create(key, encode instanceof Promise ? await encode : encode);
    return stored.form === undefined ? row.value : await presented(stored, row);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'KeyExists') throw existsError(stored, object, key);
    throw interpret(error, stored, name);
  }
}

function existsError(stored: StoredResource, object: KubeObject, key: string): StatusError {
  const name = object.metadata?.name ?? '';
  const old = currentObject(stored, key);
  const { group, resource } = groupResourceOf(stored);
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const details = { name, ...(group === '' ? {} : { group }), kind: resource };
  if ((object.metadata?.generateName ?? '') !== '') {
    const message = `${qualified} "${name}" already exists, the server was not able to generate a unique name for the object`;
    return new StatusError('AlreadyExists', message, { details: { ...details, retryAfterSeconds: 1 } });
  }
  const deleting = old?.metadata?.deletionTimestamp === undefined ? '' : 'object is being deleted: ';
  return new StatusError('AlreadyExists', `${deleting}${qualified} "${name}" already exists`, { details });
}

async function dryCreate(stored: StoredResource, object: KubeObject): Promise<Uint8Array> {
  const meta = metaOf(object);
  const key = keyOf(stored, meta.namespace ?? '', meta.name ?? '');
  if (stored.cache.entries.get(key) !== undefined) throw existsError(stored, object, key);
  // Whether it could be stored is part of the answer: a webhook may fail to convert it.
  await stored.form?.toStored(object);
  return encodeObject(stored, object);
}
