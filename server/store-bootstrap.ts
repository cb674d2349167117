import { semanticEqual } from '../api/equal.ts';
import type { KubeObject } from '../api/object.ts';
import { type BootstrapFields, bootstrapManagers } from './bootstrap/bootstrap-managers.ts';
import type { BootstrapObject } from './bootstrap/bootstrap-object.ts';
import { type BootstrapOptions, bootstrapObjects } from './bootstrap/bootstrap-objects.ts';
import { reconcileRbac } from './bootstrap/reconcile-rbac.ts';
import type { RegistryDeps } from './registry/context.ts';
import { fillSystemFields, metaOf } from './registry/object-meta.ts';
import { encodeObject, keyOf, type StoredResource, withHead } from './registry/resource.ts';
import type { ResourceTable } from './registry/resources.ts';
import type { Entry } from './watch/entry.ts';

/** Where the server's own address stands: it may be another one after a restart. */
const addressed = new Set(['endpoints', 'endpointslices.discovery.k8s.io']);

/** What must exist from the start, in one synced batch: what is missing is made, roles get the rules they lack. */
export async function storeBootstrapObjects(
  options: Omit<BootstrapOptions, 'now'>,
  registry: RegistryDeps,
  resources: ResourceTable,
  fields: BootstrapFields,
): Promise<void> {
  await storeObjects(bootstrapObjects({ ...options, now: registry.clock.now() }), registry, resources, fields);
}

/** Makes those that are missing. */
export async function storeObjects(
  objects: readonly BootstrapObject[],
  registry: RegistryDeps,
  resources: ResourceTable,
  fields: BootstrapFields,
): Promise<void> {
  const writes: Promise<unknown>[] = [];
  for (const wanted of objects) {
    const stored = resources.stored(wanted.resource);
    if (stored === undefined) continue;
    const entry = stored.cache.entries.get(keyOf(stored, wanted.namespace, wanted.object.metadata?.name ?? ''));
    const object =
      entry === undefined ? await fresh(registry, resources, fields, wanted) : corrected(stored, entry, wanted);
    if (object !== undefined) writes.push(write(registry, stored, { entry, wanted, object }));
  }
  await Promise.all(writes);
}

async function fresh(
  registry: RegistryDeps,
  resources: ResourceTable,
  fields: BootstrapFields,
  wanted: BootstrapObject,
): Promise<KubeObject> {
  const { object } = wanted;
  const [, version = ''] = /^(?:[^/]+\/)?([^/]+)$/.exec(object.apiVersion ?? '') ?? [];
  const [resource = '', ...group] = wanted.resource.split('.');
  const served = resources.served(group.join('.'), version, resource);
  if (served !== undefined) metaOf(object).managedFields = await bootstrapManagers(fields, served, wanted);
  fillSystemFields(registry, metaOf(object));
  return object;
}

/** The object to store in the place of an existing one; undefined: it may stay as it is. */
function corrected(
  stored: StoredResource,
  entry: Entry,
  { resource, object }: BootstrapObject,
): KubeObject | undefined {
  const existing = stored.cache.objectOf(entry);
  if (stored.group === 'rbac.authorization.k8s.io') {
    const decision = reconcileRbac(existing, object);
    if (decision.action === 'keep') return undefined;
    return { ...decision.object, metadata: { ...existing.metadata, ...decision.object.metadata } };
  }
  if (!addressed.has(resource)) return undefined;
  const labels = { ...existing.metadata?.labels, ...object.metadata?.labels };
  const { generation = 1 } = existing.metadata ?? {};
  const metadata = { ...existing.metadata, ...object.metadata, labels };
  const updated = {
    ...object,
    metadata: object.metadata?.generation === undefined ? metadata : { ...metadata, generation },
  };
  return semanticEqual(updated, existing) ? undefined : updated;
}

interface Write {
  readonly entry: Entry | undefined;
  readonly wanted: BootstrapObject;
  readonly object: KubeObject;
}

function write(registry: RegistryDeps, stored: StoredResource, { entry, wanted, object }: Write): Promise<unknown> {
  const complete = withHead(structuredClone(object), stored);
  const encode = (revision: number): Uint8Array => {
    metaOf(complete).resourceVersion = String(revision);
    return encodeObject(stored, complete);
  };
  const key = keyOf(stored, wanted.namespace, complete.metadata?.name ?? '');
  return entry === undefined ? registry.store.create(key, encode) : registry.store.update(key, entry.revision, encode);
}
