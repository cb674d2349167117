import type { Catalog, CatalogResource } from '../../api/catalog.ts';
import type { KubeObject } from '../../api/object.ts';
import { selectableFields } from '../../api/resources/selectable-fields.ts';
import { createNullClearer, createNullFiller } from '../../api/schema/null-filler.ts';
import type { SchemaDocument } from '../../api/schema/schema.ts';
import type { Caches } from '../watch/caches.ts';
import type { Conversion } from './conversion.ts';
import { headOf, type ServedResource, type StoredResource } from './resource.ts';
import type { AnyStrategy } from './strategy.ts';

export interface ResourceTableOptions {
  readonly catalog: Catalog;
  readonly schema: SchemaDocument;
  readonly strategies: readonly AnyStrategy[];
  readonly conversions: readonly Conversion[];
  readonly caches: Caches;
  /** `apps/v1`, `v1`: which group-versions are served. */
  readonly isServed: (group: string, version: string) => boolean;
}

/** A resource that comes and goes while the server runs. */
export interface CustomResource {
  /** `widgets.example.com`. */
  readonly name: string;
  readonly served: readonly ServedResource[];
  /** In the version to which all others are converted for storage; made when it is first asked for. */
  stored(): StoredResource;
  /** What stands in the store, in whatever versions. */
  readonly rows: StoredRows;
}

/** What metrics count. */
export type StoredRows = Pick<StoredResource, 'group' | 'resource' | 'version' | 'cache'>;

/** All resources of the server, by address and by stored kind. Those built in are there from the start and stay. */
export interface ResourceTable {
  served(group: string, version: string, resource: string): ServedResource | undefined;
  /** `pods`, `deployments.apps`. */
  stored(name: string): StoredResource | undefined;
  /** The same array as long as nothing changes; as the next one. */
  readonly all: readonly ServedResource[];
  readonly allStored: readonly StoredRows[];
  /** All served versions of one stored kind. */
  versionsOf(stored: StoredResource): readonly ServedResource[];
  /** Adds a custom resource or replaces the one of its name. */
  register(resource: CustomResource): void;
  unregister(name: string): void;
}

// Where the version to store is not the most stable one that the group has.
const storageVersions: Readonly<Record<string, string>> = { 'horizontalpodautoscalers.autoscaling': 'v2' };
// Two groups, one stored kind.
const aliases: Readonly<Record<string, string>> = { 'events.events.k8s.io': 'events' };
// Upstream's registries with ReturnDeletedObject.
const returningDeleted = new Set([
  'pods',
  'podtemplates',
  'services',
  'serviceaccounts',
  'persistentvolumes',
  'persistentvolumeclaims',
  'resourcequotas',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
  'deviceclasses.resource.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
  'devicetaintrules.resource.k8s.io',
]);

function stability(version: string): number {
  const [, major = '0', level, minor = '0'] = /^v(\d+)(alpha|beta)?(\d+)?$/.exec(version) ?? [];
  const rank = level === undefined ? 2 : level === 'beta' ? 1 : 0;
  return rank * 1e6 + Number(major) * 1e3 + Number(minor);
}

function nameOf({ group, resource }: { readonly group: string; readonly resource: string }): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** Resources with nothing to store: reviews, token requests, bindings. */
export function isStored(definition: CatalogResource): boolean {
  return definition.verbs.includes('get') && definition.resource !== 'componentstatuses';
}

