import { parseIP } from '../../api/ip.ts';
import { reverseName } from './names.ts';
import type { DnsRecord, DnsReply } from './records.ts';
import type { Resolver } from './resolver.ts';

export interface OutsideOptions {
  /** Addresses by name, both of which are known in the cluster only. */
  readonly hosts?: ReadonlyMap<string, readonly string[]>;
  /** What is said of all other names. */
  readonly otherwise?: 'NXDOMAIN' | 'SERVFAIL' | Resolver;
  readonly ttl?: number;
}

/** Stands for the servers of the outside world, which are not there. */
export function createOutside({ hosts = new Map(), otherwise = 'NXDOMAIN', ttl = 30 }: OutsideOptions): Resolver {
  const reverse = new Map<string, string>();
  for (const [name, ips] of hosts) for (const ip of ips) reverse.set(reverseName(ip) ?? ip, name);
  const reply = (code: DnsReply['code'], answers: readonly DnsRecord[] = []): DnsReply => {
    return { code, isAuthoritative: false, answers, authorities: [], additionals: [] };
  };
  return async ({ name, type }) => {
    const known = hosts.get(name.toLowerCase());
    if (known !== undefined) {
      const family = type === 'A' ? 4 : type === 'AAAA' ? 6 : undefined;
      const matching = known.filter((ip) => parseIP(ip)?.family === family);
      return reply(
        'NOERROR',
        matching.map((data) => ({ name, ttl, type: family === 4 ? 'A' : 'AAAA', data })),
      );
    }
    const pointer = reverse.get(name.toLowerCase());
    if (pointer !== undefined)
      return reply('NOERROR', type === 'PTR' ? [{ name, ttl, type: 'PTR', data: pointer }] : []);
    return typeof otherwise === 'function' ? otherwise({ name, type }) : reply(otherwise);
  };
}
