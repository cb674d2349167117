import { type Comparison, compare } from './compare.ts';
import {
  difference,
  emptyFieldSet,
  type FieldSet,
  fieldSetOf,
  intersection,
  isEmptyFieldSet,
  union,
} from './field-set.ts';
import type { JsonObject } from './field-type.ts';
import { capUpdaters, isSameManager, type Manager, type ManagerIdentity, withoutEmpty } from './managers.ts';
import { reconcile } from './reconcile.ts';
import { type FieldTarget, inVersion, withoutIgnored, withoutIgnoredChanges } from './target.ts';

/** Fields that belong to the server or to the object as such: nobody manages them. */
const unmanaged: FieldSet = fieldSetOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
);

export function withoutUnmanaged(set: FieldSet): FieldSet {
  return difference(set, unmanaged);
}

/** Managers whose version is still served, with sets that fit the types of today. */
export function reconcileManagers(managers: readonly Manager[], target: FieldTarget): Manager[] {
  const kept: Manager[] = [];
  for (const manager of managers) {
    const type = target.type(manager.apiVersion);
    if (type === undefined) continue;
    const fields = reconcile(manager.fields, type);
    kept.push(fields === manager.fields ? manager : { ...manager, fields });
  }
  return kept;
}

export interface OthersAfter {
  /** Without those whose sets became empty. */
  readonly managers: Manager[];
  /** The comparison in the version of the request. */
  readonly comparison: Comparison;
  /** Who had fields that changed, and which. */
  readonly conflicts: { readonly manager: Manager; readonly fields: FieldSet }[];
}

/** Takes from all managers but one the fields that changed or went between two objects. */
export function takeFromOthers(
  before: JsonObject,
  after: JsonObject,
  managers: readonly Manager[],
  self: ManagerIdentity | undefined,
  target: FieldTarget,
): OthersAfter {
  const versions = new Map<string, Comparison | undefined>();
  const inItsVersion = (apiVersion: string): Comparison | undefined => {
    if (versions.has(apiVersion)) return versions.get(apiVersion);
    const old = inVersion(before, target.apiVersion, apiVersion, target);
    const now = inVersion(after, target.apiVersion, apiVersion, target);
    const comparison =
      old === undefined || now === undefined
        ? undefined
        : withoutIgnoredChanges(compare(old.object, now.object, old.type), target);
    versions.set(apiVersion, comparison);
    return comparison;
  };

  const conflicts: { manager: Manager; fields: FieldSet }[] = [];
  const kept: Manager[] = [];
  for (const manager of managers) {
    if (self !== undefined && isSameManager(manager, self)) {
      kept.push(manager);
      continue;
    }
    const comparison = inItsVersion(manager.apiVersion);
    if (comparison === undefined) continue;
    const taken = isEmptyFieldSet(comparison.changed)
      ? emptyFieldSet
      : intersection(manager.fields, comparison.changed);
    if (!isEmptyFieldSet(taken)) conflicts.push({ manager, fields: taken });
    const fields = difference(difference(manager.fields, taken), comparison.removed);
    kept.push(fields === manager.fields ? manager : { ...manager, fields });
  }
  const comparison = inItsVersion(target.apiVersion) ?? { changed: emptyFieldSet, removed: emptyFieldSet };
  return { managers: withoutEmpty(kept), comparison, conflicts };
}

/** What an update does to the managers: the updater takes over what it changed. */
export function updateOwnership(
  before: JsonObject,
  after: JsonObject,
  managers: readonly Manager[],
  updater: { readonly name: string; readonly time: string },
  target: FieldTarget,
): readonly Manager[] {
  const others = takeFromOthers(before, after, reconcileManagers(managers, target), undefined, target);
  const taken = withoutUnmanaged(withoutIgnored(others.comparison.changed, target));
  if (isEmptyFieldSet(taken)) return capUpdaters(others.managers);
  const { apiVersion, subresource } = target;
  const name = updater.name === '' ? 'unknown' : updater.name;
  const self: ManagerIdentity = { name, operation: 'Update', apiVersion, subresource };
  const previous = others.managers.find((manager) => isSameManager(manager, self));
  const fields = previous === undefined ? taken : union(taken, previous.fields);
  return capUpdaters([
    ...others.managers.filter((manager) => manager !== previous),
    { ...self, time: updater.time, fields },
  ]);
}
