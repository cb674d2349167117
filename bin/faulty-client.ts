import type { ApiClient } from '../api/client.ts';
import type { GroupVersionResource, KubeObject } from '../api/object.ts';
import { StatusError } from '../api/status.ts';
import type { WatchEvent } from '../api/watch.ts';

const order = [
  'conflict',
  'timeout after commit',
  'too many',
  'internal',
  'timeout after commit',
  'refused',
  'conflict',
  'too many',
  'timeout after commit',
  'internal',
] as const;

/** One call of ten fails, before the server has heard of it or after it has done what was asked; one event of ten ends its watch. */
export function faulty(
  client: ApiClient,
  random: () => number,
): { readonly client: ApiClient; readonly faults: Map<string, number> } {
  const faults = new Map<string, number>();
  const fault = (name: string, error: Error): Error => {
    faults.set(name, (faults.get(name) ?? 0) + 1);
    return error;
  };
  let next = 0;
  const perhaps = async <T>(call: () => Promise<T>): Promise<T> => {
    if (random() >= 0.1) return call();
    // One after the other, so that a short run has all of them.
    const name = order[next++ % order.length];
    if (name === 'conflict') throw fault(name, new StatusError('Conflict', 'injected'));
    if (name === 'too many') throw fault(name, new StatusError('TooManyRequests', 'injected'));
    if (name === 'internal') throw fault(name, new StatusError('InternalError', 'injected'));
    if (name === 'refused') throw fault(name, new Error('injected: connection refused'));
    await call();
    throw fault('timeout after commit', new Error('injected: no answer'));
  };
  return {
    faults,
    client: {
      get: (...args) => perhaps(() => client.get(...args)),
      list: (...args) => perhaps(() => client.list(...args)),
      create: (...args) => perhaps(() => client.create(...args)),
      update: (...args) => perhaps(() => client.update(...args)),
      patch: (...args) => perhaps(() => client.patch(...args)),
      delete: (...args) => perhaps(() => client.delete(...args)),
      request: (...args) => perhaps(() => client.request(...args)),
      async *watch<T extends KubeObject>(
        resource: GroupVersionResource,
        options: Parameters<ApiClient['watch']>[1],
        signal: AbortSignal,
      ): AsyncGenerator<WatchEvent<T>> {
        for await (const event of client.watch<T>(resource, options, signal)) {
          const chance = random();
          if (chance < 0.06) {
            faults.set('watch ended', (faults.get('watch ended') ?? 0) + 1);
            return;
          }
          if (chance < 0.09) throw fault('watch broken', new Error('injected: connection lost'));
          if (chance < 0.1) throw fault('watch expired', new StatusError('Expired', 'injected'));
          yield event;
        }
      },
    },
  };
}
