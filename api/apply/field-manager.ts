import type { KubeObject } from '../object.ts';
import { StatusError } from '../status.ts';
import { equalJson } from './compare.ts';
import { conflictError, type FieldConflict, sortConflicts } from './conflict.ts';
import { equalFieldSets, type FieldSet, hasPath, isEmptyFieldSet, parseFieldSet, pathsOf } from './field-set.ts';
import { isObject, type JsonObject } from './field-type.ts';
import { fieldsOf } from './fields-of.ts';
import { clientAppliedFields, hasLastApplied, renewLastApplied } from './last-applied.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  isReset,
  isSameManager,
  type ManagedFields,
  type Manager,
  type ManagerIdentity,
} from './managers.ts';
import { merge } from './merge.ts';
import { reconcileManagers, takeFromOthers, updateOwnership, withoutUnmanaged } from './ownership.ts';
import { prune } from './prune.ts';
import { asJson, type FieldTarget, UnfitError, withoutIgnored } from './target.ts';
import { joinTypeErrors, typeErrors } from './validate.ts';

export interface UpdateRequest {
  readonly target: FieldTarget;
  /** The stored object; undefined for a create. */
  readonly live: KubeObject | undefined;
  /** The object to be stored, with the managedFields that the request gave it. */
  readonly next: KubeObject;
  readonly manager: string;
  /** RFC 3339 with whole seconds. */
  readonly time: string;
}

export interface ApplyRequest {
  readonly target: FieldTarget;
  /** The stored object; undefined where the apply creates it. */
  readonly live: KubeObject | undefined;
  /** The body as it was sent, not decoded: what it does not name it does not own. */
  readonly applied: unknown;
  readonly manager: string;
  readonly force: boolean;
  readonly time: string;
}

export interface Applied {
  /** To be decoded and defaulted; without managedFields, and sharing parts with the live object and the applied one. */
  readonly object: KubeObject;
  readonly managedFields: ManagedFields | undefined;
}

/** Keeps who manages which field. Remembers only which parsed sets it has already found in order. */
export interface FieldManager {
  /** The managedFields after a create, update or patch; `next` is not changed. */
  update(request: UpdateRequest): ManagedFields | undefined;
  /** Throws StatusError: conflicts, fields that the schema does not know, duplicates. */
  apply(request: ApplyRequest): Applied;
}

export function createFieldManager(): FieldManager {
  const known = new WeakMap<object, FieldSet>();

  const parse = (value: unknown): FieldSet | undefined => {
    if (typeof value !== 'object' || value === null) return parseFieldSet(value);
    const before = known.get(value);
    if (before !== undefined) return before;
    const set = parseFieldSet(value);
    if (set !== undefined) known.set(value, set);
    return set;
  };

  const encode = (managers: readonly Manager[]): ManagedFields | undefined => {
    for (const { fields } of managers) known.set(fields, fields);
    return encodeManagedFields(managers);
  };

  return {
    update(request) {
      try {
        return encode(updatedManagers(request, parse));
      } catch (error) {
        // Upstream drops what it cannot keep in order.
        if (error instanceof UnfitError) return encode([]);
        throw error;
      }
    },
    apply(request) {
      try {
        const { object, managers } = applyObject(request, parse);
        return { object: object as KubeObject, managedFields: encode(managers) };
      } catch (error) {
        throw error instanceof UnfitError ? failure(error.message) : error;
      }
    },
  };
}

type Parse = (value: unknown) => FieldSet | undefined;

function managersOf(entries: ManagedFields | undefined, parse: Parse): readonly Manager[] {
  const decoded = decodeManagedFields(entries, parse);
  return 'problem' in decoded ? [] : decoded.managers;
}

/** Those of the request, if it brings any that can be read; else those of the stored object. A subresource brings none. */
function startingManagers({ target, live, next }: UpdateRequest, parse: Parse): readonly Manager[] {
  const stored = () => managersOf(live?.metadata?.managedFields, parse);
  if (target.subresource !== '') return stored();
  const entries = next.metadata?.managedFields;
  if (isReset(entries)) return [];
  const given = entries === live?.metadata?.managedFields ? [] : managersOf(entries, parse);
  return given.length === 0 ? stored() : given;
}

function updatedManagers(request: UpdateRequest, parse: Parse): readonly Manager[] {
  const { target, live, next, manager: name, time } = request;
  const managers = startingManagers(request, parse);
  if (managers.length === 0 && live?.metadata?.uid !== undefined) return managers;
  const before = live === undefined ? target.empty : asJson(live);
  if (target.mayLackKeys === true && [before, asJson(next)].some((object) => lacksKeys(object, target))) return [];
  return updateOwnership(before, asJson(withoutManagedFields(next)), managers, { name, time }, target);
}

function keyErrors(object: JsonObject, target: FieldTarget): string[] {
  const type = target.type(target.apiVersion);
  return type === undefined ? [] : typeErrors(object, type).filter((error) => !error.includes('duplicate entries'));
}

function lacksKeys(object: JsonObject, target: FieldTarget): boolean {
  return keyErrors(object, target).length > 0;
}