export function createResourceTable(options: ResourceTableOptions): ResourceTable {
  const { catalog, caches } = options;
  const strategies = new Map(options.strategies.map((strategy) => [strategy.resource, strategy]));
  const typeNames = new Map<string, string>();
  for (const [name, type] of Object.entries(options.schema.types)) {
    for (const [group, version, kind] of type.gvk ?? []) typeNames.set(`${group}/${version}/${kind}`, name);
  }
  const stored = new Map<string, StoredResource>();
  const served = new Map<string, ServedResource>();

  const fill = createNullFiller(options.schema);
  const clear = createNullClearer(options.schema);
  const typeNameOf = ({ group, version, kind }: CatalogResource): string => {
    const typeName = typeNames.get(`${group}/${version}/${kind}`);
    if (typeName === undefined) throw new Error(`no schema for ${group}/${version} ${kind}`);
    return typeName;
  };

  for (const definition of storageDefinitions(catalog)) {
    const name = nameOf(definition);
    const { group, resource, version, kind, namespaced } = definition;
    const prefix = `/${group === '' ? 'core' : group}/${resource}/`;
    const typeName = typeNameOf(definition);
    const cache = caches.of(prefix, namespaced);
    cache.clearNulls = (object) => clear(typeName, object);
    const fields = selectableFields({ group, version, resource });
    const [indexed] = fields.indexed;
    if (indexed !== undefined) {
      const get = (object: KubeObject): string => fields.get(object, indexed);
      cache.indexedField = (entry) => cache.fieldOf(entry, indexed, get);
    }
    stored.set(name, {
      group,
      resource,
      version,
      kind,
      namespaced,
      prefix,
      cache,
      strategy: strategies.get(name) ?? { resource: name },
      head: headOf({ group, version, kind }),
      fillNulls: (object) => fill(typeName, object),
      returnsDeletedObject: returningDeleted.has(name),
    });
  }
  for (const definition of catalog.resources) {
    if (!options.isServed(definition.group, definition.version) || !isStored(definition)) continue;
    const name = nameOf(definition);
    const target = stored.get(aliases[name] ?? name);
    if (target === undefined) continue;
    const { group, version, resource } = definition;
    const typeName = typeNameOf(definition);
    served.set(`${group}/${version}/${resource}`, {
      definition,
      stored: target,
      typeName,
      head: headOf(definition),
      fillNulls: (object) => fill(typeName, object),
      conversion: options.conversions.find(
        (c) => c.group === group && c.version === version && c.resource === resource,
      ),
    });
  }
  return withCustomResources({
    served: (group, version, resource) => served.get(`${group}/${version}/${resource}`),
    stored: (name) => stored.get(aliases[name] ?? name),
    all: [...served.values()],
    allStored: [...stored.values()],
  });
}

/** The fast path asks the built-in table first; what is made of both is made anew when somebody asks after a change. */
function withCustomResources(builtIn: Pick<ResourceTable, 'served' | 'stored' | 'all' | 'allStored'>): ResourceTable {
  const custom = new Map<string, CustomResource>();
  const versions = new Map<string, ServedResource>();
  let all: readonly ServedResource[] | undefined = builtIn.all;
  let allStored: readonly StoredRows[] | undefined = builtIn.allStored;
  const keyOf = ({ definition }: ServedResource): string =>
    `${definition.group}/${definition.version}/${definition.resource}`;
  const unregister = (name: string): void => {
    const known = custom.get(name);
    if (known === undefined) return;
    custom.delete(name);
    for (const served of known.served) versions.delete(keyOf(served));
    all = undefined;
    allStored = undefined;
  };
  return {
    served: (group, version, resource) =>
      builtIn.served(group, version, resource) ?? versions.get(`${group}/${version}/${resource}`),
    stored: (name) => builtIn.stored(name) ?? custom.get(name)?.stored(),
    get all() {
      all ??= [...builtIn.all, ...versions.values()];
      return all;
    },
    get allStored() {
      allStored ??= [...builtIn.allStored, ...[...custom.values()].map(({ rows }) => rows)];
      return allStored;
    },
    versionsOf(stored) {
      const name = stored.group === '' ? stored.resource : `${stored.resource}.${stored.group}`;
      return custom.get(name)?.served ?? builtIn.all.filter((served) => served.stored === stored);
    },
    register(resource) {
      unregister(resource.name);
      custom.set(resource.name, resource);
      for (const served of resource.served) versions.set(keyOf(served), served);
      all = undefined;
      allStored = undefined;
    },
    unregister,
  };
}

function storageDefinitions(catalog: Catalog): CatalogResource[] {
  const best = new Map<string, CatalogResource>();
  for (const definition of catalog.resources) {
    const name = nameOf(definition);
    if (!isStored(definition) || aliases[name] !== undefined) continue;
    const fixed = storageVersions[name];
    const known = best.get(name);
    const better =
      known === undefined ||
      (fixed === undefined ? stability(definition.version) > stability(known.version) : definition.version === fixed);
    if (better) best.set(name, definition);
  }
  return [...best.values()];
}
