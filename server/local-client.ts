import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectList,
  PatchTarget,
  WatchOptions,
  WriteOptions,
} from '../api/client.ts';
import type { GroupVersionResource, KubeObject } from '../api/object.ts';
import { notFoundError, StatusError } from '../api/status.ts';
import type { WatchEvent } from '../api/watch.ts';
import { type ApiDeps, toHub } from './http/handlers/handler.ts';
import { applyPatch } from './http/handlers/patch.ts';
import { findEntry } from './http/handlers/read.ts';
import { convertFromHub } from './http/render.ts';
import type { WriteRequest } from './registry/context.ts';
import { createObject } from './registry/create.ts';
import { deleteObject } from './registry/delete.ts';
import { listEntries } from './registry/list.ts';
import { groupResourceOf, type ServedResource } from './registry/resource.ts';
import { parseSelection } from './registry/selection.ts';
import type { UserInfo } from './registry/strategy.ts';
import { updateObject } from './registry/update.ts';
import { StorageError } from './storage/store.ts';
import type { Entry } from './watch/entry.ts';
import { startFeed } from './watch/watch-feed.ts';

/** A reader in this process that falls behind by more than this has its watch ended. */
const maxPendingEvents = 16_384;

/** The in-process transport: the same registry and admission as over HTTP, without sockets, TLS and parsing. */
export function createLocalClient(deps: ApiDeps, user: UserInfo): ApiClient {
  const servedOf = ({ group, version, resource }: GroupVersionResource): ServedResource => {
    const served = deps.resources.served(group, version, resource);
    if (served === undefined)
      throw new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
    return served;
  };
  const present = <T extends KubeObject>(served: ServedResource, object: Readonly<KubeObject>): Readonly<T> =>
    (served.conversion === undefined && served.head.text === served.stored.head.text
      ? object
      : convertFromHub(served, object)) as Readonly<T>;
  const writing = (served: ServedResource, namespace: string, name: string, options: WriteOptions): WriteRequest => {
    const { subresource = '', dryRun = false } = options;
    const warn = (): void => undefined;
    return {
      user,
      namespace,
      dryRun,
      subresource,
      warn,
      admission: deps.admission({ served, user, subresource, namespace, name, dryRun, warn, kind: served.definition }),
    };
  };
  return {
    get: async <T extends KubeObject>(resource: GroupVersionResource, namespace: string, name: string) => {
      const served = servedOf(resource);
      return present<T>(served, served.stored.cache.objectOf(findEntry(served.stored, namespace, name)));
    },
    list: async <T extends KubeObject>(
      resource: GroupVersionResource,
      options: ListOptions = {},
    ): Promise<ObjectList<T>> => {
      const served = servedOf(resource);
      const selection = parseSelection(served, {
        namespace: options.namespace ?? '',
        labelSelector: options.labelSelector ?? '',
        fieldSelector: options.fieldSelector ?? '',
      });
      const listed = await listEntries(deps.registry, served.stored, selection, {
        limit: options.limit ?? 0,
        continueToken: options.continue ?? '',
        resourceVersion: options.resourceVersion ?? '',
        resourceVersionMatch: options.resourceVersionMatch ?? '',
      });
      return {
        metadata: {
          resourceVersion: String(listed.revision),
          ...(listed.continueToken === '' ? {} : { continue: listed.continueToken }),
          ...(listed.remaining === undefined ? {} : { remainingItemCount: listed.remaining }),
        },
        items: listed.entries.map((entry) => present<T>(served, served.stored.cache.objectOf(entry))),
      };
    },
    watch: <T extends KubeObject>(resource: GroupVersionResource, options: WatchOptions, signal: AbortSignal) =>
      watchLocally<T>(deps, servedOf(resource), { options, signal, present }),
    create: async <T extends KubeObject>(
      resource: GroupVersionResource,
      namespace: string,
      object: T,
      options: WriteOptions = {},
    ) => {
      const served = servedOf(resource);
      const { object: given } = deps.decoder.decode(served.typeName, structuredClone(object));
      const written = await createObject(
        deps.registry,
        served.stored,
        toHub(served, given as KubeObject),
        writing(served, namespace, object.metadata?.name ?? '', options),
      );
      return present<T>(served, written.object);
    },
    update: async <T extends KubeObject>(
      resource: GroupVersionResource,
      namespace: string,
      object: T,
      options: WriteOptions = {},
    ) => {
      const served = servedOf(resource);
      const name = object.metadata?.name ?? '';
      const { object: given } = deps.decoder.decode(served.typeName, structuredClone(object));
      const hub = toHub(served, given as KubeObject);
      const source = { transform: () => structuredClone(hub), uid: object.metadata?.uid };
      return present<T>(
        served,
        (await updateObject(deps.registry, served.stored, name, source, writing(served, namespace, name, options)))
          .object,
      );
    },
    patch: async <T extends KubeObject>(target: PatchTarget, value: unknown, options: WriteOptions = {}) => {
      const served = servedOf(target.resource);
      const patch = { type: target.type, value, strictErrors: [] };
      const transform = (old: Readonly<KubeObject> | undefined): KubeObject => {
        if (old === undefined) throw notFoundError(groupResourceOf(served.stored), target.name);
        const current = convertFromHub(served, structuredClone(old) as KubeObject);
        return toHub(
          served,
          applyPatch(deps, served.typeName, { patch, fieldValidation: 'Ignore', warn: () => undefined }, current),
        );
      };
      const write = writing(served, target.namespace, target.name, options);
      return present<T>(
        served,
        (await updateObject(deps.registry, served.stored, target.name, { transform }, write)).object,
      );
    },
    delete: async (resource: GroupVersionResource, namespace: string, name: string, options: DeleteOptions = {}) => {
      const served = servedOf(resource);
      await deleteObject(
        deps.registry,
        served.stored,
        name,
        options,
        writing(served, namespace, name, { dryRun: options.dryRun === true }),
      );
    },
  };
}

