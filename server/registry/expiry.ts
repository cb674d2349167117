import type { Clock } from '../../api/clock.ts';
import { cloneJson } from '../../api/clone.ts';
import { StorageError } from '../storage/store.ts';
import type { Entry } from '../watch/entry.ts';
import type { RegistryDeps } from './context.ts';
import { removeObject } from './delete.ts';
import type { StoredResource } from './resource.ts';

const sweepIntervalMs = 10_000;
// So that a backlog after a long stop does not become one huge batch.
const removalsPerSweep = 5000;

export interface ExpiryOptions {
  readonly deps: RegistryDeps;
  readonly clock: Clock;
  readonly stored: StoredResource;
  readonly ttlMs: number;
  onError(error: unknown): void;
}

/** Removes objects that were not written for the time to live. All live equally long, so the oldest write is always the first to go. */
export function createExpiry({ deps, clock, stored, ttlMs, onError }: ExpiryOptions): Disposable {
  const written: { readonly entry: Entry; readonly at: number }[] = [];
  let head = 0;
  const { cache } = stored;
  // After a start nothing says when an object was last written: it lives one time more.
  for (const entry of cache.entries.range(cache.prefix)) written.push({ entry, at: clock.now() });
  const stop = cache.listen({}, ({ type, entry }) => {
    if (type === 'put') written.push({ entry, at: clock.now() });
  });
  const sweep = async (): Promise<void> => {
    const due: Entry[] = [];
    const before = clock.now() - ttlMs;
    for (
      let next = written[head];
      next !== undefined && next.at <= before && due.length < removalsPerSweep;
      next = written[++head]
    ) {
      if (cache.entries.get(next.entry.key) === next.entry) due.push(next.entry);
    }
    if (head > 1024) {
      written.splice(0, head);
      head = 0;
    }
    await Promise.all(due.map((entry) => removeExpired(entry)));
  };
  const removeExpired = async (entry: Entry): Promise<void> => {
    try {
      await removeObject(deps, stored, entry, cloneJson(cache.objectOf(entry)));
    } catch (error) {
      // Somebody wrote or deleted it just now.
      if (!(error instanceof StorageError && (error.code === 'RevisionConflict' || error.code === 'KeyNotFound')))
        throw error;
    }
  };
  let timer = clock.after(sweepIntervalMs, tick);
  function tick(): void {
    sweep().catch(onError);
    timer = clock.after(sweepIntervalMs, tick);
  }
  return {
    [Symbol.dispose]() {
      timer.cancel();
      stop();
    },
  };
}
