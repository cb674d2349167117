import { parseIP } from '../../../api/ip.ts';
import type { Api } from '../../../api/object.ts';
import type { StrategyDeps } from '../../registry/strategy.ts';
import { AllocationError, allocateIP, canonicalIP, releaseIP } from './cluster-ip-allocator.ts';
import { needsClusterIP, type Service } from './service-traits.ts';

type IPAddress = Api<'io.k8s.api.networking.v1.IPAddress'>;

const ipAddresses = 'ipaddresses.networking.k8s.io';
const managedBy = 'ipaddress.kubernetes.io/managed-by';

function addressesOf({ spec = {} }: Readonly<Service>): readonly string[] {
  if (!needsClusterIP(spec) || spec.clusterIPs?.[0] === 'None') return [];
  return (spec.clusterIPs ?? []).map(canonicalIP);
}

/** Whether an address that the server reserved belongs to no service: one crashed between the two writes. */
function isOrphan(address: Readonly<IPAddress>, owners: ReadonlyMap<string, Readonly<Service>>): boolean {
  const { metadata = {}, spec = {} } = address;
  if (metadata.labels?.[managedBy] !== 'ipallocator.k8s.io' || parseIP(metadata.name ?? '') === undefined) return false;
  const owner = owners.get(metadata.name ?? '');
  const { namespace, name } = spec.parentRef ?? {};
  return owner === undefined || owner.metadata?.namespace !== namespace || owner.metadata?.name !== name;
}

/**
 * Makes the reserved addresses those of the stored services: run once at start, before requests are served. An allocation and its
 * service are two writes, and a crash may come between them.
 */
export async function repairServiceAddresses(deps: StrategyDeps): Promise<void> {
  const services = deps.reader.list<Service>('services');
  const owners = new Map(services.flatMap((service) => addressesOf(service).map((ip) => [ip, service] as const)));
  const orphans = deps.reader.list<IPAddress>(ipAddresses).filter((address) => isOrphan(address, owners));
  await Promise.all(orphans.map((address) => releaseIP(deps, address.metadata?.name ?? '')));
  await Promise.all([...owners].map(([ip, service]) => reserveMissing(deps, ip, service)));
}

async function reserveMissing(deps: StrategyDeps, ip: string, service: Readonly<Service>): Promise<void> {
  if (deps.reader.get(ipAddresses, '', ip) !== undefined) return;
  try {
    await allocateIP(deps, service, ip, false);
  } catch (error) {
    // Out of today's ranges, e.g. after a change of the flag: the service keeps its address.
    if (!(error instanceof AllocationError)) throw error;
  }
}
