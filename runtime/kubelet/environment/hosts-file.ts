import type { Pod } from '../pod-runtime.ts';

const localNames =
  '127.0.0.1\tlocalhost\n' +
  '::1\tlocalhost ip6-localhost ip6-loopback\n' +
  'fe00::0\tip6-localnet\n' +
  'fe00::0\tip6-mcastprefix\n' +
  'fe00::1\tip6-allnodes\n' +
  'fe00::2\tip6-allrouters\n';

/** The host name and domain that a pod's programs see. */
export function hostNames(
  { metadata, spec }: Readonly<Pod>,
  clusterDomain: string,
): { readonly hostname: string; readonly domain: string } {
  const { hostnameOverride, hostname = '', subdomain = '' } = spec ?? {};
  if (hostnameOverride !== undefined) return { hostname: shortened(hostnameOverride), domain: '' };
  const name = shortened(hostname === '' ? (metadata?.name ?? '') : hostname);
  const domain = subdomain === '' ? '' : `${subdomain}.${metadata?.namespace}.svc.${clusterDomain}`;
  return { hostname: name, domain };
}

/** What `hostname` says in a pod's containers. */
export function sandboxHostname(pod: Readonly<Pod>, node: string, clusterDomain: string): string {
  if (pod.spec?.hostNetwork === true) return node;
  const { hostname, domain } = hostNames(pod, clusterDomain);
  return pod.spec?.setHostnameAsFQDN === true && domain !== '' ? `${hostname}.${domain}` : hostname;
}

/** As long as a host name may be, and ending in a letter or digit. */
function shortened(name: string): string {
  return name.length <= 63 ? name : name.slice(0, 63).replace(/[-.]+$/, '');
}

function aliasLines({ spec }: Readonly<Pod>): string {
  const aliases = spec?.hostAliases ?? [];
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}

export interface HostsFacts {
  readonly podIPs: readonly string[];
  readonly clusterDomain: string;
  /** The node's own file, for pods in its network. */
  readonly nodeHosts: string;
}

/** A pod's /etc/hosts. */
export function hostsFile(pod: Readonly<Pod>, { podIPs, clusterDomain, nodeHosts }: HostsFacts): string {
  if (pod.spec?.hostNetwork === true)
    return `# Kubernetes-managed hosts file (host network).\n${nodeHosts}${aliasLines(pod)}`;
  const { hostname, domain } = hostNames(pod, clusterDomain);
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = podIPs.map((ip) => `${ip}\t${names}\n`);
  return `# Kubernetes-managed hosts file.\n${localNames}${own.join('')}${aliasLines(pod)}`;
}
