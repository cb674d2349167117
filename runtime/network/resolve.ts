import type { Clock, Random } from '../../api/clock.ts';
import { parseIP } from '../../api/ip.ts';
import type { ReceivedReply } from '../dns/packet.ts';
import type { DnsQuestion, DnsRecord } from '../dns/records.ts';
import type { FileTree } from '../files/file-tree.ts';
import { type Datagram, NetworkError, type NetworkNamespace } from './network.ts';

/** What a program brings to look up names: its files and its network. */
export interface LookupPlace {
  readonly files: FileTree;
  readonly network: NetworkNamespace;
  readonly clock: Clock;
  readonly random: Random;
  readonly killed: AbortSignal;
}

/** As `/etc/resolv.conf` has it. */
export interface ResolverConfiguration {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** ENOTFOUND: there is no such name. EAI_AGAIN: nobody could say. */
export class LookupError extends Error {
  readonly code: 'ENOTFOUND' | 'EAI_AGAIN';

  constructor(code: LookupError['code'], name: string) {
    super(`getaddrinfo ${code} ${name}`);
    this.name = 'LookupError';
    this.code = code;
  }
}

const dnsPort = 53;
const maxNameservers = 3;

function linesOf(files: FileTree, path: string): string[][] {
  const text = files.read(path) ?? '';
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/),
  );
}

/** An option that is not there has the C library's default. */
export function readResolverConfiguration(files: FileTree): ResolverConfiguration {
  const nameservers: string[] = [];
  let search: readonly string[] = [];
  const options = new Map<string, string>();
  for (const [word, ...rest] of linesOf(files, '/etc/resolv.conf')) {
    if (word === 'nameserver' && rest[0] !== undefined) nameservers.push(rest[0]);
    else if (word === 'search' || word === 'domain') search = rest;
    else if (word === 'options') for (const option of rest) options.set(...pair(option));
  }
  const numberOf = (name: string, fallback: number): number => Number(options.get(name) ?? fallback) || 0;
  return {
    nameservers: nameservers.length === 0 ? ['127.0.0.1'] : nameservers.slice(0, maxNameservers),
    search,
    ndots: numberOf('ndots', 1),
    timeoutMs: Math.max(1, numberOf('timeout', 5)) * 1000,
    attempts: Math.max(1, numberOf('attempts', 2)),
  };
}

function pair(option: string): [string, string] {
  const [name = '', value = ''] = option.split(':');
  return [name, value];
}

/** What `/etc/hosts` says of a name. */
export function hostsEntries(files: FileTree, name: string): string[] {
  return linesOf(files, '/etc/hosts')
    .filter(([, ...names]) => names.some((each) => each.toLowerCase() === name.toLowerCase()))
    .map(([ip = '']) => ip)
    .filter((ip) => parseIP(ip) !== undefined);
}

/** Names in the order in which they are to be tried: with the search list, and as it is. */
export function candidateNames(name: string, { search, ndots }: ResolverConfiguration): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = search.map((domain) => (domain === '.' ? name : `${name}.${domain.replace(/\.$/, '')}`));
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...searched] : [...searched, name];
}

export interface AskOptions {
  readonly timeoutMs?: number;
  readonly attempts?: number;
  readonly useTcp?: boolean;
  /** Stay with UDP even when the answer says that it is not whole. */
  readonly ignoreTruncation?: boolean;
}

/** Asks one server over UDP, and again over TCP when the answer was too long. Throws NetworkError ETIMEDOUT, ECONNREFUSED or what TCP throws. */
export async function askServer(
  server: { readonly ip: string; readonly port?: number },
  question: DnsQuestion,
  place: Omit<LookupPlace, 'files'>,
  { timeoutMs = 5000, attempts = 2, useTcp = false, ignoreTruncation = false }: AskOptions = {},
): Promise<ReceivedReply> {
  const to = { ip: server.ip, port: server.port ?? dnsPort };
  if (useTcp) return overTcp(to, question, place, timeoutMs);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const reply = await overUdp(to, question, place, timeoutMs);
    if (reply === 'refused') throw new NetworkError('ECONNREFUSED', `${to.ip}:${to.port}: connection refused`);
    if (reply === undefined) continue;
    return reply.isTruncated && !ignoreTruncation ? overTcp(to, question, place, timeoutMs) : reply;
  }
  throw new NetworkError('ETIMEDOUT', `${to.ip}:${to.port}: no answer`);
}

