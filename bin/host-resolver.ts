import { promises } from 'node:dns';
import type { DnsQuestion, DnsRecord, DnsReply } from '../runtime/dns/records.ts';
import type { Resolver } from '../runtime/dns/resolver.ts';

/** The system does not say how long its answers hold. */
const ttl = 30;
const missing = new Set(['ENOTFOUND', 'NXDOMAIN']);

/** Names of the world outside, by the servers that this machine asks. */
export function createHostResolver(): Resolver {
  const system = new promises.Resolver({ timeout: 3000, tries: 2 });
  return async (question) => {
    try {
      return reply('NOERROR', await recordsOf(system, question));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code === 'ENODATA') return reply('NOERROR', []);
      return reply(missing.has(code) ? 'NXDOMAIN' : 'SERVFAIL', []);
    }
  };
}

function reply(code: DnsReply['code'], answers: readonly DnsRecord[]): DnsReply {
  return { code, isAuthoritative: false, answers, authorities: [], additionals: [] };
}

async function recordsOf(system: promises.Resolver, { name, type }: DnsQuestion): Promise<DnsRecord[]> {
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return ((await system.resolve(name, type)) as string[]).map((data) => ({ name, ttl, type, data }));
    case 'TXT':
      return (await system.resolveTxt(name)).map((parts) => ({ name, ttl, type, data: parts.join('') }));
    case 'SRV':
      return (await system.resolveSrv(name)).map(({ name: target, ...data }) => ({
        name,
        ttl,
        type,
        data: { ...data, target },
      }));
    default:
      return [];
  }
}
