import { formatIP, parseIP } from '../../api/ip.ts';

/** One spelling for each address, where connecting to all addresses means this machine; names stay as they are. */
export function canonicalIP(ip: string): string {
  if (ip === 'localhost' || ip === '0.0.0.0') return '127.0.0.1';
  if (ip === '::') return '::1';
  if (!ip.includes(':')) return ip;
  const parsed = parseIP(ip);
  return parsed === undefined ? ip : formatIP(parsed.family, parsed.bits);
}

export function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1';
}

export function familyOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4;
}

/** Of a namespace, for a packet to `ip`. */
export function sourceFor(ips: readonly string[], ip: string): string | undefined {
  const family = familyOf(ip);
  return ips.find((own) => familyOf(own) === family);
}
