import { formatIP, parseIP } from '../../api/ip.ts';
import type { Api } from '../../api/object.ts';
import { type Family, type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from './service-port.ts';

export type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;

export interface ProxyEndpoint {
  readonly ip: string;
  readonly port: number;
  /** `ip:port`, IPv6 in brackets. */
  readonly text: string;
  readonly node: string;
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

export function endpointText(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** As the endpoints of a port are looked up. */
export function portKey({ family, portName, protocol }: Pick<ServicePort, 'family' | 'portName' | 'protocol'>): string {
  return `${family} ${protocol} ${portName}`;
}

function addSlice(found: Map<string, Map<string, ProxyEndpoint>>, slice: Readonly<EndpointSlice>): void {
  const family: Family = slice.addressType === 'IPv6' ? 6 : 4;
  for (const { name: portName, port, protocol = 'TCP' } of slice.ports ?? []) {
    // One without a name is no port of a Service; unnamed ones are called ''.
    if (port === undefined || port === 0) continue;
    const key = portKey({ family, portName: portName ?? '', protocol: protocol as ServicePort['protocol'] });
    const of = found.get(key) ?? new Map<string, ProxyEndpoint>();
    found.set(key, of);
    for (const { addresses, conditions, nodeName = '', hints } of slice.endpoints ?? []) {
      const parsed = parseIP(addresses?.[0] ?? '');
      if (parsed === undefined) continue;
      const ip = formatIP(parsed.family, parsed.bits);
      const text = endpointText(ip, port);
      const isTerminating = conditions?.terminating === true;
      // An address may be used anew before its former pod is gone.
      if (of.has(text) && isTerminating) continue;
      of.set(text, {
        ip,
        port,
        text,
        node: nodeName,
        isReady: conditions?.ready !== false,
        isServing: conditions?.serving !== false,
        isTerminating,
        zoneHints: (hints?.forZones ?? []).map(({ name = '' }) => name),
        nodeHints: (hints?.forNodes ?? []).map(({ name = '' }) => name),
      });
    }
  }
}

/** By `portKey`, in the order of their texts. */
export function endpointsOf(slices: Iterable<Readonly<EndpointSlice>>): Map<string, readonly ProxyEndpoint[]> {
  const found = new Map<string, Map<string, ProxyEndpoint>>();
  for (const slice of slices) if (slice.addressType !== 'FQDN') addSlice(found, slice);
  return new Map(
    [...found].map(([key, of]) => [
      key,
      [...of.values()].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)),
    ]),
  );
}

export interface Place {
  readonly name: string;
  readonly zone: string;
}

/** Which endpoints a node sends to. */
export interface Choice {
  readonly cluster: readonly ProxyEndpoint[];
  readonly local: readonly ProxyEndpoint[];
  /** Of both. */
  readonly reachable: readonly ProxyEndpoint[];
  /** On any node. */
  readonly hasAny: boolean;
}

const isFallback = ({ isServing, isTerminating }: ProxyEndpoint): boolean => isServing && isTerminating;

/** Those that ready endpoints' hints mean for this place; all, when any of them has no hint or none is meant. */
function hinted(endpoints: readonly ProxyEndpoint[], { name, zone }: Place): (endpoint: ProxyEndpoint) => boolean {
  const ready = endpoints.filter(({ isReady }) => isReady);
  const forNode = ({ nodeHints }: ProxyEndpoint): boolean => nodeHints.includes(name);
  const forZone = ({ zoneHints }: ProxyEndpoint): boolean => zoneHints.includes(zone);
  if (ready.every(({ nodeHints }) => nodeHints.length > 0) && ready.some(forNode)) return forNode;
  if (ready.every(({ zoneHints }) => zoneHints.length > 0) && ready.some(forZone)) return forZone;
  return () => true;
}

function orTerminating(
  ready: readonly ProxyEndpoint[],
  candidates: readonly ProxyEndpoint[],
): readonly ProxyEndpoint[] {
  return ready.length > 0 ? ready : candidates.filter(isFallback);
}

/** Ready ones, or where there are none those that end but still serve. */
export function chooseEndpoints(port: ServicePort, endpoints: readonly ProxyEndpoint[], place: Place): Choice {
  const ready = endpoints.filter(({ isReady }) => isReady);
  const cluster = usesClusterEndpoints(port)
    ? orTerminating(ready.filter(hinted(endpoints, place)), endpoints)
    : ([] as const);
  if (!usesLocalEndpoints(port)) return { cluster, local: [], reachable: cluster, hasAny: cluster.length > 0 };
  const here = endpoints.filter(({ node }) => node !== '' && node === place.name);
  const local = orTerminating(
    here.filter(({ isReady }) => isReady),
    here,
  );
  const hasAny = ready.length > 0 || endpoints.some(isFallback);
  const reachable = [...new Set([...cluster, ...local])];
  return { cluster, local, reachable, hasAny };
}
