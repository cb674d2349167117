import { formatIP, type IPRange, parseCIDR, parseIP } from '../../../api/ip.ts';
import { keyOf } from '../../client/object-key.ts';
import type { LoadBalancerStatus, LoadBalancers } from '../../framework/cloud.ts';
import type { Service } from './kinds.ts';

function addressesOf({ status }: Readonly<Service>): string[] {
  return (status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip).filter((ip) => ip !== '');
}

function sizeOf({ family, prefix }: IPRange): bigint {
  return 1n << BigInt((family === 4 ? 32 : 128) - prefix);
}

/**
 * A cloud of one machine: each Service has an address of its own out of `ranges`, one for each family that has a range. What a Service
 * already shows is kept, so nothing but the API needs to remember it; `services` are all there are.
 */
export function localLoadBalancers(
  ranges: readonly string[],
  services: () => readonly Readonly<Service>[],
): LoadBalancers {
  const parsed = ranges.map((range) => parseCIDR(range)).filter((range) => range !== undefined);
  /** By Service: an informer shows them a little later. */
  const given = new Map<string, readonly string[]>();
  const isOfFamily = (ip: string, family: 4 | 6): boolean => parseIP(ip)?.family === family;

  const free = (range: IPRange, taken: ReadonlySet<string>): string | undefined => {
    for (let index = 1n; index < sizeOf(range); index++) {
      const ip = formatIP(range.family, range.base + index);
      if (!taken.has(ip)) return ip;
    }
    return undefined;
  };

  const choose = (service: Readonly<Service>, family: 4 | 6): string => {
    const present = [...(given.get(keyOf(service)) ?? []), ...addressesOf(service)];
    const kept = present.find((ip) => isOfFamily(ip, family));
    const asked = service.spec?.loadBalancerIP ?? '';
    if (isOfFamily(asked, family)) return asked;
    if (kept !== undefined) return kept;
    const taken = new Set([...given.values()].flat());
    for (const other of services()) for (const ip of addressesOf(other)) taken.add(ip);
    for (const range of parsed) {
      const ip = range.family === family ? free(range, taken) : undefined;
      if (ip !== undefined) return ip;
    }
    throw new Error(`no IPv${family} address is left for a load balancer`);
  };

  return {
    has: (service) => given.has(keyOf(service)) || addressesOf(service).length > 0,
    ensure: (service): LoadBalancerStatus => {
      const families = (service.spec?.ipFamilies ?? ['IPv4']).map((family) => (family === 'IPv6' ? 6 : 4));
      const ips = families
        .filter((family) => parsed.some((range) => range.family === family))
        .map((family) => choose(service, family));
      if (ips.length === 0)
        throw new Error(`no range of addresses for ${families.map((f) => `IPv${f}`).join(' and ')}`);
      given.set(keyOf(service), ips);
      return { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) };
    },
    remove: (service) => void given.delete(keyOf(service)),
  };
}
