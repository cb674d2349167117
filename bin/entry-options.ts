import { isIP } from 'node:net';

/** What users say of the ways between this machine and the cluster's names and Ingresses. */
export interface EntryOptions {
  /** Ports of the bind address; undefined: none. */
  readonly entryPorts: Readonly<Record<'dns' | 'ingress' | 'ingressHttps', number | undefined>>;
  /** Names that pods find beside the cluster's, with their addresses. */
  readonly dnsHosts: ReadonlyMap<string, readonly string[]>;
}

export const entryFlags = { 'dns-port': '', 'dns-hosts': '', 'ingress-port': '', 'ingress-https-port': '' } as const;

export function entryOptions(
  get: (flag: keyof typeof entryFlags) => string,
  parsePort: (flag: string, text: string) => number,
  refusal: (why: string) => Error,
): EntryOptions {
  const portOf = (flag: keyof typeof entryFlags): number | undefined =>
    get(flag) === '' ? undefined : parsePort(flag, get(flag));
  return {
    entryPorts: {
      dns: portOf('dns-port'),
      ingress: portOf('ingress-port'),
      ingressHttps: portOf('ingress-https-port'),
    },
    dnsHosts: hostsOf(get('dns-hosts'), refusal),
  };
}

/** `name=address,name=address`; a name may come again. */
function hostsOf(text: string, refusal: (why: string) => Error): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const pair of text === '' ? [] : text.split(',')) {
    const [, name, address = ''] = /^([^=]+)=(.+)$/.exec(pair.trim()) ?? [];
    if (name === undefined || isIP(address) === 0) throw refusal(`--dns-hosts: want name=address, not ${pair}`);
    const key = name.toLowerCase();
    hosts.set(key, [...(hosts.get(key) ?? []), address]);
  }
  return hosts;
}
