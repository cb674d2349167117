import type { DeleteOptions as ClientDeleteOptions } from '../../api/client.ts';
import { toTime } from '../../api/clock.ts';
import { cloneJson } from '../../api/clone.ts';
import type { KubeObject, ObjectMeta } from '../../api/object.ts';
import { conflict, notFoundError, type StatusError } from '../../api/status.ts';
import { StorageError } from '../storage/store.ts';
import type { Entry } from '../watch/entry.ts';
import type { RegistryDeps, WriteRequest } from './context.ts';
import { encoderFor, presented } from './encoding.ts';
import { interpret } from './interpret.ts';
import { nextBatch } from './next-batch.ts';
import { metaOf } from './object-meta.ts';
import { encodeObject, groupResourceOf, keyOf, type StoredResource } from './resource.ts';

export interface DeleteOptions extends ClientDeleteOptions {
  /** The older form of propagationPolicy. */
  readonly orphanDependents?: boolean;
}

export interface Deleted {
  /** False: the object stays for now, marked with a deletionTimestamp. */
  readonly gone: boolean;
  readonly object: Readonly<KubeObject>;
  readonly value: Uint8Array;
}

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

export async function deleteObject(
  deps: RegistryDeps,
  stored: StoredResource,
  name: string,
  options: DeleteOptions,
  request: WriteRequest,
): Promise<Deleted> {
  const key = keyOf(stored, request.namespace, name);
  for (;;) {
    if (stored.form?.caughtUp !== undefined) await stored.form.caughtUp();
    const entry = stored.cache.entries.get(key);
    if (entry === undefined) throw notFoundError(groupResourceOf(stored), name);
    try {
      return await deleteOnce(deps, stored, { entry, name, options, request });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code !== 'RevisionConflict' && error.code !== 'KeyNotFound') throw interpret(error, stored, name);
      if (stored.cache.entries.get(key)?.revision === entry.revision) await nextBatch(deps);
    }
  }
}

interface Attempt {
  readonly entry: Entry;
  readonly name: string;
  readonly options: DeleteOptions;
  readonly request: WriteRequest;
}

async function deleteOnce(
  deps: RegistryDeps,
  stored: StoredResource,
  { entry, name, options, request }: Attempt,
): Promise<Deleted> {
  const old = stored.cache.objectOf(entry);
  checkPreconditions(stored, name, old.metadata ?? {}, options);
  const changed = cloneJson(old);
  const meta = metaOf(changed);
  const grace = graceOf(deps, stored, changed, options);
  if (grace === 'pending') return { gone: false, object: old, value: entry.value };
  await request.admission.mutate('DELETE', undefined, old);
  await request.admission.validate('DELETE', undefined, old);

  if (stored.strategy.markForDeletion !== undefined && meta.deletionTimestamp === undefined) {
    stored.strategy.markForDeletion(changed, deps.clock.now());
    return keep(deps, stored, entry, changed, request);
  }
  meta.finalizers = finalizersFor(stored, meta, options);
  const held = (meta.finalizers?.length ?? 0) > 0 || stored.strategy.isHeldByFinalizers?.(changed) === true;
  if (grace === 'now' && !held) return remove(deps, stored, entry, old, request);
  if (grace === 'now') markDeleting(deps, meta);
  else if (!held && meta.deletionGracePeriodSeconds === 0) return remove(deps, stored, entry, changed, request);
  stored.strategy.prepareForDelete?.(changed);
  if (sameState(old, changed)) return { gone: false, object: old, value: entry.value };
  return keep(deps, stored, entry, changed, request);
}

/** The object stays, marked. */
async function keep(
  deps: RegistryDeps,
  stored: StoredResource,
  entry: Entry,
  changed: KubeObject,
  request: WriteRequest,
): Promise<Deleted> {
  if (request.dryRun) return { gone: false, object: changed, value: encodeObject(stored, changed) };
  const encode = encoderFor(stored, changed);
  const row = await deps.store.update(entry.key, entry.revision, encode instanceof Promise ? await encode : encode);
  return { gone: false, object: changed, value: await presented(stored, row) };
}

function sameState(old: Readonly<KubeObject>, changed: KubeObject): boolean {
  return JSON.stringify(old) === JSON.stringify(changed);
}

async function remove(
  deps: RegistryDeps,
  stored: StoredResource,
  entry: Entry,
  last: Readonly<KubeObject>,
  request: WriteRequest,
): Promise<Deleted> {
  if (request.dryRun) return { gone: true, object: last, value: encodeObject(stored, last) };
  const object = cloneJson(last);
  const value = await removeObject(deps, stored, entry, object);
  return { gone: true, object, value };
}