interface LocalWatch {
  readonly options: WatchOptions;
  readonly signal: AbortSignal;
  present<T extends KubeObject>(served: ServedResource, object: Readonly<KubeObject>): Readonly<T>;
}

async function* watchLocally<T extends KubeObject>(
  deps: ApiDeps,
  served: ServedResource,
  { options, signal, present }: LocalWatch,
): AsyncGenerator<WatchEvent<T>> {
  const { cache } = served.stored;
  const { store } = deps.registry;
  const namespace = options.namespace ?? '';
  const selection = parseSelection(served, {
    namespace,
    labelSelector: options.labelSelector ?? '',
    fieldSelector: options.fieldSelector ?? '',
  });
  const given =
    options.resourceVersion === undefined || options.resourceVersion === '' || options.resourceVersion === '0'
      ? undefined
      : Number(options.resourceVersion);
  const initial = options.sendInitialEvents ?? given === undefined;
  const pending: WatchEvent<T>[] = [];
  let wake = (): void => undefined;
  let ended = false;
  const push = (type: WatchEvent['type'], object: Readonly<KubeObject>): void => {
    pending.push({ type, object: present<T>(served, object) });
    if (pending.length > maxPendingEvents) ended = true;
    wake();
  };
  const objectOf = (entry: Entry): Readonly<KubeObject> => cache.objectOf(entry);
  const start = initial ? store.revision : (given ?? store.revision);
  if (initial) {
    const prefix =
      served.stored.namespaced && selection.namespace !== undefined
        ? `${cache.prefix}${selection.namespace}/`
        : cache.prefix;
    for (const entry of cache.entries.range(prefix)) {
      if ((selection.name === undefined || entry.name === selection.name) && selection.matches?.(entry) !== false)
        push('ADDED', objectOf(entry));
    }
    if (options.sendInitialEvents === true) {
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      push('BOOKMARK', { metadata: { resourceVersion: String(start), annotations } });
    }
  }
  const stop = await feed();
  const abort = (): void => {
    ended = true;
    wake();
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    while (true) {
      const batch = pending.splice(0);
      for (const event of batch) {
        if (signal.aborted) return;
        yield event;
      }
      if (pending.length > 0) continue;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener('abort', abort);
    stop();
  }

  async function feed(): Promise<() => void> {
    try {
      return await startFeed({
        cache,
        store,
        selection,
        after: start,
        onEvent: ({ type, entry, stale, event }) => {
          const object = objectOf(entry);
          push(
            type,
            stale ? { ...object, metadata: { ...object.metadata, resourceVersion: String(event.revision) } } : object,
          );
        },
      });
    } catch (error) {
      if (error instanceof StorageError && error.code === 'Compacted')
        throw new StatusError('Expired', `too old resource version: ${given}`, { cause: error });
      throw error;
    }
  }
}
