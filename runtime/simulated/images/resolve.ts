import { isIPv6, parseIP } from '../../../api/ip.ts';
import type { Address } from '../../network/network.ts';
import { lookup, LookupError as NotFound, readResolverConfiguration } from '../../network/resolve.ts';
import type { ProgramContext } from '../process.ts';

/** With the words of Go's resolver. */
export class LookupError extends Error {}

type Resolving = Pick<ProgramContext, 'files' | 'network' | 'clock' | 'random' | 'killed'>;

/** The addresses of a name, by /etc/hosts first; throws LookupError. */
export async function resolveHost(context: Resolving, name: string): Promise<readonly string[]> {
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  if (parseIP(bare) !== undefined) return [bare];
  try {
    const ips = await lookup(bare, context);
    // As Go dials: the fourth version first.
    return [...ips].sort((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    const [server = ''] = readResolverConfiguration(context.files).nameservers;
    const why = error.code === 'ENOTFOUND' ? 'no such host' : 'server misbehaving';
    throw new LookupError(`lookup ${bare} on ${isIPv6(server) ? `[${server}]` : server}:53: ${why}`);
  }
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
