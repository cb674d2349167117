import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectList,
  PatchTarget,
  WatchOptions,
  WriteOptions,
} from '../api/client.ts';
import { cloneJson, cloneSent } from '../api/clone.ts';
import type { GroupVersionResource, KubeObject } from '../api/object.ts';
import { notFoundError, StatusError } from '../api/status.ts';
import { applyType, decodeApplied } from './http/handlers/apply.ts';
import { type ApiDeps, decodeValue, toHub } from './http/handlers/handler.ts';
import { applyPatch, checkPatchType, currentFor, keepManagers, touchesManagers } from './http/handlers/patch.ts';
import { findEntry } from './http/handlers/read.ts';
import { convertFromHub } from './http/render.ts';
import { createLocalRequest, type LocalConnection } from './local-request.ts';
import { watchLocally } from './local-watch.ts';
import type { WriteRequest } from './registry/context.ts';
import { createObject } from './registry/create.ts';
import { deleteObject } from './registry/delete.ts';
import { asGiven, managerOfUser } from './registry/field-management.ts';
import { listEntries } from './registry/list.ts';
import { groupResourceOf, type ServedResource } from './registry/resource.ts';
import { parseSelection } from './registry/selection.ts';
import type { UserInfo } from './registry/strategy.ts';
import { type UpdateSource, updateObject } from './registry/update.ts';

/** The in-process transport: the same registry and admission as over HTTP, without sockets, TLS and parsing. */
export function createLocalClient(deps: ApiDeps, user: UserInfo, connection?: LocalConnection): ApiClient {
  const servedOf = ({ group, version, resource }: GroupVersionResource): ServedResource => {
    const served = deps.resources.served(group, version, resource);
    if (served === undefined)
      throw new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
    return served;
  };
  const readable = async (resource: GroupVersionResource): Promise<ServedResource> => {
    const served = servedOf(resource);
    await served.stored.form?.caughtUp?.();
    return served;
  };
  const present = <T extends KubeObject>(served: ServedResource, object: Readonly<KubeObject>): Readonly<T> =>
    (served.conversion === undefined && served.head.text === served.stored.head.text
      ? object
      : convertFromHub(served, object)) as Readonly<T>;
  const ownName = managerOfUser(user.username);
  const writing = (served: ServedResource, namespace: string, name: string, options: WriteOptions): WriteRequest => {
    const { subresource = '', dryRun = false, fieldManager = ownName } = options;
    const warn = (): void => undefined;
    return {
      user,
      namespace,
      dryRun,
      subresource,
      warn,
      manage: deps.fields.updating(served, subresource, fieldManager),
      admission: deps.admission({ served, user, subresource, namespace, name, dryRun, warn, kind: served.definition }),
    };
  };
  const updated = async <T extends KubeObject>(
    served: ServedResource,
    name: string,
    source: UpdateSource,
    write: WriteRequest,
  ): Promise<Readonly<T>> =>
    present<T>(served, (await updateObject(deps.registry, served.stored, name, source, write)).object);
  const applyLocally = async <T extends KubeObject>(
    served: ServedResource,
    { namespace, name }: PatchTarget,
    value: unknown,
    options: WriteOptions,
  ): Promise<Readonly<T>> => {
    const { subresource = '', fieldManager: manager = ownName } = options;
    const transform = async (live: Readonly<KubeObject> | undefined): Promise<KubeObject> => {
      const source = { live, applied: cloneSent(value), manager, force: options.force === true };
      const made = await deps.fields.apply(served, subresource, source);
      return toHub(served, decodeApplied(deps, served, made, value));
    };
    const write = { ...writing(served, namespace, name, options), manage: asGiven };
    const source = { transform, forceAllowCreate: subresource === '' };
    return updated<T>(served, name, source, write);
  };
  return {
    get: async <T extends KubeObject>(resource: GroupVersionResource, namespace: string, name: string) => {
      const served = await readable(resource);
      return present<T>(served, served.stored.cache.objectOf(findEntry(served.stored, namespace, name)));
    },
    list: async <T extends KubeObject>(
      resource: GroupVersionResource,
      options: ListOptions = {},
    ): Promise<ObjectList<T>> => {
      const served = await readable(resource);
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
      const { object: given } = decodeValue(deps, served, cloneSent(object));
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
      const { object: given } = decodeValue(deps, served, cloneSent(object));
      const hub = toHub(served, given as KubeObject);
      const source = { transform: () => cloneJson(hub), uid: object.metadata?.uid };
      return updated<T>(served, name, source, writing(served, namespace, name, options));
    },
    patch: async <T extends KubeObject>(target: PatchTarget, value: unknown, options: WriteOptions = {}) => {
      const served = servedOf(target.resource);
      checkPatchType(served, target.type);
      if (target.type === applyType) return applyLocally<T>(served, target, value, options);
      const patch = { type: target.type, value: cloneSent(value), strictErrors: [] };
      const transform = (old: Readonly<KubeObject> | undefined): KubeObject => {
        if (old === undefined) throw notFoundError(groupResourceOf(served.stored), target.name);
        const patching = { patch, fieldValidation: 'Ignore', warn: () => undefined };
        const object = applyPatch(deps, served, patching, currentFor(patch, served, old));
        if (!touchesManagers(patch)) keepManagers(object, old);
        return toHub(served, object);
      };
      const write = writing(served, target.namespace, target.name, options);
      return updated<T>(served, target.name, { transform }, write);
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
    request:
      connection === undefined
        ? () => Promise.reject(new Error('this client makes no requests by path'))
        : createLocalRequest(connection),
  };
}
