import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../api/clock.ts';
import type { Document } from '../../api/openapi.ts';
import type { Decoder } from '../../api/schema/decode.ts';
import { createRuleLoader } from '../../api/structural/prepare-rules.ts';
import type { RegistryDeps } from '../registry/context.ts';
import type { ResourceTable } from '../registry/resources.ts';
import type { CustomResourceDefinition } from '../resources/apiextensions/definition-types.ts';
import type { Entry } from '../watch/entry.ts';
import type { TakenNames } from './conditions.ts';
import type { Converter } from './converter.ts';
import { createCustomResource, type LiveResource } from './custom-resource.ts';
import { type Definition, definitionOf } from './definition.ts';
import { createDefinitionController } from './definition-controller.ts';
import { type CustomDocuments, createCustomDocuments } from './documents.ts';
import { removeAll } from './removal.ts';

export interface ExtensionDeps {
  readonly registry: RegistryDeps;
  readonly resources: ResourceTable;
  readonly decoder: Decoder;
  readonly clock: Clock;
  /** Writes the status of definitions. */
  readonly client: ApiClient;
  /** OpenAPI of apps/v1, after which the paths of custom resources are described. */
  readTemplate(): Promise<Document>;
  /** Undefined where conversions by webhook are not available. */
  converterOf?(definition: Readonly<CustomResourceDefinition>): Converter;
  onError(error: unknown, name: string): void;
}

export interface Extension extends Pick<CustomDocuments, 'groupVersions' | 'openApi'> {
  close(): void;
}

export const definitionResource = 'customresourcedefinitions.apiextensions.k8s.io';
const metaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** Requests that began before a definition changed are over by then. */
const detachAfterMs = 30_000;

/** One definition as the server knows it, and what serves it. */
interface Known {
  definition: Definition;
  live: LiveResource | undefined;
  /** What `live` was made of. */
  source: string;
}

const decoder = new TextDecoder();

function parse(entry: Entry): CustomResourceDefinition {
  return JSON.parse(decoder.decode(entry.value)) as CustomResourceDefinition;
}

/** A status that says something else of deletion or service changes nothing in how objects are read and written. */
function sourceOf({ uid, generation, plural, singular, kind, listKind, shortNames, categories }: Definition): string {
  return JSON.stringify([uid, generation, plural, singular, kind, listKind, shortNames, categories]);
}

/** Serves what definitions define, from the first to the last. */
export function openExtension(deps: ExtensionDeps): Extension {
  const { registry, resources, clock } = deps;
  const stored = resources.stored(definitionResource);
  if (stored === undefined) throw new Error('definitions of custom resources are not served');
  const { cache } = stored;
  const known = new Map<string, Known>();
  const byGroup = new Map<string, Set<string>>();

  const find = (name: string): Readonly<CustomResourceDefinition> | undefined => {
    const entry = cache.entries.get(stored.prefix + name);
    return entry === undefined ? undefined : (cache.objectOf(entry) as Readonly<CustomResourceDefinition>);
  };
  const load = (name: string): Readonly<CustomResourceDefinition> => {
    const entry = cache.entries.get(stored.prefix + name);
    if (entry === undefined) throw new Error(`${name} is gone`);
    return parse(entry);
  };
  const documents = createCustomDocuments({ load, readTemplate: () => deps.readTemplate() });
  const namesIn = (group: string): readonly string[] => [...(byGroup.get(group) ?? [])];
  const taken = (group: string): TakenNames => {
    const names: TakenNames & { resources: Set<string>; kinds: Set<string> } = {
      resources: new Set<string>(),
      kinds: new Set<string>(),
    };
    for (const name of byGroup.get(group) ?? []) {
      const one = known.get(name)?.definition;
      if (one === undefined) continue;
      names.resources.add(one.plural).add(one.singular);
      for (const short of one.shortNames) names.resources.add(short);
      names.kinds.add(one.kind).add(one.listKind);
    }
    return names;
  };
  const controller = createDefinitionController({
    client: deps.client,
    clock,
    onError: (error, name) => deps.onError(error, name),
    find,
    taken,
    othersOf: (group, name) => namesIn(group).filter((other) => other !== name),
    removeInstances: async (name, timeoutMs) => {
      const live = known.get(name)?.live;
      if (live === undefined) return true;
      const target = live.stored();
      await target.form?.caughtUp?.();
      return removeAll(registry, target, live.rows.cache, timeoutMs);
    },
  });

  const loadRules = createRuleLoader();
  const create = (one: Known): LiveResource =>
    createCustomResource(
      one.definition,
      {
        caches: registry.caches,
        revision: () => registry.store.revision,
        load,
        loadRules,
        decodeMetadata: (metadata) => deps.decoder.decode(metaType, metadata),
        converterOf: () => deps.converterOf?.(load(one.definition.name)),
      },
      () => one.definition.isTerminating,
    );
  const retire = (live: LiveResource): void => {
    live.close();
    clock.after(detachAfterMs, () => live.detach());
  };
  const remove = (name: string): void => {
    const one = known.get(name);
    if (one === undefined) return;
    known.delete(name);
    byGroup.get(one.definition.group)?.delete(name);
    documents.changed(one.definition, undefined);
    if (one.live === undefined) return;
    resources.unregister(one.live.name);
    retire(one.live);
    registry.caches.release(`/${one.definition.group}/${one.definition.plural}/`);
  };
  const update = (name: string, entry: Entry): void => {
    const definition = definitionOf(parse(entry));
    const one: Known = known.get(name) ?? { definition, live: undefined, source: '' };
    const before = one.definition;
    const isNew = !known.has(name);
    known.set(name, one);
    one.definition = definition;
    const group = byGroup.get(definition.group) ?? new Set();
    byGroup.set(definition.group, group.add(name));
    if (isNew || !sameInDocuments(before, definition)) documents.changed(isNew ? undefined : before, definition);
    const source = definition.isServed ? sourceOf(definition) : '';
    if (source === one.source) return;
    const old = one.live;
    one.source = source;
    one.live = definition.isServed ? create(one) : undefined;
    if (one.live !== undefined) resources.register(one.live);
    else if (old !== undefined) resources.unregister(old.name);
    if (old !== undefined) retire(old);
  };

  for (const entry of cache.entries.range(stored.prefix)) {
    update(entry.name, entry);
    controller.enqueue(entry.name);
  }
  const stop = cache.listen({}, ({ type, entry }) => {
    try {
      if (type === 'put') {
        update(entry.name, entry);
        controller.enqueue(entry.name);
        return;
      }
      const group = known.get(entry.name)?.definition.group ?? '';
      remove(entry.name);
      // Its names are free again.
      for (const other of namesIn(group)) controller.enqueue(other);
    } catch (error) {
      deps.onError(error, entry.name);
    }
  });
  return {
    groupVersions: () => documents.groupVersions(),
    openApi: () => documents.openApi(),
    close() {
      stop();
      controller.close();
    },
  };
}

/** Discovery and OpenAPI of a definition are settled by its generation, its names and two conditions. */
function sameInDocuments(a: Definition, b: Definition): boolean {
  return a.isEstablished === b.isEstablished && a.isTerminating === b.isTerminating && sourceOf(a) === sourceOf(b);
}
