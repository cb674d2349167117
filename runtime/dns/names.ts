import { formatIP, parseIP } from '../../api/ip.ts';

/** What a name in the cluster's domain asks for. */
export type ClusterName =
  | { readonly is: 'nothing' }
  | { readonly is: 'branch' }
  | { readonly is: 'namespace'; readonly kind: 'svc' | 'pod'; readonly namespace: string }
  | { readonly is: 'pod'; readonly namespace: string; readonly pod: string }
  | {
      readonly is: 'service';
      readonly namespace: string;
      readonly service: string;
      readonly endpoint?: string;
      readonly port?: string;
      readonly protocol?: string;
    };

/** Of the labels before the domain: `[[endpoint | _port._protocol].service].namespace.svc`, `ip.namespace.pod`. */
export function parseClusterName(labels: readonly string[]): ClusterName {
  const [kind, namespace, name, ...rest] = labels.toReversed();
  if (kind === undefined) return { is: 'branch' };
  if (kind !== 'svc' && kind !== 'pod') return { is: 'nothing' };
  if (namespace === undefined) return { is: 'branch' };
  if (name === undefined) return { is: 'namespace', kind, namespace };
  if (rest.length > 2) return { is: 'nothing' };
  if (kind === 'pod') return { is: 'pod', namespace, pod: name };
  const [first, second] = rest;
  const asked = { is: 'service', namespace, service: name } as const;
  if (first === undefined) return asked;
  if (second === undefined) return { ...asked, endpoint: first };
  return { ...asked, port: second.replace(/^_/, ''), protocol: first.replace(/^_/, '') };
}

/** The address in a pod's name: `10-244-0-7`, `fd00--7`. */
export function addressOfPodName(label: string): string | undefined {
  const isIPv4 = label.split('-').length === 4 && !label.includes('--');
  const text = label.replaceAll('-', isIPv4 ? '.' : ':');
  return parseIP(text) === undefined ? undefined : text;
}

/** The address that a name below `in-addr.arpa` or `ip6.arpa` turns around. */
export function addressOfReverseName(name: string): string | undefined {
  const [, four, six] = /^(?:(.+)\.in-addr|(.+)\.ip6)\.arpa$/.exec(name) ?? [];
  if (four !== undefined) {
    const parts = four.split('.');
    const text = parts.toReversed().join('.');
    return parts.length === 4 && parseIP(text) !== undefined ? text : undefined;
  }
  const nibbles = six?.split('.') ?? [];
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return undefined;
  return formatIP(6, BigInt(`0x${nibbles.toReversed().join('')}`));
}

/** The name whose PTR record says what an address is called. */
export function reverseName(ip: string): string | undefined {
  const parsed = parseIP(ip);
  if (parsed === undefined) return undefined;
  if (parsed.family === 4) return `${ip.split('.').toReversed().join('.')}.in-addr.arpa`;
  return `${[...parsed.bits.toString(16).padStart(32, '0')].toReversed().join('.')}.ip6.arpa`;
}

/** As an endpoint without a hostname is called. */
export function labelOfAddress(ip: string): string {
  return ip.replaceAll(/[.:]/g, '-');
}

export function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
