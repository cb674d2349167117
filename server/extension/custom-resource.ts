import type { CatalogResource } from '../../api/catalog.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import { columnsFor, type PrinterColumn } from '../../api/resources/printer.ts';
import { compareVersions } from '../../api/served.ts';
import type { DecodeMetadata } from '../../api/structural/embedded.ts';
import { prepareRules, type RuleLoader } from '../../api/structural/prepare-rules.ts';
import { headOf, type ServedResource, type StoredResource } from '../registry/resource.ts';
import type { CustomResource } from '../registry/resources.ts';
import type { StoredForm } from '../registry/stored-form.ts';
import type { CustomResourceDefinition } from '../resources/apiextensions/definition-types.ts';
import type { Caches } from '../watch/caches.ts';
import type { Converter } from './converter.ts';
import { createCustomKind } from './custom-kind.ts';
import { type CustomVersion, createCustomVersion } from './custom-version.ts';
import { type Definition, warningsOf } from './definition.ts';
import { createCustomStrategy } from './strategy.ts';
import { createTranslation } from './translation.ts';
import { createStoredView, createVersionView, type View } from './views.ts';

export interface CustomResourceDeps {
  readonly caches: Caches;
  revision(): number;
  /** The stored definition of a name. */
  load(name: string): Readonly<CustomResourceDefinition>;
  readonly decodeMetadata: DecodeMetadata;
  readonly loadRules: RuleLoader;
  converterOf(definition: Definition): Converter | undefined;
}

/** A definition in service. */
export interface LiveResource extends CustomResource {
  /** Ends all watches of its objects. */
  close(): void;
  /** Once nobody can hold it any more. */
  detach(): void;
}

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const subresourceVerbs = ['get', 'patch', 'update'];
// The columns of resources without any: their texts serve all tables.
const [nameColumn, created] = columnsFor('');
const age = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: created?.description ?? '',
};

/** How discovery shows a version, and how requests are routed. */
export function catalogEntry(definition: Definition, version: Definition['versions'][number]): CatalogResource {
  const { group, plural, singular, kind, namespaced, shortNames, categories } = definition;
  const own = { group, version: version.name, kind };
  const subresources = [
    ...(version.status ? [{ ...own, name: 'status', verbs: subresourceVerbs }] : []),
    ...(version.scale === undefined
      ? []
      : [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: subresourceVerbs }]),
  ];
  return {
    ...own,
    resource: plural,
    singular,
    namespaced,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** Everything that serves one definition; schemas, strategies and views are made for the first request that needs them. */
export function createCustomResource(
  definition: Definition,
  deps: CustomResourceDeps,
  isTerminating: () => boolean,
): LiveResource {
  const { group, plural, kind, namespaced, storageVersion } = definition;
  const name = `${plural}.${group}`;
  const prefix = `/${group}/${plural}/`;
  const rows = deps.caches.of(prefix, namespaced);
  const converter = definition.hasWebhook ? deps.converterOf(definition) : undefined;
  const load = (): Readonly<CustomResourceDefinition> => deps.load(definition.name);
  const versions = new Map<string, CustomVersion>();
  for (const defined of definition.versions) {
    const version = createCustomVersion({ definition, defined, load, decodeMetadata: deps.decodeMetadata });
    versions.set(version.apiVersion, version);
  }
  const storageApiVersion = apiVersionOf({ group, version: storageVersion });
  const views = new Map<string, View>();
  const resources = new Map<string, StoredResource>();

  const viewOf = (version: CustomVersion): View => {
    const translation = createTranslation({ target: version, versions, converter });
    const isStorage = version.apiVersion === storageApiVersion;
    const toStored = (object: KubeObject): KubeObject | Promise<KubeObject> => {
      if (isStorage) {
        version.trim(object, { track: false, stored: false });
        return object;
      }
      // As it would be read again: rows need nothing done to them.
      const filled = (converted: KubeObject): KubeObject => {
        versions.get(storageApiVersion)?.fillDefaults(converted);
        return converted;
      };
      const now = translation.convertNow(object, storageApiVersion);
      return now === undefined ? translation.convert(object, storageApiVersion).then(filled) : filled(now);
    };
    const options = {
      caches: deps.caches,
      rows,
      namespaced,
      translation,
      toStored,
      soundAfter: definition.revision,
      revision: deps.revision,
    };
    const view = (isStorage ? createStoredView(options) : undefined) ?? createVersionView(options, storageApiVersion);
    views.set(version.apiVersion, view);
    return view;
  };

  const storedOf = (version: CustomVersion): StoredResource => {
    const known = resources.get(version.apiVersion);
    if (known !== undefined) return known;
    const { defined } = version;
    const gvk = { group, version: defined.name, kind };
    const view = viewOf(version);
    const stored: StoredResource = {
      ...gvk,
      resource: plural,
      namespaced,
      prefix,
      cache: view.cache,
      strategy: createCustomStrategy({
        resource: name,
        gvk,
        namespaced,
        status: defined.status,
        scale: defined.scale,
        structural: () => version.structural(),
      }) as StoredResource['strategy'],
      head: headOf(gvk),
      fillNulls: () => undefined,
      returnsDeletedObject: false,
      form: withRules(view.form, version, deps.loadRules),
    };
    resources.set(version.apiVersion, stored);
    return stored;
  };

  const serve = (version: CustomVersion): ServedResource => {
    const gvk = { group, version: version.defined.name, kind };
    return {
      definition: catalogEntry(definition, version.defined),
      get stored() {
        return storedOf(version);
      },
      conversion: undefined,
      typeName: '',
      head: headOf(gvk),
      fillNulls: () => undefined,
      custom: createCustomKind({
        definition,
        version,
        versions,
        warnings: warningsOf(definition, version.defined, compareVersions),
        isTerminating,
        translation: () => createTranslation({ target: version, versions, converter }),
        columns: () => version.source().additionalPrinterColumns ?? [],
        nameColumn: nameColumn as PrinterColumn,
        age,
      }),
    };
  };

  return {
    name,
    served: [...versions.values()].filter(({ defined }) => defined.served).map(serve),
    stored() {
      const version = versions.get(storageApiVersion);
      if (version === undefined) throw new Error(`${definition.name} has no storage version`);
      return storedOf(version);
    },
    rows: { group, resource: plural, version: storageVersion, cache: rows },
    close() {
      for (const view of views.values()) view.close();
    },
    detach() {
      for (const view of views.values()) view.detach();
    },
  };
}

/** Rules are compiled before the first request that may need them. */
function withRules(form: StoredForm, version: CustomVersion, loadRules: RuleLoader): StoredForm {
  let prepared: Promise<void> | undefined;
  let isPrepared = false;
  const caughtUp = (): Promise<void> | undefined => {
    if (isPrepared) return form.caughtUp?.();
    prepared ??= prepareRules(version.structural(), loadRules).then(
      () => {
        isPrepared = true;
      },
      (error: unknown) => {
        prepared = undefined;
        throw error;
      },
    );
    return prepared.then(() => form.caughtUp?.());
  };
  return { ...form, caughtUp };
}
