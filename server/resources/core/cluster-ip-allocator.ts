import { formatIP, parseIP } from '../../../api/ip.ts';
import type { Api } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { StrategyDeps } from '../../registry/strategy.ts';
import { type ClusterIPRange, candidates, clusterIPRange, inRange } from './cluster-ip-range.ts';
import type { IPFamily } from './service-ip-families.ts';
import type { Service } from './service-traits.ts';

type IPAddress = Api<'io.k8s.api.networking.v1.IPAddress'>;
type ServiceCIDR = Api<'io.k8s.api.networking.v1.ServiceCIDR'>;

const ipAddresses = 'ipaddresses.networking.k8s.io';
const serviceCIDRs = 'servicecidrs.networking.k8s.io';

/** Why an address could not be had; the text stands in the client's error. */
export class AllocationError extends Error {
  readonly isFull: boolean;
  constructor(message: string, isFull = false) {
    super(message);
    this.name = 'AllocationError';
    this.isFull = isFull;
  }
}

const familyName = (range: ClusterIPRange): IPFamily => (range.range.family === 4 ? 'IPv4' : 'IPv6');

function isReady(cidr: Readonly<ServiceCIDR>): boolean {
  return (
    cidr.metadata?.deletionTimestamp === undefined &&
    (cidr.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

/** The server's own ranges (comma-separated, the default family's first), then those of ready ServiceCIDRs. */
export function serviceRanges(deps: StrategyDeps): ClusterIPRange[] {
  const added = deps.reader.list<ServiceCIDR>(serviceCIDRs).filter(isReady);
  const cidrs = [...deps.serviceClusterIPRange.split(','), ...added.flatMap((cidr) => cidr.spec?.cidrs ?? [])];
  return [...new Set(cidrs)].flatMap((cidr) => clusterIPRange(cidr) ?? []);
}

/** The families that services may have; the first is the default. Added ranges do not change them. */
export function serviceFamilies(deps: StrategyDeps): IPFamily[] {
  return deps.serviceClusterIPRange.split(',').flatMap((cidr) => {
    const range = clusterIPRange(cidr);
    return range === undefined ? [] : [familyName(range)];
  });
}

function ipAddressOf(name: string, family: IPFamily, service: Readonly<Service>): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name,
      labels: {
        'ipaddress.kubernetes.io/ip-family': family,
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: {
      parentRef: { resource: 'services', namespace: service.metadata?.namespace, name: service.metadata?.name },
    },
  };
}

/** IPAddresses go by the canonical form, whatever a service says. */
export function canonicalIP(ip: string): string {
  const address = parseIP(ip);
  return address === undefined ? ip : formatIP(address.family, address.bits);
}

/** Creating the IPAddress is the reservation: the store lets one of two at the same time win. */
async function reserve(
  deps: StrategyDeps,
  name: string,
  family: IPFamily,
  service: Readonly<Service>,
): Promise<boolean> {
  try {
    await deps.writer.create(ipAddresses, '', ipAddressOf(name, family, service));
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return false;
    throw error;
  }
}

/** Takes the address that a client asked for. */
export async function allocateIP(
  deps: StrategyDeps,
  service: Readonly<Service>,
  ip: string,
  dryRun: boolean,
): Promise<void> {
  const address = parseIP(ip);
  const ranges = serviceRanges(deps);
  const range = address === undefined ? undefined : ranges.find((r) => inRange(r, address));
  if (address === undefined || range === undefined) {
    // A dry run asks the first range alone, and says it differently.
    throw new AllocationError(
      dryRun
        ? `the provided IP (${canonicalIP(ip)}) is not in the valid range. The range of valid IPs is ${ranges[0]?.cidr}`
        : 'the provided network does not match the current range',
    );
  }
  if (dryRun) return;
  const name = canonicalIP(ip);
  if (!(await reserve(deps, name, familyName(range), service)))
    throw new AllocationError('provided IP is already allocated');
}

/** Takes a free address. A dry run gets the network's own, which nobody can have. */
export async function allocateNextIP(
  deps: StrategyDeps,
  service: Readonly<Service>,
  family: IPFamily,
  dryRun: boolean,
): Promise<string> {
  const ranges = serviceRanges(deps).filter((range) => familyName(range) === family);
  if (dryRun) return ranges[0]?.cidr.split('/')[0] ?? '';
  for (const range of ranges) {
    for (const ip of candidates(range, deps.random)) {
      if (deps.reader.get(ipAddresses, '', ip) !== undefined) continue;
      if (await reserve(deps, ip, family, service)) return ip;
    }
  }
  throw new AllocationError('range is full', true);
}

export async function releaseIP(deps: StrategyDeps, ip: string): Promise<void> {
  try {
    await deps.writer.delete(ipAddresses, '', canonicalIP(ip));
  } catch (error) {
    // Gone already, or not deletable now: a leaked address never fails the request that gave it up.
    if (!(error instanceof StatusError)) throw error;
  }
}
