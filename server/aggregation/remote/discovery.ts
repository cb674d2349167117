import type { Endpoint } from '../../service-resolver.ts';
import type { GroupVersion } from '../api-service.ts';
import type { Backend } from './backend.ts';
import { frontProxyHeaders } from './front-proxy.ts';

/** One version of a group as apidiscovery.k8s.io/v2 says it. */
export type VersionDiscovery = Readonly<Record<string, unknown>>;

export interface Discovered {
  readonly versions: ReadonlyMap<string, VersionDiscovery>;
  readonly etag: string;
}

const timeoutMs = 5000;
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const accept = `${aggregatedType},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList`;
const username = 'system:kube-aggregator';

interface ApiResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** What the server says of all its group-versions; servers without aggregated discovery are asked for this one alone. Throws when it cannot be had. */
export async function fetchDiscovery(
  backend: Backend,
  endpoint: Endpoint,
  gv: GroupVersion,
  known: Discovered | undefined,
): Promise<Discovered> {
  const answer = await backend.fetch(endpoint, {
    path: '/apis',
    timeoutMs,
    headers: {
      accept,
      ...(known === undefined || known.etag === '' ? {} : { 'if-none-match': known.etag }),
      ...frontProxyHeaders({ username, groups: ['system:masters'] }),
    },
  });
  if (answer.status === 304 && known !== undefined) return known;
  if (answer.status === 503) throw new Error('the server behind the APIService is unavailable');
  if (answer.status === 200 && /as=APIGroupDiscoveryList/i.test(answer.headers['content-type'] ?? '')) {
    const list = JSON.parse(answer.body.toString()) as DiscoveryList;
    return { versions: versionsOf(list), etag: answer.headers.etag ?? '' };
  }
  return legacyDiscovery(backend, endpoint, gv);
}

interface DiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly (VersionDiscovery & { readonly version: string })[];
  }[];
}

function versionsOf({ items = [] }: DiscoveryList): Map<string, VersionDiscovery> {
  return new Map(
    items.flatMap(({ metadata, versions = [] }) =>
      versions.map((each) => [`${metadata?.name ?? ''}/${each.version}`, each] as const),
    ),
  );
}

async function legacyDiscovery(backend: Backend, endpoint: Endpoint, gv: GroupVersion): Promise<Discovered> {
  const path = gv.group === '' ? `/api/${gv.version}` : `/apis/${gv.group}/${gv.version}`;
  const headers = { accept: 'application/json', ...frontProxyHeaders({ username, groups: [] }) };
  const answer = await backend.fetch(endpoint, { path, headers, timeoutMs });
  if (answer.status !== 200) throw new Error(`failed to download legacy discovery for ${path}: ${answer.status}`);
  const { resources = [] } = JSON.parse(answer.body.toString()) as { resources?: readonly ApiResource[] };
  const version = { version: gv.version, resources: aggregatedResources(resources) };
  return { versions: new Map([[`${gv.group}/${gv.version}`, version]]), etag: '' };
}

/** Upstream: ConvertGroupVersionIntoToDiscovery. */
function aggregatedResources(resources: readonly ApiResource[]): object[] {
  const responseKind = ({ group = '', version = '', kind }: ApiResource) => ({ group, version, kind });
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((main) => {
      const { name, namespaced, singularName = '', verbs, shortNames, categories } = main;
      const below = resources.filter((other) => other.name.startsWith(`${name}/`));
      return {
        resource: name,
        responseKind: responseKind(main),
        scope: namespaced ? 'Namespaced' : 'Cluster',
        singularResource: singularName,
        verbs,
        ...(shortNames === undefined ? {} : { shortNames }),
        ...(categories === undefined ? {} : { categories }),
        ...(below.length === 0
          ? {}
          : {
              subresources: below.map((sub) => ({
                subresource: sub.name.slice(name.length + 1),
                responseKind: responseKind(sub),
                verbs: sub.verbs,
              })),
            }),
      };
    });
}
