import type { KubeObject } from '../../api/object.ts';
import type { StoredForm } from '../registry/stored-form.ts';
import type { Caches } from '../watch/caches.ts';
import type { Entry } from '../watch/entry.ts';
import type { CacheEvent, ResourceCache } from '../watch/resource-cache.ts';
import { createAsyncView } from './async-view.ts';
import { parseRow, type Translation } from './translation.ts';

/** The objects of a custom resource as the clients of one version see them. */
export interface View {
  readonly cache: ResourceCache;
  readonly form: StoredForm;
  /** Ends the watches. */
  close(): void;
  /** Nobody uses it any more. */
  detach(): void;
}

export interface ViewOptions {
  readonly caches: Caches;
  /** All rows, in whatever versions they are. */
  readonly rows: ResourceCache;
  readonly namespaced: boolean;
  readonly translation: Translation;
  /** Rows after this revision were written as they are to be read. */
  readonly soundAfter: number;
  /** What the version's objects become in the store. */
  toStored(object: KubeObject): KubeObject | Promise<KubeObject>;
  revision(): number;
}

/**
 * The view of the version in which objects are stored: the rows themselves, of which older ones are brought to what they read as.
 * Undefined while there are rows in other versions, which lose nothing by being shown in this one.
 */
export function createStoredView(options: ViewOptions): View | undefined {
  const { rows, translation, soundAfter } = options;
  const repaired = new Map<string, number>();
  const changed: Entry[] = [];
  for (const entry of rows.entries.range(rows.prefix)) {
    if (entry.revision > soundAfter) continue;
    const read = translation.isOwn(entry) ? translation.readNow(entry) : undefined;
    if (read === undefined) return undefined;
    if (read === entry) continue;
    repaired.set(entry.key, entry.revision);
    changed.push(rows.entryOf(read));
  }
  for (const entry of changed) rows.entries.set(entry);
  return {
    cache: rows,
    form: {
      toStored: (object) => options.toStored(object),
      present: (given) => translation.read(given),
      isCurrent: (key) => !repaired.has(key) || repaired.get(key) !== rows.entries.get(key)?.revision,
    },
    close: () => rows.close(),
    detach: () => undefined,
  };
}

/** The view of another version, kept beside the rows and fed by them. */
export function createVersionView(options: ViewOptions, storageVersion: string): View {
  const { caches, rows, namespaced, translation } = options;
  const isCurrent = (key: string): boolean => {
    const entry = rows.entries.get(key);
    return entry === undefined || parseRow(entry).apiVersion === storageVersion;
  };
  const cache = caches.view(rows.prefix, namespaced);
  const shared = {
    toStored: (object: KubeObject) => options.toStored(object),
    present: <T extends { readonly key: string; readonly value: Uint8Array }>(given: readonly T[]) =>
      translation.read(given),
    isCurrent,
  };
  if (!translation.isSynchronous) return createAsyncView({ ...options, cache, shared });
  for (const entry of rows.entries.range(rows.prefix)) {
    const read = translation.readNow(entry);
    if (read !== undefined) cache.entries.set(read === entry ? entry : rows.entryOf(read));
  }
  const detach = rows.listen({}, ({ type, entry }: CacheEvent) => {
    const read = translation.readNow(entry) ?? entry;
    cache.apply({ type, key: entry.key, revision: entry.revision, value: read.value });
  });
  return { cache, form: shared, close: () => cache.close(), detach };
}
