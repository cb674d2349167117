import { semanticEqual } from '../../../api/equal.ts';
import { StatusError } from '../../../api/status.ts';
import type { Dial } from '../../dial.ts';
import type { ApiRequest, ApiResponse } from '../../http/message.ts';
import type { ClusterRewriter, UserInfo } from '../../registry/strategy.ts';
import type { Endpoint } from '../../service-resolver.ts';
import {
  type APIService,
  type GroupVersion,
  groupVersionOf,
  isAvailable,
  resourceName,
  withCondition,
} from '../api-service.ts';
import { type AvailabilityDeps, checkAvailability } from './availability.ts';
import { type Backend, type ClientCredential, createBackend } from './backend.ts';
import { type Discovered, fetchDiscovery, type VersionDiscovery } from './discovery.ts';
import { fetchDocuments, type RemoteDocuments } from './openapi.ts';
import { type Pace, startPoller } from './poller.ts';
import { forward, type ProxyDeps, plainError } from './proxy.ts';

export interface RemoteDeps extends AvailabilityDeps, ProxyDeps {
  readonly rewriter: ClusterRewriter;
  readonly credential: ClientCredential;
  /** To servers in pods of this process. */
  readonly dial?: Dial | undefined;
  /** What discovery or OpenAPI says has changed. */
  onChange(): void;
  onError(error: unknown, name: string): void;
}

/** Everything known of the server behind one APIService. */
export interface RemoteService {
  readonly gv: GroupVersion;
  readonly service: Readonly<APIService>;
  /** Empty while nobody answers. */
  readonly discovery: VersionDiscovery;
  readonly freshness: 'Current' | 'Stale';
  readonly documents: RemoteDocuments | undefined;
  proxy(request: ApiRequest, user: UserInfo): Promise<ApiResponse>;
  update(service: Readonly<APIService>): void;
  /** The Service or its endpoints changed. */
  recheck(): void;
  stop(): void;
}

const availabilityPace: Pace = { firstDelayMs: 0, intervalMs: 30_000, retryMs: 5, maxRetryMs: 30_000 };
const discoveryPace: Pace = { firstDelayMs: 0, intervalMs: 60_000, retryMs: 500, maxRetryMs: 60_000 };
const documentsPace: Pace = { firstDelayMs: 1000, intervalMs: 60_000, retryMs: 60_000, maxRetryMs: 3_600_000 };

export function watchRemoteService(deps: RemoteDeps, first: Readonly<APIService>): RemoteService {
  const gv = groupVersionOf(first);
  let service = first;
  let backend = openBackend(deps, first);
  let discovered: Discovered | undefined;
  let freshness: 'Current' | 'Stale' = 'Stale';
  let documents: RemoteDocuments | undefined;

  const reach = (): { readonly backend: Backend; readonly endpoint: Endpoint } => {
    if (backend instanceof Error) throw backend;
    const { namespace = '', name = '', port = 443 } = service.spec?.service ?? {};
    return { backend, endpoint: deps.resolver.resolve(namespace, name, port) };
  };
  const tried = (work: () => Promise<boolean>) => async (): Promise<boolean> => {
    try {
      return await work();
    } catch (error) {
      deps.onError(error, service.metadata?.name ?? '');
      return false;
    }
  };
  const availability = startPoller(
    deps.clock,
    availabilityPace,
    tried(async () => {
      if (backend instanceof Error) throw backend;
      const checked = service;
      const { condition, retry } = await checkAvailability(deps, checked, backend);
      // Another spec came between: its own check is on the way.
      const mark = (old: Readonly<APIService>): APIService =>
        semanticEqual(old.spec, checked.spec) ? withCondition(old, condition) : { ...old };
      await deps.rewriter.rewrite<APIService>(resourceName, '', checked.metadata?.name ?? '', mark, 'status');
      return !retry;
    }),
  );
  const discovery = startPoller(deps.clock, discoveryPace, async () => {
    let current = true;
    const before = discovered;
    try {
      const target = reach();
      discovered = await fetchDiscovery(target.backend, target.endpoint, gv, discovered);
    } catch {
      current = false;
    }
    const next = current ? 'Current' : 'Stale';
    const changed = next !== freshness || discovered !== before;
    freshness = next;
    if (changed) deps.onChange();
    return current;
  });
  const openApi = startPoller(deps.clock, documentsPace, async () => {
    try {
      const target = reach();
      const fetched = await fetchDocuments(target.backend, target.endpoint, gv, documents);
      const changed = fetched !== documents;
      documents = fetched;
      if (changed) deps.onChange();
      return true;
    } catch {
      return false;
    }
  });

  return {
    gv,
    get service() {
      return service;
    },
    get discovery() {
      if (freshness === 'Stale') return {};
      return discovered?.versions.get(`${gv.group}/${gv.version}`) ?? {};
    },
    get freshness() {
      return freshness;
    },
    get documents() {
      return documents;
    },
    proxy: async (request, user) => {
      if (!isAvailable(service)) return plainError(503, 'service unavailable');
      if (backend instanceof Error) return plainError(500, backend.message);
      let target: { readonly backend: Backend; readonly endpoint: Endpoint };
      try {
        target = reach();
      } catch {
        return plainError(503, 'service unavailable');
      }
      return forward(deps, target, request, user);
    },
    update(next) {
      const old = service;
      service = next;
      if (!semanticEqual(old.spec, next.spec)) {
        if (!(backend instanceof Error)) backend.close();
        backend = openBackend(deps, next);
        deps.onChange();
      }
      // A new status is the answer of a check; everything else asks for another one.
      if (semanticEqual(old.status, next.status)) availability.wake();
      discovery.wake();
      if (isAvailable(next) && !isAvailable(old)) openApi.wake();
    },
    recheck: () => availability.wake(),
    stop() {
      for (const poller of [availability, discovery, openApi]) poller.stop();
      if (!(backend instanceof Error)) backend.close();
    },
  };
}

/** A CA bundle that cannot be read is told to every client. */
function openBackend({ credential, clock, dial }: RemoteDeps, service: Readonly<APIService>): Backend | Error {
  try {
    return createBackend(service, credential, clock, dial);
  } catch (error) {
    return error instanceof StatusError ? new Error(error.message) : (error as Error);
  }
}