/** Takes the object out of the store; `last` becomes its last state, carrying the revision of the deletion. */
export async function removeObject(
  deps: RegistryDeps,
  stored: StoredResource,
  entry: Entry,
  last: KubeObject,
): Promise<Uint8Array> {
  const encode = encoderFor(stored, last);
  const row = await deps.store.delete(entry.key, entry.revision, encode instanceof Promise ? await encode : encode);
  await stored.strategy.afterDelete?.(last, deps.strategyDeps);
  return presented(stored, row);
}

/** Throws Conflict where the object is not the one, or not the version, that was asked for. */
export function checkPreconditions(
  stored: StoredResource,
  name: string,
  meta: ObjectMeta,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  if (stored.strategy.markForDeletion !== undefined) {
    const refuse = (what: string, wanted: string, found: string | undefined): StatusError =>
      conflict(
        groupResourceOf(stored),
        name,
        `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
      );
    if (uid !== undefined && uid !== meta.uid) throw refuse('UID', uid, meta.uid);
    if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion)
      throw refuse('ResourceVersion', resourceVersion, meta.resourceVersion);
    return;
  }
  const target = { group: stored.group, resource: stored.kind };
  if (uid !== undefined && uid !== meta.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${meta.uid}). The object might have been deleted and then recreated`;
    throw conflict(target, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${meta.resourceVersion}). The object might have been modified`;
    throw conflict(target, name, why);
  }
}

/**
 * Decides between deleting now, waiting for the one who acts on the grace period (`graceful`: `object` is marked), and an earlier
 * deletion that is still running (`pending`: nothing to do).
 */
function graceOf(
  deps: RegistryDeps,
  stored: StoredResource,
  object: KubeObject,
  options: DeleteOptions,
): 'now' | 'graceful' | 'pending' {
  const { strategy } = stored;
  if (strategy.gracePeriodSeconds === undefined) return 'now';
  const meta = metaOf(object);
  // Upstream treats a negative grace period as one second.
  const requested =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  const now = deps.clock.now();
  if (meta.deletionTimestamp !== undefined) {
    const current = meta.deletionGracePeriodSeconds ?? 0;
    if (current === 0) return 'now';
    if (requested === undefined || requested >= current) return 'pending';
    const moved = Date.parse(meta.deletionTimestamp) - current * 1000 + requested * 1000;
    meta.deletionTimestamp = toTime(Math.max(moved, now));
    meta.deletionGracePeriodSeconds = moved < now && requested !== 0 ? 1 : requested;
    return 'graceful';
  }
  const seconds = strategy.gracePeriodSeconds(object, requested);
  meta.deletionTimestamp = toTime(now + seconds * 1000);
  meta.deletionGracePeriodSeconds = seconds;
  if ((meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
  return 'graceful';
}

/** For kinds without graceful deletion that finalizers hold. */
function markDeleting(deps: RegistryDeps, meta: ObjectMeta): void {
  const now = deps.clock.now();
  if (meta.deletionTimestamp === undefined && (meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
  if (meta.deletionTimestamp === undefined || Date.parse(meta.deletionTimestamp) > now)
    meta.deletionTimestamp = toTime(now);
  meta.deletionGracePeriodSeconds = 0;
}

function finalizersFor(stored: StoredResource, meta: ObjectMeta, options: DeleteOptions): string[] | undefined {
  const policy = propagationOf(stored, meta, options);
  const kept = (meta.finalizers ?? []).filter((f) => f !== orphanFinalizer && f !== foregroundFinalizer);
  if (policy === 'Orphan') kept.push(orphanFinalizer);
  if (policy === 'Foreground') kept.push(foregroundFinalizer);
  const old = meta.finalizers ?? [];
  if (old.length === kept.length && old.every((f) => kept.includes(f))) return meta.finalizers;
  return kept.length === 0 ? undefined : kept;
}

function propagationOf(
  stored: StoredResource,
  meta: ObjectMeta,
  options: DeleteOptions,
): 'Background' | 'Foreground' | 'Orphan' {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (meta.finalizers?.includes(orphanFinalizer)) return 'Orphan';
  if (meta.finalizers?.includes(foregroundFinalizer)) return 'Foreground';
  return stored.strategy.defaultPropagation ?? 'Background';
}
