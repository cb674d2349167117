import { cloneJson } from '../../api/clone.ts';
import type { KubeObject } from '../../api/object.ts';
import { badRequest } from '../../api/status.ts';
import { admitAll, type RegistryDeps, type WriteRequest } from './context.ts';
import { createObject } from './create.ts';
import { deleteObject } from './delete.ts';
import { keyOf, type StoredResource } from './resource.ts';
import type { ResourceTable } from './resources.ts';
import { rewriteObject } from './rewrite.ts';
import type { ClusterReader, ClusterRewriter, ClusterWriter } from './strategy.ts';
import { updateObject } from './update.ts';

/** Whose name stands behind the server's own writes. Upstream: the loopback client. */
export const selfUser = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] } as const;

function storedOf(table: ResourceTable, resource: string): StoredResource {
  const stored = table.stored(resource);
  if (stored === undefined) throw new Error(`no such resource: ${resource}`);
  return stored;
}

/** Reads from the caches. `table` is a function since strategies are wired before the table exists. */
export function createClusterReader(table: () => ResourceTable): ClusterReader {
  return {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) => {
      const stored = storedOf(table(), resource);
      const entry = stored.cache.entries.get(keyOf(stored, namespace, name));
      return entry === undefined ? undefined : (stored.cache.objectOf(entry) as Readonly<T>);
    },
    list: <T extends KubeObject>(resource: string, namespace?: string) => {
      const stored = storedOf(table(), resource);
      const prefix = namespace === undefined || !stored.namespaced ? stored.prefix : `${stored.prefix}${namespace}/`;
      return [...stored.cache.entries.range(prefix)].map((entry) => stored.cache.objectOf(entry) as Readonly<T>);
    },
  };
}

function ownRequest(deps: RegistryDeps, stored: StoredResource, namespace: string): WriteRequest {
  const manage = deps.own?.(stored, '');
  return {
    user: selfUser,
    namespace,
    dryRun: false,
    subresource: '',
    admission: admitAll,
    warn: () => undefined,
    ...(manage === undefined ? {} : { manage }),
  };
}

/** Writes of the server itself: strategy and validation, no admission. */
export function createClusterWriter(table: () => ResourceTable, deps: () => RegistryDeps): ClusterWriter {
  return {
    create: async <T extends KubeObject>(resource: string, namespace: string, object: T) => {
      const stored = storedOf(table(), resource);
      const copy = cloneJson(object);
      stored.strategy.applyDefaults?.(copy);
      const written = await createObject(deps(), stored, copy, ownRequest(deps(), stored, namespace));
      return written.object as Readonly<T>;
    },
    update: async <T extends KubeObject>(resource: string, namespace: string, object: T) => {
      const name = object.metadata?.name;
      if (name === undefined) throw badRequest('name is required');
      const stored = storedOf(table(), resource);
      const source = { transform: () => cloneJson(object) };
      const written = await updateObject(deps(), stored, name, source, ownRequest(deps(), stored, namespace));
      return written.object as Readonly<T>;
    },
    delete: async (resource, namespace, name) => {
      const stored = storedOf(table(), resource);
      await deleteObject(deps(), stored, name, {}, ownRequest(deps(), stored, namespace));
    },
  };
}

export function createClusterRewriter(table: () => ResourceTable, deps: () => RegistryDeps): ClusterRewriter {
  return {
    rewrite: async (resource, namespace, name, change, managedAt) =>
      rewriteObject(
        deps(),
        storedOf(table(), resource),
        { namespace, name, ...(managedAt === undefined ? {} : { managedAt }) },
        change,
      ),
  };
}
