import { parseIP } from '../../api/ip.ts';
import { addressOfPodName, addressOfReverseName, labelOfAddress, parseClusterName } from './names.ts';
import type { DnsRecord, DnsSource, EndpointSlice, Service } from './records.ts';

export interface ZoneOptions {
  readonly domain: string;
  readonly ttl: number;
  /** `insecure` answers for any address, `verified` for those of pods, as CoreDNS's `pods` has it. */
  readonly pods: 'insecure' | 'verified' | 'disabled';
}

/** What stands behind a name: an address or another name, and a port for SRV. */
export interface Target {
  readonly host: string;
  readonly port: number | undefined;
  /** Whom an SRV record names. */
  readonly name: string;
}

/** The records of a cluster as Kubernetes' DNS specification has them; the text of its version. */
export const specification = '1.1.0';

/** Where the answers of the cluster's domain come from. */
export interface ClusterZone {
  readonly domain: string;
  readonly ttl: number;
  /** Undefined: no such name. */
  targets(name: string): readonly Target[] | undefined;
  /** Names of an address; undefined: not a reverse name. */
  reverse(name: string): readonly string[] | undefined;
  soa(): DnsRecord;
}

export function createClusterZone(source: DnsSource, { domain, ttl, pods }: ZoneOptions): ClusterZone {
  const ofEndpoints = (
    { metadata = {} }: Readonly<Service>,
    { endpoint, port, protocol }: { endpoint?: string; port?: string; protocol?: string },
  ): Target[] => {
    const { namespace = '', name = '' } = metadata;
    const found: Target[] = [];
    for (const slice of source.slicesOf(namespace, name)) {
      for (const { address, hostname } of readyAddresses(slice)) {
        const label = hostname ?? labelOfAddress(address);
        if (endpoint !== undefined && label.toLowerCase() !== endpoint) continue;
        const ports = slice.ports?.length ? slice.ports : [{}];
        for (const each of ports)
          if (isAskedFor(each, port, protocol))
            found.push({ host: address, port: each.port, name: `${label}.${name}.${namespace}.svc.${domain}` });
      }
    }
    return found;
  };
  const ofService = (
    service: Readonly<Service>,
    asked: { endpoint?: string; port?: string; protocol?: string },
  ): Target[] => {
    const { metadata = {}, spec = {} } = service;
    const name = `${metadata.name}.${metadata.namespace}.svc.${domain}`;
    if (spec.type === 'ExternalName')
      return asked.endpoint === undefined && asked.port === undefined
        ? [{ host: withoutDot(spec.externalName ?? ''), port: undefined, name: withoutDot(spec.externalName ?? '') }]
        : [];
    if (spec.clusterIP === 'None' || asked.endpoint !== undefined) return ofEndpoints(service, asked);
    const { clusterIPs = [] } = spec;
    return (spec.ports ?? [])
      .filter((port) => isAskedFor(port, asked.port, asked.protocol))
      .flatMap(({ port }) => clusterIPs.map((host) => ({ host, port, name })));
  };
  const ofPod = (namespace: string, pod: string, name: string): Target[] | undefined => {
    const host = addressOfPodName(pod);
    if (pods === 'disabled' || host === undefined || !source.hasNamespace(namespace)) return undefined;
    if (pods === 'verified' && !source.hasPod(namespace, host)) return undefined;
    return [{ host, port: undefined, name }];
  };
  const targets = (name: string): readonly Target[] | undefined => {
    const inner = name === domain ? '' : name.slice(0, -domain.length - 1);
    // The server's own name, which SOA and NS records carry, is in no service's hands.
    const asked = parseClusterName(inner === '' ? [] : inner.split('.'));
    switch (asked.is) {
      case 'nothing':
        return undefined;
      case 'branch':
        return [];
      case 'namespace':
        return source.hasNamespace(asked.namespace) ? [] : undefined;
      case 'pod':
        return ofPod(asked.namespace, asked.pod, name);
      case 'service': {
        const service = source.service(asked.namespace, asked.service);
        const found = service === undefined ? [] : ofService(service, asked);
        return found.length > 0 ? found : undefined;
      }
    }
  };
  const reverse = (name: string): readonly string[] | undefined => {
    const ip = addressOfReverseName(name);
    if (ip === undefined) return undefined;
    const service = source.serviceAt(ip);
    if (service !== undefined) return [`${service.metadata?.name}.${service.metadata?.namespace}.svc.${domain}`];
    const names = source.slicesAt(ip).flatMap((slice) => {
      const owner = serviceOf(slice);
      return readyAddresses(slice)
        .filter(({ address }) => address === ip)
        .map(({ hostname }) => `${hostname ?? labelOfAddress(ip)}.${owner}.${slice.metadata?.namespace}.svc.${domain}`);
    });
    return [...new Set(names)];
  };
  const soa = (): DnsRecord => ({
    name: domain,
    ttl,
    type: 'SOA',
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: source.serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttl,
    },
  });
  return { domain, ttl, targets, reverse, soa };
}

export function serviceOf({ metadata }: Readonly<EndpointSlice>): string {
  return metadata?.labels?.['kubernetes.io/service-name'] ?? '';
}

/** Services with publishNotReadyAddresses have slices that call every endpoint ready. */
function readyAddresses(slice: Readonly<EndpointSlice>): { address: string; hostname: string | undefined }[] {
  if (slice.addressType === 'FQDN') return [];
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses = [], hostname }) =>
      addresses.map((address) => ({ address, hostname: hostname || undefined })),
    );
}

function isAskedFor(
  { name = '', protocol = 'TCP' }: { name?: string; protocol?: string },
  wantedPort: string | undefined,
  wantedProtocol: string | undefined,
): boolean {
  const hasPort = !wantedPort || name.toLowerCase() === wantedPort;
  return hasPort && (!wantedProtocol || protocol.toLowerCase() === wantedProtocol);
}

export function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}

/** A target that is an address, and of which family. */
export function familyOf({ host }: Target): 4 | 6 | undefined {
  return parseIP(host)?.family;
}
