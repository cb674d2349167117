import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectList,
  PatchTarget,
  WatchOptions,
  WriteOptions,
} from '../../api/client.ts';
import { apiVersionOf, type GroupVersionResource, type KubeObject } from '../../api/object.ts';
import type { WatchEvent } from '../../api/watch.ts';
import { type HttpConnection, statusErrorOf } from './http-connection.ts';
import { pathOf, queryOf } from './paths.ts';

/** The kinds of what is sent, where objects do not say it themselves. */
export type KindOf = (resource: GroupVersionResource) => string | undefined;

// Where a server makes no such form, it answers in its own.
const partial = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const partialList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

function writeQuery({ fieldManager, dryRun, force }: WriteOptions): string {
  return queryOf({ fieldManager, dryRun: dryRun === true ? 'All' : undefined, force });
}

/** A cluster over HTTP. */
export function createHttpClient(connection: Pick<HttpConnection, 'call' | 'lines'>, kindOf: KindOf): ApiClient {
  const parse = async <T>(text: Promise<string>): Promise<T> => JSON.parse(await text) as T;
  const bodyOf = (resource: GroupVersionResource, object: KubeObject): string => {
    const kind = object.kind ?? kindOf(resource);
    return JSON.stringify({ apiVersion: apiVersionOf(resource), ...(kind === undefined ? {} : { kind }), ...object });
  };
  return {
    get: (resource, namespace, name) =>
      parse(connection.call({ method: 'GET', path: pathOf(resource, namespace, name) })),
    list: async <T extends KubeObject>(
      resource: GroupVersionResource,
      { namespace = '', metadataOnly = false, ...query }: ListOptions = {},
    ) => {
      const path = pathOf(resource, namespace) + queryOf({ ...query });
      const accept = metadataOnly ? partialList : undefined;
      const list = await parse<ObjectList<T>>(
        connection.call({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) }),
      );
      return { metadata: list.metadata, items: list.items ?? [] };
    },
    async *watch<T extends KubeObject>(
      resource: GroupVersionResource,
      { namespace = '', metadataOnly = false, ...query }: WatchOptions,
      signal: AbortSignal,
    ) {
      const path = pathOf(resource, namespace) + queryOf({ watch: true, ...query });
      for await (const line of connection.lines(path, signal, metadataOnly ? partial : undefined)) {
        const event = JSON.parse(line) as WatchEvent<T>;
        if (event.type === 'ERROR') throw statusErrorOf(event.object as unknown as Parameters<typeof statusErrorOf>[0]);
        yield event;
      }
    },
    create: (resource, namespace, object, options = {}) => {
      const name = options.subresource === undefined ? '' : (object.metadata?.name ?? '');
      const path = pathOf(resource, namespace, name, options.subresource) + writeQuery(options);
      return parse(connection.call({ method: 'POST', path, body: bodyOf(resource, object) }));
    },
    update: (resource, namespace, object, options = {}) => {
      const path = pathOf(resource, namespace, object.metadata?.name, options.subresource) + writeQuery(options);
      return parse(connection.call({ method: 'PUT', path, body: bodyOf(resource, object) }));
    },
    patch: ({ resource, namespace, name, type }: PatchTarget, patch, options = {}) => {
      const path = pathOf(resource, namespace, name, options.subresource) + writeQuery(options);
      return parse(connection.call({ method: 'PATCH', path, body: JSON.stringify(patch), contentType: type }));
    },
    delete: async (resource, namespace, name, { dryRun, ...options }: DeleteOptions = {}) => {
      const path = pathOf(resource, namespace, name) + writeQuery({ ...(dryRun === undefined ? {} : { dryRun }) });
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...options });
      await connection.call({ method: 'DELETE', path, body });
    },
    request: async <T>(method: string, path: string, body?: unknown, contentType?: string, accept?: string) => {
      const text = await connection.call({
        method,
        path,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(accept === undefined ? {} : { accept }),
      });
      return JSON.parse(text) as T;
    },
  };
}
