import type { Pod } from '../pod-runtime.ts';

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;
const maxSearchPath = 253;

/** What a node knows about names. */
export interface NameService {
  readonly clusterDomain: string;
  /** The cluster's own name servers. */
  readonly clusterServers: readonly string[];
  /** The node's, for pods that want no others. */
  readonly nodeServers: readonly string[];
  readonly nodeSearches: readonly string[];
}

export interface ResolverConfig {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
  /** What could not be kept of the pod's wishes, for events. */
  readonly complaints: readonly string[];
}

function startOf({ metadata, spec }: Readonly<Pod>, names: NameService): Omit<ResolverConfig, 'complaints'> {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = spec ?? {};
  if (dnsPolicy === 'None') return { nameservers: [], searches: [], options: [] };
  if (dnsPolicy === 'Default' || (dnsPolicy === 'ClusterFirst' && hostNetwork))
    return { nameservers: names.nodeServers, searches: names.nodeSearches, options: [] };
  const { clusterDomain, clusterServers, nodeSearches } = names;
  const services = `svc.${clusterDomain}`;
  const own = [`${metadata?.namespace}.${services}`, services, clusterDomain];
  return { nameservers: clusterServers, searches: [...own, ...nodeSearches], options: ['ndots:5'] };
}

/** Options by name: the pod's replace those of the same name. */
function mergedOptions(
  given: readonly string[],
  wanted: readonly { readonly name?: string; readonly value?: string }[],
): string[] {
  const options = new Map(given.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name = '', value = '' } of wanted) options.set(name, value === '' ? name : `${name}:${value}`);
  return [...options.values()];
}

function fitting(searches: readonly string[]): string[] {
  const kept = searches.slice(0, maxSearches).filter((path) => path.length <= maxSearchPath);
  while (kept.join(' ').length > maxSearchCharacters) kept.pop();
  return kept;
}

/** How a pod's programs find names. */
export function resolverConfig(pod: Readonly<Pod>, names: NameService): ResolverConfig {
  const start = startOf(pod, names);
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {};
  const allServers = [...new Set([...start.nameservers, ...nameservers])];
  const allSearches = [...new Set([...start.searches, ...searches])];
  const servers = allServers.slice(0, maxNameservers);
  const kept = fitting(allSearches);
  const complaints: string[] = [];
  if (servers.length < allServers.length)
    complaints.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    );
  if (kept.length < allSearches.length)
    complaints.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${kept.join(' ')}`,
    );
  return { nameservers: servers, searches: kept, options: mergedOptions(start.options, options), complaints };
}

/** A pod's /etc/resolv.conf. */
export function resolverFile({ nameservers, searches, options }: ResolverConfig): string {
  const lines = [
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}`]),
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
