import { difference, type FieldSet, fieldSetOf, hasPath, isEmptyFieldSet } from './field-set.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  isSameManager,
  type ManagedFields,
  type Manager,
} from './managers.ts';
import type { PathKey } from './path-element.ts';

/** Where a resource keeps its number of replicas, by its versions; an entry of a version that is not there is dropped. */
export type ReplicasPaths = Readonly<Record<string, readonly PathKey[]>>;

export const specReplicas: readonly PathKey[] = ['f:spec', 'f:replicas'];
const scaleVersion = 'autoscaling/v1';
const scaleFields: FieldSet = fieldSetOf(specReplicas);

function decoded(entries: ManagedFields | undefined): readonly Manager[] {
  const result = decodeManagedFields(entries);
  return 'problem' in result ? [] : result.managers;
}

/** The entry of the resource stands for the scale where it is of the same manager, whatever the version. */
function inScale(manager: Manager): Manager {
  const { entry: _, ...rest } = manager;
  return { ...rest, apiVersion: scaleVersion, fields: scaleFields };
}

/** The managedFields of a Scale: of those who manage the replicas of the resource. */
export function toScaleManagedFields(
  parent: ManagedFields | undefined,
  paths: ReplicasPaths,
): ManagedFields | undefined {
  const managers = decoded(parent).filter(({ apiVersion, fields }) => hasPath(fields, paths[apiVersion] ?? []));
  return encodeManagedFields(managers.map(inScale));
}

/**
 * The managedFields of the resource after its Scale was written, in the version under which the scale is served. As
 * upstream does it, an updater is not found again by the version of the scale, and what comes from it has no time.
 */
export function fromScaleManagedFields(
  parent: ManagedFields | undefined,
  scale: ManagedFields | undefined,
  apiVersion: string,
  paths: ReplicasPaths,
): ManagedFields | undefined {
  const scalers = new Set(decoded(scale));
  const kept: Manager[] = [];
  const parents = decoded(parent);
  for (const manager of parents) {
    const path = paths[manager.apiVersion];
    if (path === undefined) continue;
    if (!hasPath(manager.fields, path)) {
      kept.push(manager);
      continue;
    }
    const same = [...scalers].find((scaler) => isSameManager(scaler, manager));
    if (same !== undefined) {
      scalers.delete(same);
      kept.push(manager);
      continue;
    }
    const fields = difference(manager.fields, fieldSetOf(path));
    if (!isEmptyFieldSet(fields)) kept.push({ ...manager, fields });
  }
  for (const scaler of scalers) {
    if (!hasPath(scaler.fields, specReplicas)) continue;
    const { entry: _, ...rest } = scaler;
    const time = parents.find((manager) => isSameManager(manager, scaler))?.time;
    kept.push({ ...rest, apiVersion, time, fields: fieldSetOf(paths[apiVersion] ?? specReplicas) });
  }
  return encodeManagedFields(kept);
}
