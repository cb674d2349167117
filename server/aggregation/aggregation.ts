import type { Clock, Random } from '../../api/clock.ts';
import type { ServedGroupVersion } from '../../api/served.ts';
import type { Dial } from '../dial.ts';
import { notFoundPage } from '../http/error-response.ts';
import type { ApiRequest, ApiResponse } from '../http/message.ts';
import type { ResourceTable } from '../registry/resources.ts';
import type { ClusterReader, ClusterRewriter, UserInfo } from '../registry/strategy.ts';
import { createServiceResolver, type Endpoint } from '../service-resolver.ts';
import type { CacheEvent } from '../watch/resource-cache.ts';
import { type APIService, type ListedGroup, listedGroups, resourceName } from './api-service.ts';
import type { ClientCredential } from './remote/backend.ts';
import type { PartialSwagger } from './remote/openapi.ts';
import type { RemoteServices } from './remote/remote-services.ts';

export interface AggregationOptions {
  readonly resources: ResourceTable;
  readonly reader: ClusterReader;
  readonly rewriter: ClusterRewriter;
  readonly clock: Clock;
  readonly random: Random;
  /** What this server answers itself: the same array as long as nothing changes. */
  local(): readonly ServedGroupVersion[];
  /** Where this server listens. */
  own(): Endpoint;
  /** How it shows to aggregated servers that it is their front proxy. */
  readonly credential: ClientCredential;
  /** To servers in pods of this process. */
  readonly dial?: Dial;
  onError(error: unknown, name: string): void;
}

/** The documents of aggregated servers, the same object as long as nothing changes. */
export interface RemoteOpenApi {
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  readonly swaggers: readonly PartialSwagger[];
}

/** Which server answers what. Without a remote APIService nothing is loaded and no request costs more. */
export interface Aggregation {
  /** Undefined: this server answers itself. */
  route(request: ApiRequest, user: UserInfo): Promise<ApiResponse> | undefined;
  /** Everything that is served, here or elsewhere: the same array as long as nothing changes. */
  served(): readonly ServedGroupVersion[];
  /** Groups in the order of their APIServices. */
  groups(): readonly ListedGroup[];
  openApi(): RemoteOpenApi | undefined;
  close(): void;
}

const serviceField = Buffer.from('"service":{');

export function createAggregation(options: AggregationOptions): Aggregation {
  const stored = options.resources.stored(resourceName);
  if (stored === undefined) throw new Error(`${resourceName} is not served`);
  const { cache } = stored;
  const remoteNames = new Set<string>();
  let loading: Promise<RemoteServices> | undefined;
  let remote: RemoteServices | undefined;
  let listed: readonly ListedGroup[] | undefined;
  let merged:
    | { readonly local: readonly ServedGroupVersion[]; readonly all: readonly ServedGroupVersion[] }
    | undefined;
  let documents: RemoteOpenApi | undefined;
  const stops: (() => void)[] = [];

  const load = async (): Promise<RemoteServices> => {
    const { createRemoteServices } = await import('./remote/remote-services.ts');
    const { reader, rewriter, clock, random, credential, dial, onError, own } = options;
    const made = createRemoteServices({
      reader,
      rewriter,
      clock,
      random,
      credential,
      dial,
      onError,
      resolver: createServiceResolver({ reader, random, own }),
      onChange: () => {
        merged = undefined;
        documents = undefined;
      },
    });
    remote = made;
    stops.push(...followServices(options.resources, made));
    return made;
  };
  const loaded = (): Promise<RemoteServices> => {
    loading ??= load();
    return loading;
  };
  const put = (name: string, service: Readonly<APIService>): void => {
    remoteNames.add(name);
    void loaded().then((services) => services.put(service));
  };
  const remove = (name: string): void => {
    if (remoteNames.delete(name)) void loaded().then((services) => services.remove(name));
  };
  for (const entry of cache.entries.range(cache.prefix)) {
    if (includes(entry.value, serviceField)) put(entry.name, cache.objectOf(entry) as Readonly<APIService>);
  }
  stops.push(
    cache.listen({}, ({ type, entry }) => {
      listed = undefined;
      if (type === 'put' && includes(entry.value, serviceField)) {
        const service = cache.objectOf(entry) as Readonly<APIService>;
        if (service.spec?.service !== undefined) {
          put(entry.name, service);
          return;
        }
      }
      remove(entry.name);
    }),
  );

  return {
    route(request, user) {
      if (remoteNames.size === 0) return undefined;
      const name = apiServiceOf(request.path);
      if (name !== undefined && remoteNames.has(name)) {
        return loaded().then((services) => {
          const service = services.get(name);
          return service === undefined ? notFoundPage() : service.proxy(request, user);
        });
      }
      const document = /^\/openapi\/v3\/(.+)$/.exec(request.path)?.[1];
      const owner = document === undefined ? undefined : remote?.ownerOf(document);
      return owner?.proxy(request, user);
    },
    served() {
      const local = options.local();
      if (remote === undefined || remoteNames.size === 0) return local;
      if (merged?.local !== local) merged = { local, all: withRemote(local, remote.served()) };
      return merged.all;
    },
    groups() {
      listed ??= listedGroups(
        [...cache.entries.range(cache.prefix)].map((entry) => cache.objectOf(entry) as Readonly<APIService>),
      );
      return listed;
    },
    openApi() {
      if (remote === undefined || remoteNames.size === 0) return undefined;
      documents ??= { paths: remote.documentPaths(), swaggers: remote.swaggers() };
      return documents;
    },
    close() {
      for (const stop of stops) stop();
      remote?.close();
    },
  };
}

function includes(bytes: Uint8Array, part: Buffer): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(part);
}

/** The name that the APIService of a path has. */
function apiServiceOf(path: string): string | undefined {
  const [, root, group = '', version = ''] = path.split('/', 4);
  if (root === 'api') return 'v1.';
  if (root !== 'apis' || version === '') return undefined;
  return `${version}.${group}`;
}

/** An aggregated server stands before what is built in or custom under the same name. */
function withRemote(
  local: readonly ServedGroupVersion[],
  remote: readonly ServedGroupVersion[],
): readonly ServedGroupVersion[] {
  const taken = new Set(remote.map(({ group, version }) => `${group}/${version}`));
  return [...local.filter(({ group, version }) => !taken.has(`${group}/${version}`)), ...remote];
}

/** Services and their endpoints decide about availability: their events reach the APIServices that name them. */
function followServices(resources: ResourceTable, services: RemoteServices): (() => void)[] {
  const follow = (
    resource: string,
    nameOf: (event: CacheEvent, labels: Readonly<Record<string, string>>) => string,
  ) => {
    const { cache } = resources.stored(resource) ?? {};
    return cache?.listen({}, (event) => {
      const name = nameOf(event, cache.labelsOf(event.entry));
      if (name !== '') services.recheck(event.entry.namespace, name);
    });
  };
  return [
    follow('services', ({ entry }) => entry.name),
    follow('endpointslices.discovery.k8s.io', (_, labels) => labels['kubernetes.io/service-name'] ?? ''),
  ].filter((stop) => stop !== undefined);
}
