import { equalJson } from '../../api/apply/compare.ts';
import { keepTimes } from '../../api/apply/field-manager.ts';
import { semanticEqual } from '../../api/equal.ts';
import { FieldPath, invalid } from '../../api/field-error.ts';
import { goQuote } from '../../api/go-text.ts';
import type { KubeObject, ObjectMeta } from '../../api/object.ts';
import { conflict, invalidError, notFoundError, StatusError } from '../../api/status.ts';
import { validateObjectMetaOnUpdate } from '../../api/validation/object-meta.ts';
import { StorageError } from '../storage/store.ts';
import type { Entry } from '../watch/entry.ts';
import { type RegistryDeps, strategyContext, type WriteRequest, type Written } from './context.ts';
import { createNamed } from './create.ts';
import { removeObject } from './delete.ts';
import { encoderFor, presented } from './encoding.ts';
import { interpret, optimisticLockMessage } from './interpret.ts';
import { metadataRules } from './metadata-rules.ts';
import { nextBatch } from './next-batch.ts';
import { dedupeOwnerReferences, ensureNamespace, metaOf } from './object-meta.ts';
import { encodeObject, groupResourceOf, keyOf, type StoredResource, withHead } from './resource.ts';
import type { UpdateStrategy } from './strategy.ts';

export interface UpdateSource {
  /**
   * The wanted object in the stored version, defaulted, made anew at each call; `old` is undefined when there is none.
   * Called again when another write came between.
   */
  transform(old: Readonly<KubeObject> | undefined): Promise<KubeObject> | KubeObject;
  /** The uid that the stored object must have, if the client named one. */
  readonly uid?: string | undefined;
  /** PATCH retries a conflict only while it named no resourceVersion; PUT decides by the object. */
  readonly forceAllowCreate?: boolean;
  /** PUT: what patches hold twice is still there twice when managers are told. */
  readonly isWhole?: boolean;
}

/** PUT, PATCH and updates of subresources. */
export async function updateObject(
  deps: RegistryDeps,
  stored: StoredResource,
  name: string,
  source: UpdateSource,
  request: WriteRequest,
): Promise<Written> {
  const key = keyOf(stored, request.namespace, name);
  for (;;) {
    if (stored.form?.caughtUp !== undefined) await stored.form.caughtUp();
    const entry = stored.cache.entries.get(key);
    if (entry === undefined) return createInstead(deps, stored, name, source, request);
    try {
      return await updateOnce(deps, stored, { entry, name, source, request });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code !== 'RevisionConflict' && error.code !== 'KeyNotFound') throw interpret(error, stored, name);
      // Another write of this object is queued: what it left decides what to do next.
      if (stored.cache.entries.get(key)?.revision === entry.revision) await nextBatch(deps);
    }
  }
}

/** Upstream's storage says it in its own words, with its own key; dry runs end before its prefix is added. */
function uidMismatch(
  stored: StoredResource,
  key: string,
  { wanted, found, dryRun }: { readonly wanted: string; readonly found: string; readonly dryRun: boolean },
): StatusError {
  const group = stored.form === undefined ? '' : `/${stored.group}`;
  const path = `${dryRun ? '' : '/registry'}${group}/${stored.resource}/${key.slice(stored.prefix.length)}`;
  const why = `StorageError: invalid object, Code: 4, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`;
  return conflict(groupResourceOf(stored), key.slice(key.lastIndexOf('/') + 1), why);
}