function refuseUnkeyed(live: JsonObject, target: FieldTarget): void {
  const errors = keyErrors(live, target);
  if (errors.length === 0) return;
  const what = `failed to convert new object (${describeApplied(live)}) to smd typed`;
  throw failure(`failed to create manager for existing fields: ${what}: ${joinTypeErrors(errors)}`);
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

interface AppliedManagers {
  readonly object: JsonObject;
  readonly managers: readonly Manager[];
}

function failure(message: string): StatusError {
  return new StatusError('', message);
}

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
export function groupVersionKind(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

/** How messages name an applied object: `web/a; apps/v1, Kind=Deployment`. */
export function describeApplied(applied: unknown): string {
  const object = isObject(applied) ? applied : {};
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const gvk = groupVersionKind(String(object['apiVersion']), String(object['kind']));
  return `${metadata['namespace'] ?? ''}/${metadata['name'] ?? ''}; ${gvk}`;
}

/** What cannot be read as a group and version stands for no kind at all. */
function givenKind(apiVersion: unknown, kind: unknown): string {
  const version = typeof apiVersion === 'string' ? apiVersion : '';
  if (version.split('/').length > 2) return groupVersionKind('', '');
  return groupVersionKind(version, typeof kind === 'string' ? kind : '');
}

function checkApplied(applied: unknown, target: FieldTarget): JsonObject {
  const object = isObject(applied) ? applied : {};
  const { apiVersion, kind, metadata } = object;
  if (apiVersion !== target.apiVersion || kind !== target.kind) {
    throw new StatusError('BadRequest', `invalid object type: ${givenKind(apiVersion, kind)}`);
  }
  if (isObject(metadata) && Array.isArray(metadata['managedFields'])) {
    throw new StatusError('BadRequest', 'metadata.managedFields must be nil');
  }
  return object;
}

function applyObject(request: ApplyRequest, parse: Parse): AppliedManagers {
  const { target, manager: name, time } = request;
  const given = request.live?.metadata?.managedFields;
  const decoded = decodeManagedFields(given, parse);
  if ('problem' in decoded) throw failure(`failed to decode managed fields: ${decoded.problem}`);
  const applied = checkApplied(request.applied, target);
  const live = request.live === undefined ? target.empty : asJson(withoutManagedFields(request.live));
  let managers: readonly Manager[] = decoded.managers;
  if (managers.length === 0) {
    if (target.mayLackKeys === true) refuseUnkeyed(live, target);
    managers = updateOwnership(target.empty, live, managers, { name: 'before-first-apply', time }, target);
  }
  const result = applyOnce(live, applied, managers, request);
  if (name !== 'kubectl' || !hasLastApplied(result.object)) return result;
  return { ...result, object: renewLastApplied(result.object, applied) };
}

/** The applied object over the live one, without what the applier gave up, and everyone's sets. */
function applyOnce(
  live: JsonObject,
  applied: JsonObject,
  all: readonly Manager[],
  { target, manager, force, time }: ApplyRequest,
): AppliedManagers {
  const type = target.type(target.apiVersion);
  if (type === undefined)
    throw failure(`no corresponding type for ${groupVersionKind(target.apiVersion, target.kind)}`);
  const errors = typeErrors(applied, type);
  if (errors.length !== 0) {
    throw failure(`failed to create typed patch object (${describeApplied(applied)}): ${joinTypeErrors(errors)}`);
  }
  const { apiVersion, subresource } = target;
  const self: ManagerIdentity = {
    name: manager === '' ? 'unknown' : manager,
    operation: 'Apply',
    apiVersion,
    subresource,
  };
  const managers = reconcileManagers(all, target);
  const last = managers.find((other) => isSameManager(other, self));
  // Of a version that is served no more only the time counts.
  const lastTime = all.find((other) => isSameManager(other, self))?.time;
  const fields = withoutIgnored(fieldsOf(applied, type), target);
  const mine: Manager = { ...self, time: lastTime, fields };
  const next = [...managers.filter((other) => other !== last), mine];
  const object = prune(merge(live, applied, type) as JsonObject, next, last, target);
  const { managers: after, conflicts } = takeFromOthers(live, object, next, self, target);
  if (conflicts.length !== 0 && !force) refuseConflicts(conflicts, live, manager, target);
  const changed = !equalJson(live, object);
  const others = after.filter((manager) => manager !== mine);
  const kept = withoutUnmanaged(fields);
  if (isEmptyFieldSet(kept)) return { object, managers: others };
  const same = last?.apiVersion === apiVersion && equalFieldSets(last.fields, kept);
  const entry = same ? last : { ...self, fields: kept };
  return { object, managers: [...others, { ...entry, time: changed ? time : lastTime }] };
}

/** kubectl may take over, without force, what it applied on the client's side. */
function refuseConflicts(
  found: readonly { readonly manager: Manager; readonly fields: FieldSet }[],
  live: JsonObject,
  manager: string,
  target: FieldTarget,
): void {
  const conflicts = found.flatMap(({ manager: owner, fields }): FieldConflict[] =>
    pathsOf(fields).map((path) => ({ manager: owner, path })),
  );
  const allowed = manager === 'kubectl' ? clientAppliedFields(live, target) : {};
  const refused = conflicts.filter(({ path }) => !hasPath(allowed, path));
  if (refused.length !== 0) throw conflictError(sortConflicts(refused));
}

/** The old times where a request changed nothing but them: it must not lead to a write. */
export function keepTimes(before: KubeObject, after: KubeObject): ManagedFields | undefined {
  const old = before.metadata?.managedFields;
  const now = after.metadata?.managedFields;
  if (old === undefined || now === undefined || old.length !== now.length) return now;
  const timeless = (entries: ManagedFields) => entries.map((entry) => ({ ...entry, time: undefined }));
  if (now.every((entry, i) => entry.time === old[i]?.time) || !equalJson(timeless(old), timeless(now))) return now;
  return equalJson(asJson(withoutManagedFields(before)), asJson(withoutManagedFields(after))) ? old : now;
}
