import { type ClusterZone, familyOf, specification, type Target } from './cluster-zone.ts';
import { addressOfReverseName, isWithin } from './names.ts';
import type { DnsQuestion, DnsRecord, DnsReply } from './records.ts';

/** Answers a question; names come in any case, and go out as they came. */
export type Resolver = (question: DnsQuestion) => Promise<DnsReply>;

/** CNAMEs in a row, as CoreDNS follows them. */
const maxChain = 8;

/** The cluster's own names by `zone`, all others by `outside`. */
export function createResolver(zone: ClusterZone, outside: Resolver): Resolver {
  return async (question) => {
    const name = question.name.toLowerCase();
    const asked = { name, type: question.type.toUpperCase() };
    if (isWithin(name, zone.domain)) return restored(await inside(zone, asked, outside), name, question.name);
    if (asked.type !== 'PTR' || addressOfReverseName(name) === undefined) return outside(question);
    const names = zone.reverse(name) ?? [];
    if (names.length === 0) return outside(question);
    const answers = names.map((data) => ({ name: question.name, ttl: zone.ttl, type: 'PTR', data }) as const);
    return { code: 'NOERROR', isAuthoritative: true, answers, authorities: [], additionals: [] };
  };
}

async function inside(zone: ClusterZone, { name, type }: DnsQuestion, outside: Resolver): Promise<DnsReply> {
  const empty = (code: DnsReply['code']): DnsReply => {
    return { code, isAuthoritative: true, answers: [], authorities: [zone.soa()], additionals: [] };
  };
  const full = (answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): DnsReply =>
    answers.length === 0
      ? empty('NOERROR')
      : { code: 'NOERROR', isAuthoritative: true, answers, authorities: [], additionals };
  const { domain, ttl } = zone;
  if (name === `dns-version.${domain}`)
    return full(type === 'TXT' ? [{ name, ttl, type: 'TXT', data: specification }] : []);
  if (name === domain && type === 'SOA') return full([zone.soa()]);
  const server = `ns.dns.${domain}`;
  const serverAddresses = (zone.targets(`kube-dns.kube-system.svc.${domain}`) ?? []).map((t) => ({
    ...t,
    name: server,
  }));
  if (name === domain && type === 'NS')
    return full([{ name, ttl, type: 'NS', data: server }], addresses(serverAddresses, server, ttl));
  if (name === server) return full(addresses(serverAddresses, server, ttl).filter((record) => record.type === type));
  const targets = zone.targets(name);
  if (targets === undefined) return empty('NXDOMAIN');
  switch (type) {
    case 'A':
    case 'AAAA':
      return full(await addressesOf(zone, { name, type }, outside));
    case 'CNAME': {
      const [first] = targets;
      return full(
        first !== undefined && familyOf(first) === undefined ? [{ name, ttl, type: 'CNAME', data: first.host }] : [],
      );
    }
    case 'SRV': {
      const answers = services(targets, name, ttl);
      const named = unique(targets.filter(({ port }) => port !== undefined || isAlias(targets)));
      const additionals = isAlias(targets)
        ? await addressesOf(zone, { name: targets[0]?.host ?? '', type: 'A' }, outside)
        : named.flatMap((target) => addresses([target], target.name, ttl));
      return full(answers, additionals);
    }
    default:
      return empty('NOERROR');
  }
}

/** Addresses of one family, with the chain of names that leads there. */
async function addressesOf(zone: ClusterZone, asked: DnsQuestion, outside: Resolver): Promise<DnsRecord[]> {
  const { domain, ttl } = zone;
  const wanted = asked.type === 'A' ? 4 : 6;
  const chain: DnsRecord[] = [];
  let { name } = asked;
  for (let links = 0; links < maxChain; links++) {
    if (!isWithin(name, domain)) {
      if (links === 0) return [...(await outside({ name, type: asked.type })).answers];
      return [...chain, ...(await outside({ name, type: asked.type })).answers];
    }
    const targets: readonly Target[] = zone.targets(name) ?? [];
    const [alias] = targets;
    if (alias === undefined || familyOf(alias) !== undefined) {
      const found = addresses(targets, name, ttl).filter(({ type }) => (type === 'A' ? 4 : 6) === wanted);
      // A chain that leads to nothing in the cluster is not told.
      return found.length === 0 ? [] : [...chain, ...found];
    }
    const next = alias.host.toLowerCase();
    if (next === name || chain.some((link) => link.name === next)) return [];
    chain.push({ name, ttl, type: 'CNAME', data: alias.host });
    name = next;
  }
  return [];
}

function addresses(targets: readonly Target[], name: string, ttl: number): DnsRecord[] {
  const hosts = new Map<string, DnsRecord>();
  for (const target of targets) {
    const family = familyOf(target);
    if (family !== undefined)
      hosts.set(target.host, { name, ttl, type: family === 4 ? 'A' : 'AAAA', data: target.host });
  }
  return [...hosts.values()];
}

function services(targets: readonly Target[], name: string, ttl: number): DnsRecord[] {
  const weight = Math.max(1, Math.floor(100 / targets.length));
  const records = new Map<string, DnsRecord>();
  for (const { name: target, port } of targets) {
    if (port === undefined && !isAlias(targets)) continue;
    const data = { priority: 0, weight, port: port ?? 0, target };
    records.set(`${target}:${data.port}`, { name, ttl, type: 'SRV', data });
  }
  return [...records.values()];
}

function isAlias([first]: readonly Target[]): boolean {
  return first !== undefined && familyOf(first) === undefined;
}

function unique(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.name} ${target.host}`, target])).values()];
}

/** Records of the name that was asked for carry it as it was written. */
function restored(reply: DnsReply, name: string, written: string): DnsReply {
  if (name === written) return reply;
  const answers = reply.answers.map((record) => (record.name === name ? { ...record, name: written } : record));
  return { ...reply, answers };
}
