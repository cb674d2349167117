import type { KubeObject } from '../../api/object.ts';
import type { StoredResource } from './resource.ts';

/**
 * All objects of a resource, for those who make something of them and keep it: the answer is the same array until one of them changes.
 */
export function keptList<T extends KubeObject>(stored: () => StoredResource | undefined): () => readonly Readonly<T>[] {
  let objects: readonly Readonly<T>[] = [];
  let seen: { readonly cache: StoredResource['cache']; readonly changeCount: number } | undefined;
  return () => {
    const cache = stored()?.cache;
    if (cache === undefined) return objects;
    if (seen?.cache === cache && seen.changeCount === cache.changeCount) return objects;
    seen = { cache, changeCount: cache.changeCount };
    objects = [...cache.entries.range(cache.prefix)].map((entry) => cache.objectOf(entry) as Readonly<T>);
    return objects;
  };
}
