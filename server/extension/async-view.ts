import type { StoredForm } from '../registry/stored-form.ts';
import type { CacheEvent, ResourceCache } from '../watch/resource-cache.ts';
import type { View, ViewOptions } from './views.ts';

/** How many objects one conversion request carries. */
const maxBatch = 500;

export interface AsyncViewOptions extends ViewOptions {
  readonly cache: ResourceCache;
  readonly shared: Pick<StoredForm, 'toStored' | 'present' | 'isCurrent'>;
}

/**
 * A view whose objects a webhook converts: it follows the rows in their order, some time behind. Whoever reads waits until it has
 * caught up; a conversion that fails is tried again by the next reader, and until then nothing newer is shown.
 */
export function createAsyncView(options: AsyncViewOptions): View {
  const { rows, cache, translation, shared } = options;
  const pending: CacheEvent[] = [];
  let isLoaded = false;
  let running: Promise<void> | undefined;

  const load = async (): Promise<void> => {
    // What changes while the conversion runs comes as an event.
    pending.length = 0;
    const before = [...rows.entries.range(rows.prefix)];
    for (let i = 0; i < before.length; i += maxBatch) {
      const batch = await translation.read(before.slice(i, i + maxBatch));
      for (const row of batch) cache.entries.set(rows.entryOf(row));
    }
    isLoaded = true;
  };
  const follow = async (): Promise<void> => {
    if (!isLoaded) await load();
    while (pending.length > 0) {
      const batch = pending.slice(0, maxBatch);
      const read = await translation.read(batch.map(({ entry }) => entry));
      for (const [i, { type, entry }] of batch.entries()) {
        cache.apply({ type, key: entry.key, revision: entry.revision, value: (read[i] ?? entry).value });
      }
      pending.splice(0, batch.length);
    }
  };
  const start = (): Promise<void> => {
    running ??= follow().finally(() => {
      running = undefined;
    });
    return running;
  };
  const detach = rows.listen({}, (event) => {
    pending.push(event);
    // Watches wait for it; a failure is told to the next reader.
    if (isLoaded) start().catch(() => undefined);
  });
  return {
    cache,
    form: {
      ...shared,
      caughtUp: () => (isLoaded && pending.length === 0 ? undefined : start()),
      revision: () => (pending[0] === undefined ? options.revision() : pending[0].revision - 1),
    },
    close: () => cache.close(),
    detach,
  };
}
