import { keepTimes } from '../../api/apply/field-manager.ts';
import { cloneJson } from '../../api/clone.ts';
import { semanticEqual } from '../../api/equal.ts';
import type { KubeObject } from '../../api/object.ts';
import { notFoundError } from '../../api/status.ts';
import { StorageError } from '../storage/store.ts';
import type { RegistryDeps } from './context.ts';
import { encoderFor } from './encoding.ts';
import { interpret } from './interpret.ts';
import { nextBatch } from './next-batch.ts';
import { groupResourceOf, keyOf, type StoredResource, withHead } from './resource.ts';

export interface RewriteTarget {
  readonly namespace: string;
  readonly name: string;
  /** Where a client would write this: the server then manages what it changed. Absent: managers stay as they are. */
  readonly managedAt?: string;
}

/**
 * Changes a stored object below strategies, validation and admission, for actions of the server itself (bindings, evictions).
 * `change` sees the newest synced state and is called again when another write came between.
 */
export async function rewriteObject<T extends KubeObject>(
  deps: RegistryDeps,
  stored: StoredResource,
  at: RewriteTarget,
  change: (old: Readonly<T>) => T,
): Promise<T> {
  const key = keyOf(stored, at.namespace, at.name);
  for (;;) {
    const entry = stored.cache.entries.get(key);
    if (entry === undefined) throw notFoundError(groupResourceOf(stored), at.name);
    const old = stored.cache.objectOf(entry) as Readonly<T>;
    const object = withHead(cloneJson(change(old)), stored) as T;
    if (at.managedAt !== undefined && deps.own !== undefined) {
      const managedFields = await deps.own(stored, at.managedAt)(old, object);
      object.metadata = { ...object.metadata, managedFields };
      object.metadata.managedFields = keepTimes(old, object);
    }
    if (semanticEqual(object, old)) return object;
    try {
      const encode = encoderFor(stored, object);
      await deps.store.update(key, entry.revision, encode instanceof Promise ? await encode : encode);
      return object;
    } catch (error) {
      if (!(error instanceof StorageError && (error.code === 'RevisionConflict' || error.code === 'KeyNotFound')))
        throw interpret(error, stored, at.name);
      if (stored.cache.entries.get(key)?.revision === entry.revision) await nextBatch(deps);
    }
  }
}
