import type { ServedGroupVersion } from '../../../api/served.ts';
import { type APIService, nameOf } from '../api-service.ts';
import type { PartialSwagger } from './openapi.ts';
import { type RemoteDeps, type RemoteService, watchRemoteService } from './remote-service.ts';

/** The servers behind all remote APIServices. Loaded when the first one appears. */
export interface RemoteServices {
  get(name: string): RemoteService | undefined;
  /** Created or changed. */
  put(service: Readonly<APIService>): void;
  remove(name: string): void;
  /** A Service or its endpoints changed. */
  recheck(namespace: string, service: string): void;
  served(): readonly ServedGroupVersion[];
  /** Who has an OpenAPI v3 document: `apis/example.com/v1`. */
  ownerOf(documentPath: string): RemoteService | undefined;
  documentPaths(): Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  swaggers(): readonly PartialSwagger[];
  close(): void;
}

export function createRemoteServices(deps: RemoteDeps): RemoteServices {
  const services = new Map<string, RemoteService>();
  const remove = (name: string): void => {
    services.get(name)?.stop();
    if (services.delete(name)) deps.onChange();
  };
  return {
    get: (name) => services.get(name),
    put(service) {
      const name = service.metadata?.name ?? '';
      const known = services.get(name);
      if (known !== undefined) {
        known.update(service);
        return;
      }
      services.set(name, watchRemoteService(deps, service));
      deps.onChange();
    },
    remove,
    recheck(namespace, name) {
      for (const { service, recheck } of services.values()) {
        const target = service.spec?.service;
        if (target?.namespace === namespace && target.name === name) recheck();
      }
    },
    served: () => [...services.values()].map(servedOf),
    ownerOf: (path) => [...services.values()].find((service) => describes(service, path)),
    documentPaths: () =>
      Object.fromEntries(
        [...services.values()].flatMap((service) =>
          Object.entries(service.documents?.paths ?? {}).filter(([path]) => describes(service, path)),
        ),
      ),
    swaggers: () =>
      [...services.values()]
        .toSorted((a, b) => priority(b) - priority(a) || (nameOf(a.gv) < nameOf(b.gv) ? -1 : 1))
        .flatMap(({ documents }) => documents?.swagger ?? []),
    close() {
      for (const name of [...services.keys()]) remove(name);
    },
  };
}

/** Documents of anything else than its own group are those of this server, which stand for all. */
function describes({ gv: { group, version }, documents }: RemoteService, path: string): boolean {
  return documents?.paths[path] !== undefined && (path === `apis/${group}/${version}` || path === `apis/${group}`);
}

function priority({ service }: RemoteService): number {
  return service.spec?.groupPriorityMinimum ?? 0;
}

function servedOf({ gv, service, discovery, freshness }: RemoteService): ServedGroupVersion {
  return {
    ...gv,
    resources: [],
    remote: discovery,
    freshness,
    groupPriority: service.spec?.groupPriorityMinimum ?? 0,
    versionPriority: service.spec?.versionPriority ?? 0,
  };
}