async function createInstead(
  deps: RegistryDeps,
  stored: StoredResource,
  name: string,
  source: UpdateSource,
  request: WriteRequest,
): Promise<Written> {
  const may =
    source.forceAllowCreate === true || (stored.strategy.allowCreateOnUpdate === true && request.subresource === '');
  if (!may) throw notFoundError(groupResourceOf(stored), name);
  if (source.uid !== undefined && source.uid !== '') {
    throw uidMismatch(stored, keyOf(stored, request.namespace, name), {
      wanted: source.uid,
      found: '',
      dryRun: request.dryRun,
    });
  }
  const object = await source.transform(undefined);
  const meta = metaOf(object);
  revisionOf(meta);
  meta.resourceVersion = undefined;
  ensureNamespace(stored, meta, request.namespace);
  meta.managedFields = await request.manage?.(undefined, object);
  meta.selfLink = undefined;
  await request.admission.mutate('CREATE', object, undefined);
  return createNamed(deps, stored, object, request);
}

interface Attempt {
  readonly entry: Entry;
  readonly name: string;
  readonly source: UpdateSource;
  readonly request: WriteRequest;
}

async function updateOnce(deps: RegistryDeps, stored: StoredResource, attempt: Attempt): Promise<Written> {
  const { entry, name, source, request } = attempt;
  const old = stored.cache.objectOf(entry);
  const oldMeta = old.metadata ?? {};
  if (source.uid !== undefined && source.uid !== '' && source.uid !== oldMeta.uid) {
    throw uidMismatch(stored, entry.key, { wanted: source.uid, found: oldMeta.uid ?? '', dryRun: request.dryRun });
  }
  const object = await source.transform(old);
  const meta = metaOf(object);
  ensureNamespace(stored, meta, request.namespace);
  if (source.isWhole === true) dedupeOwnerReferences(meta, request, false);
  meta.managedFields = request.manage === undefined ? oldMeta.managedFields : await request.manage(old, object);
  dedupeOwnerReferences(meta, request, false);
  await request.admission.mutate('UPDATE', object, old);
  ensureNamespace(stored, metaOf(object), request.namespace);
  dedupeOwnerReferences(metaOf(object), request, true);
  // A request that changes nothing else does not renew times either.
  metaOf(object).managedFields = keepTimes(old, object);
  checkResourceVersion(stored, name, metaOf(object), oldMeta);

  const { strategy } = stored;
  const transaction =
    request.subresource === ''
      ? await strategy.beginUpdate?.(object, old, deps.strategyDeps, request.dryRun)
      : undefined;
  let done = false;
  try {
    prepareAndValidate(deps, stored, object, old, request);
    await request.admission.validate('UPDATE', object, old);
    const written = await commit(deps, stored, { entry, object, old, request });
    done = !request.dryRun;
    return written;
  } finally {
    if (done) await transaction?.commit?.();
    else await transaction?.revert?.();
  }
}

function revisionOf({ resourceVersion = '' }: ObjectMeta): bigint {
  if (resourceVersion === '') return 0n;
  if (/^\d+$/.test(resourceVersion)) return BigInt(resourceVersion);
  throw new StatusError('', `strconv.ParseUint: parsing ${goQuote(resourceVersion)}: invalid syntax`);
}

function checkResourceVersion(stored: StoredResource, name: string, meta: ObjectMeta, oldMeta: ObjectMeta): void {
  const wanted = meta.resourceVersion ?? '';
  if (revisionOf(meta) === 0n) {
    if (stored.strategy.allowUnconditionalUpdate !== false) {
      meta.resourceVersion = oldMeta.resourceVersion;
      return;
    }
    const error = invalid(FieldPath.of('metadata', 'resourceVersion'), 0, 'must be specified for an update');
    throw invalidError({ group: stored.group, kind: stored.resource }, name, [error]);
  }
  if (!/^\d+$/.test(wanted))
    throw new StatusError('', `strconv.ParseUint: parsing ${JSON.stringify(wanted)}: invalid syntax`);
  if (wanted !== oldMeta.resourceVersion) throw conflict(groupResourceOf(stored), name, optimisticLockMessage);
}

function strategyFor(stored: StoredResource, subresource: string): UpdateStrategy {
  return subresource === '' ? stored.strategy : (stored.strategy.subresources?.[subresource] ?? {});
}

