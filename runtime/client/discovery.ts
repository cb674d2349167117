import type { ApiClient } from '../../api/client.ts';
import { apiVersionOf, type GroupVersionResource } from '../../api/object.ts';

export interface DiscoveredResource extends GroupVersionResource {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
  /** The version of this resource that its group prefers, or the first that has it. */
  readonly isPreferred: boolean;
}

export interface Discovered {
  readonly resources: readonly DiscoveredResource[];
  /** Why a group version, `group/version`, tells nothing: an aggregated server that does not answer. */
  readonly failures: ReadonlyMap<string, string>;
}

interface AggregatedVersion {
  readonly version: string;
  readonly freshness?: string;
  readonly resources?: readonly {
    readonly resource: string;
    readonly responseKind?: { readonly kind: string };
    readonly scope: string;
    readonly verbs?: readonly string[];
    readonly subresources?: readonly { readonly subresource: string }[];
  }[];
}

export interface AggregatedGroups {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly AggregatedVersion[];
  }[];
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

/** In upstream's words; undefined when everything was told. */
export function discoveryFailure({ failures }: Discovered): string | undefined {
  if (failures.size === 0) return undefined;
  const groups = [...failures].map(([groupVersion, why]) => `${groupVersion}: ${why}`).sort();
  return `unable to retrieve the complete list of server APIs: ${groups.join(', ')}`;
}

/** Reads aggregated discovery: groups in the server's order, versions with the preferred one first. */
export function readGroups(lists: readonly AggregatedGroups[]): Discovered {
  const resources: DiscoveredResource[] = [];
  const failures = new Map<string, string>();
  for (const { metadata, versions } of lists.flatMap(({ items }) => items)) {
    const group = metadata?.name ?? '';
    const seen = new Set<string>();
    for (const { version, freshness, resources: found = [] } of versions) {
      const groupVersion = apiVersionOf({ group, version });
      if (freshness === 'Stale') {
        failures.set(groupVersion, `stale GroupVersion discovery: ${groupVersion}`);
        continue;
      }
      for (const { resource, responseKind, scope, verbs = [], subresources = [] } of found) {
        resources.push({
          group,
          version,
          resource,
          kind: responseKind?.kind ?? '',
          namespaced: scope === 'Namespaced',
          verbs,
          subresources: subresources.map(({ subresource }) => subresource),
          isPreferred: !seen.has(resource),
        });
        seen.add(resource);
      }
    }
  }
  return { resources, failures };
}

/** What a cluster serves. One reading serves all who ask while it runs; the last one is kept for looking up kinds. */
export class Discovery {
  readonly #client: ApiClient;
  #reading: Promise<Discovered> | undefined;
  #byKind: ReadonlyMap<string, DiscoveredResource> = new Map();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Asks the server. */
  async read(): Promise<Discovered> {
    this.#reading ??= this.#read();
    try {
      return await this.#reading;
    } finally {
      this.#reading = undefined;
    }
  }

  /** From the last reading; the version need not be the preferred one. */
  known(apiVersion: string, kind: string): DiscoveredResource | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** Asks the server where the last reading does not know the kind. */
  async resourceOf(apiVersion: string, kind: string): Promise<DiscoveredResource | undefined> {
    const known = this.known(apiVersion, kind);
    if (known !== undefined) return known;
    await this.read();
    return this.known(apiVersion, kind);
  }

  async #read(): Promise<Discovered> {
    const ask = (path: string): Promise<AggregatedGroups> =>
      this.#client.request('GET', path, undefined, undefined, accept);
    const discovered = readGroups(await Promise.all([ask('/api'), ask('/apis')]));
    const byKind = new Map<string, DiscoveredResource>();
    for (const resource of discovered.resources) {
      const key = `${apiVersionOf(resource)}/${resource.kind}`;
      if (!byKind.has(key)) byKind.set(key, resource);
    }
    this.#byKind = byKind;
    return discovered;
  }
}
