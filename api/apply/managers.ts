import type { ObjectMeta } from '../object.ts';
import { type FieldSet, isEmptyFieldSet, parseFieldSet, union } from './field-set.ts';

export type ManagedFields = NonNullable<ObjectMeta['managedFields']>;
export type ManagedFieldsEntry = ManagedFields[number];
export type Operation = 'Apply' | 'Update';

/** One manager of an object and the fields that it has. */
export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** The entry it was read from, while nothing has changed. */
  readonly entry?: ManagedFieldsEntry;
}

export interface ManagerIdentity {
  readonly name: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
}

/** Who applies is the same manager whatever the version; who updates is not. */
export function isSameManager(a: ManagerIdentity, b: ManagerIdentity): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/** Upstream's identifier of a manager, by which ties and conflicts are ordered. */
export function managerIdentifier(manager: ManagerIdentity): string {
  const { name, operation, apiVersion, subresource } = manager;
  return JSON.stringify({
    ...(name === '' ? {} : { manager: name }),
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });
}

export type Decoded = { readonly managers: Manager[] } | { readonly problem: string };

function entryProblem(entry: ManagedFieldsEntry, index: number): string | undefined {
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') return 'operation must be `Apply` or `Update`';
  if (entry.apiVersion === undefined || entry.apiVersion === '') return 'apiVersion must not be empty';
  if (entry.fieldsType === 'FieldsV1') return undefined;
  return entry.fieldsType === undefined || entry.fieldsType === ''
    ? `missing fieldsType in managed fields entry ${index}`
    : `invalid fieldsType "${entry.fieldsType}" in managed fields entry ${index}`;
}

/** Reads managedFields as they stand in an object, written by whomever. */
export function decodeManagedFields(
  entries: ManagedFields | undefined,
  parse: (value: unknown) => FieldSet | undefined = parseFieldSet,
): Decoded {
  const managers: Manager[] = [];
  for (const [index, entry] of (entries ?? []).entries()) {
    const problem = entryProblem(entry, index);
    if (problem !== undefined) return { problem };
    const fields = parse(entry.fieldsV1);
    if (fields === undefined) return { problem: `error decoding versioned set from entry ${index}` };
    const manager: Manager = {
      name: entry.manager ?? '',
      operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion: entry.apiVersion ?? '',
      subresource: entry.subresource ?? '',
      time: entry.time,
      fields,
      entry,
    };
    const same = managers.findIndex((other) => isSameManager(other, manager));
    if (same === -1) managers.push(manager);
    else managers[same] = manager;
  }
  return { managers };
}

function encodeManager(manager: Manager): ManagedFieldsEntry {
  const { entry, fields, time } = manager;
  if (entry !== undefined && entry.fieldsV1 === fields && entry.time === time) return entry;
  return {
    ...(manager.name === '' ? {} : { manager: manager.name }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields as NonNullable<ManagedFieldsEntry['fieldsV1']>,
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  };
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function compareTimes(a: string | undefined, b: string | undefined): number {
  return a === b ? 0 : seconds(a) - seconds(b);
}

/** Appliers before updaters, then by time and name. Nothing of nothing: an object without managers has no list. */
export function encodeManagedFields(managers: readonly Manager[]): ManagedFields | undefined {
  if (managers.length === 0) return undefined;
  return [...managers]
    .sort(
      (a, b) =>
        compareText(a.operation, b.operation) ||
        compareTimes(a.time, b.time) ||
        compareText(a.name, b.name) ||
        compareText(a.apiVersion, b.apiVersion) ||
        compareText(a.subresource, b.subresource),
    )
    .map(encodeManager);
}

const mostUpdaters = 10;

/** At most ten updaters: the oldest of one version are laid together under the name of `ancient-changes`. */
export function capUpdaters(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update');
  let excess = updaters.length - mostUpdaters;
  if (excess <= 0) return managers;
  updaters.sort((a, b) => compareTimes(a.time, b.time) || compareText(managerIdentifier(a), managerIdentifier(b)));
  const kept = new Set(managers);
  const oldest = new Map<string, Manager>();
  const buckets = new Map<string, Manager>();
  for (const updater of updaters) {
    if (excess <= 0) break;
    const { apiVersion } = updater;
    const first = oldest.get(apiVersion);
    if (first === undefined) {
      oldest.set(apiVersion, updater);
      continue;
    }
    const identity = { name: 'ancient-changes', operation: 'Update' as const, apiVersion, subresource: '' };
    const bucket = buckets.get(apiVersion) ?? managers.find((manager) => isSameManager(manager, identity)) ?? first;
    const merged = { ...identity, time: updater.time, fields: union(updater.fields, bucket.fields) };
    kept.delete(bucket);
    kept.delete(updater);
    kept.add(merged);
    buckets.set(apiVersion, merged);
    excess--;
  }
  return [...kept];
}

/** An empty list, or one empty entry, asks for the managers to be forgotten. */
export function isReset(entries: ManagedFields | undefined): boolean {
  if (entries === undefined) return false;
  if (entries.length === 0) return true;
  const [only] = entries;
  return (
    entries.length === 1 &&
    only !== undefined &&
    Object.values(only).every((value) => value === undefined || value === '')
  );
}

export function withoutEmpty(managers: readonly Manager[]): Manager[] {
  return managers.filter(({ fields }) => !isEmptyFieldSet(fields));
}