async function overUdp(
  to: { readonly ip: string; readonly port: number },
  question: DnsQuestion,
  { network, clock, random, killed }: Omit<LookupPlace, 'files'>,
  timeoutMs: number,
): Promise<ReceivedReply | 'refused' | undefined> {
  const { parseReply, queryPacket } = await import('../dns/packet.ts');
  const id = Math.floor(random.next() * 0x10000);
  const { promise, resolve } = Promise.withResolvers<ReceivedReply | 'refused' | undefined>();
  const take = ({ bytes }: Datagram): void => {
    try {
      const reply = parseReply(bytes);
      if (reply.id === id) resolve(reply);
    } catch {
      // Not an answer: one may still come.
    }
  };
  const socket = network.bind(0, take, { onUnreachable: () => resolve('refused') });
  const giveUp = (): void => resolve(undefined);
  const timer = clock.after(timeoutMs, giveUp);
  killed.addEventListener('abort', giveUp, { once: true });
  try {
    socket.send(to, queryPacket(id, question));
    return await promise;
  } finally {
    timer.cancel();
    killed.removeEventListener('abort', giveUp);
    socket.close();
  }
}

async function overTcp(
  to: { readonly ip: string; readonly port: number },
  question: DnsQuestion,
  { network, clock, random, killed }: Omit<LookupPlace, 'files'>,
  timeoutMs: number,
): Promise<ReceivedReply> {
  const { parseReply, queryPacket } = await import('../dns/packet.ts');
  const { framed } = await import('../dns/serve.ts');
  const id = Math.floor(random.next() * 0x10000);
  const { stream } = await network.connect(to, { signal: killed, timeoutMs });
  const timer = clock.after(timeoutMs, () => stream.destroy());
  try {
    stream.write(framed(queryPacket(id, question)));
    let received: Buffer = Buffer.alloc(0);
    for await (const bytes of stream) {
      received = Buffer.concat([received, bytes as Buffer]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) continue;
      const reply = parseReply(received.subarray(2, 2 + received.readUInt16BE(0)));
      if (reply.id === id) return reply;
    }
    throw new NetworkError('ETIMEDOUT', `${to.ip}:${to.port}: no answer`);
  } finally {
    timer.cancel();
    stream.destroy();
  }
}

/** What was found under which of the candidate names. */
export interface Found {
  readonly name: string;
  readonly reply: ReceivedReply;
  readonly server: string;
}

/** Tries one name at the servers in turn; undefined when none could say. */
export async function queryServers(
  question: DnsQuestion,
  place: LookupPlace,
  configuration: ResolverConfiguration,
  options: AskOptions = {},
): Promise<Found | undefined> {
  const { attempts, timeoutMs, nameservers } = configuration;
  for (let attempt = 0; attempt < attempts && !place.killed.aborted; attempt++) {
    for (const server of nameservers) {
      try {
        const reply = await askServer({ ip: server }, question, place, { timeoutMs, ...options, attempts: 1 });
        if (reply.code === 'NOERROR' || reply.code === 'NXDOMAIN') return { name: question.name, reply, server };
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
      }
    }
  }
  return undefined;
}

/** Addresses of a name as the C library finds them: an address, `/etc/hosts`, then the servers. Throws LookupError. */
export async function lookup(
  name: string,
  place: LookupPlace,
  { family }: { readonly family?: 4 | 6 } = {},
): Promise<readonly string[]> {
  const isWanted = (ip: string): boolean => family === undefined || parseIP(ip)?.family === family;
  if (parseIP(name) !== undefined) return [name];
  const local = hostsEntries(place.files, name).filter(isWanted);
  if (local.length > 0) return local;
  if (name.toLowerCase() === 'localhost') return ['127.0.0.1'];
  const configuration = readResolverConfiguration(place.files);
  const types = family === undefined ? ['A', 'AAAA'] : family === 4 ? ['A'] : ['AAAA'];
  let hasFailed = false;
  for (const candidate of candidateNames(name, configuration)) {
    const found = await Promise.all(types.map((type) => queryServers({ name: candidate, type }, place, configuration)));
    const ips = found.flatMap((each) => (each === undefined ? [] : addressesIn(each.reply.answers)));
    if (ips.length > 0) return ips;
    hasFailed ||= found.includes(undefined);
    if (place.killed.aborted) break;
  }
  throw new LookupError(hasFailed ? 'EAI_AGAIN' : 'ENOTFOUND', name);
}

export function addressesIn(records: readonly DnsRecord[]): string[] {
  return records.flatMap((record) => (record.type === 'A' || record.type === 'AAAA' ? [record.data] : []));
}
