import { MemoryLevel } from 'memory-level';
import type { Clock } from '../../api/clock.ts';
import { openRevisionedStore } from './revisioned-store.ts';
import { levelDatabase, type RowDriver } from './row-database.ts';
import type { ObjectStore } from './store.ts';

/** Objects that live as long as the process. */
export function openMemoryStore({ clock }: { readonly clock: Clock }): Promise<ObjectStore> {
  return openRevisionedStore(memoryDriver(), clock);
}

/** One database however often it is opened: opening it anew must not lose what it holds. */
export function memoryDriver(): RowDriver {
  const level = new MemoryLevel<string, Uint8Array>({
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    storeEncoding: 'view',
  });
  return {
    async open() {
      await level.open();
      return levelDatabase(level);
    },
    hasRoom: async () => true,
  };
}