function prepareAndValidate(
  deps: RegistryDeps,
  stored: StoredResource,
  object: KubeObject,
  old: Readonly<KubeObject>,
  request: WriteRequest,
): void {
  const strategy = strategyFor(stored, request.subresource);
  const context = strategyContext(deps, request);
  const meta = metaOf(object);
  const oldMeta = old.metadata ?? {};
  meta.generation = oldMeta.generation;
  strategy.prepareForUpdate?.(object, old, context);
  if (stored.strategy.generation === true && specChanged(stored, object, old))
    meta.generation = (oldMeta.generation ?? 0) + 1;
  if ((meta.uid ?? '') === '') meta.uid = oldMeta.uid;
  meta.creationTimestamp = oldMeta.creationTimestamp ?? meta.creationTimestamp;
  meta.deletionTimestamp = oldMeta.deletionTimestamp ?? meta.deletionTimestamp;
  meta.deletionGracePeriodSeconds ??= oldMeta.deletionGracePeriodSeconds;
  const rules = metadataRules(stored);
  const errors = [
    ...validateObjectMetaOnUpdate(meta, oldMeta, rules, FieldPath.of('metadata')),
    ...(strategy.validateUpdate?.(object, old, context) ?? []),
  ];
  // Of a custom resource the kind that the object names.
  const kind = stored.form === undefined ? stored.kind : (object.kind ?? stored.kind);
  if (errors.length > 0) throw invalidError({ group: stored.group, kind }, meta.name ?? '', errors);
  for (const text of strategy.warningsOnUpdate?.(object, old) ?? []) request.warn(text);
}

function specChanged(stored: StoredResource, object: KubeObject, old: Readonly<KubeObject>): boolean {
  const { generationChanged } = stored.strategy;
  if (generationChanged !== undefined) return generationChanged.call(stored.strategy, object, old);
  return !semanticEqual((object as { spec?: unknown }).spec, (old as { spec?: unknown }).spec);
}

interface Commit {
  readonly entry: Entry;
  readonly object: KubeObject;
  readonly old: Readonly<KubeObject>;
  readonly request: WriteRequest;
}

async function commit(
  deps: RegistryDeps,
  stored: StoredResource,
  { entry, object: given, old, request }: Commit,
): Promise<Written> {
  const object = withHead(given, stored);
  if (emptiesFinalizers(stored, object, old)) {
    if (!request.dryRun) await removeObject(deps, stored, entry, object);
    return { object, value: encodeObject(stored, object), created: false };
  }
  // Nothing changed: nothing is written and the revision stays.
  const isUnchanged = stored.form === undefined ? isSame(object, old) : equalJson(object, old);
  if (isUnchanged && stored.form?.isCurrent(entry.key) !== false)
    return { object: old, value: entry.value, created: false };
  if (request.dryRun) return { object, value: encodeObject(stored, object), created: false };
  const encode = encoderFor(stored, object);
  const row = await deps.store.update(entry.key, entry.revision, encode instanceof Promise ? await encode : encode);
  return { object, value: stored.form === undefined ? row.value : await presented(stored, row), created: false };
}

/** Sets of fields are compared to the letter: an empty object there means that a field is owned. */
function isSame(object: Readonly<KubeObject>, old: Readonly<KubeObject>): boolean {
  const now = object.metadata?.managedFields;
  const before = old.metadata?.managedFields;
  return (now === before || equalJson(now, before)) && semanticEqual(object, old);
}

/** The last finalizer of an object that is being deleted went away: the object goes too. */
function emptiesFinalizers(stored: StoredResource, object: KubeObject, old: Readonly<KubeObject>): boolean {
  if ((object.metadata?.finalizers ?? []).length > 0) return false;
  if (old.metadata?.deletionTimestamp === undefined) return false;
  if ((old.metadata.deletionGracePeriodSeconds ?? 0) !== 0) return false;
  return stored.strategy.isHeldByFinalizers?.(object) !== true;
}
