import { isIPv6, parseIP } from '../../../api/ip.ts';
import type { Address } from '../../network/network.ts';
import type { ProgramContext } from '../process.ts';

/** With the words of Go's resolver. */
export class LookupError extends Error {}

type Resolving = Pick<ProgramContext, 'files' | 'network' | 'clock' | 'random' | 'killed'>;

/** The addresses of a name, by /etc/hosts first; throws LookupError. */
export async function resolveHost(context: Resolving, name: string): Promise<readonly string[]> {
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  if (parseIP(bare) !== undefined) return [bare];
  const fromHosts = (context.files.read('/etc/hosts') ?? '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([, ...names]) => names.includes(bare))
    .map(([ip = '']) => ip);
  if (fromHosts.length > 0) return fromHosts;
  if (bare === 'localhost') return ['127.0.0.1'];
  const server = /^nameserver\s+(\S+)/m.exec(context.files.read('/etc/resolv.conf') ?? '')?.[1] ?? '127.0.0.1';
  throw new LookupError(`lookup ${bare} on ${isIPv6(server) ? `[${server}]` : server}:53: no such host`);
}

/** `host:port` as Go reads it; undefined: it has no port. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\w+)$/.exec(text) ?? [];
  if (port === '') return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** One address of `host:port`. */
export async function resolveAddress(context: Resolving, host: string, port: number): Promise<Address> {
  const [ip = ''] = await resolveHost(context, host === '' ? '127.0.0.1' : host);
  return { ip, port };
}
