import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/status.ts';
import { admitAll, type RegistryDeps } from '../registry/context.ts';
import { deleteObject } from '../registry/delete.ts';
import { selfUser } from '../registry/local-access.ts';
import type { StoredResource } from '../registry/resource.ts';
import type { ResourceCache } from '../watch/resource-cache.ts';

const atATime = 100;

/** Deletes all objects of a custom resource and waits until they are gone; false: some are left. */
export async function removeAll(
  deps: RegistryDeps,
  stored: StoredResource,
  rows: ResourceCache,
  timeoutMs: number,
): Promise<boolean> {
  const entries = [...rows.entries.range(rows.prefix)];
  for (let i = 0; i < entries.length; i += atATime) {
    await Promise.all(
      entries.slice(i, i + atATime).map(async ({ namespace, name }) => {
        const request = {
          user: selfUser,
          namespace,
          dryRun: false,
          subresource: '',
          admission: admitAll,
          warn: () => undefined,
        };
        try {
          await deleteObject(deps, stored, name, {}, request);
        } catch (error) {
          if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
        }
      }),
    );
  }
  return becomesEmpty(rows, deps.clock, timeoutMs);
}

function becomesEmpty(rows: ResourceCache, clock: Clock, timeoutMs: number): Promise<boolean> {
  if (rows.entries.size === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (isEmpty: boolean): void => {
      stop();
      timer.cancel();
      resolve(isEmpty);
    };
    const stop = rows.listen({}, () => {
      if (rows.entries.size === 0) finish(true);
    });
    const timer = clock.after(timeoutMs, () => finish(false));
  });
}
