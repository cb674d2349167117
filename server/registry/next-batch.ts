import type { RegistryDeps } from './context.ts';

const retryAfterConflictMs = 1000;

/** Resolves when the next batch was synced, or after a while when it failed. */
export async function nextBatch(deps: RegistryDeps): Promise<void> {
  let cancel = (): void => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = deps.clock.after(retryAfterConflictMs, resolve).cancel;
  });
  await Promise.race([deps.caches.waitFor(deps.store.revision + 1), late]);
  cancel();
}
