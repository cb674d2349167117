import type { Api } from '../../../api/object.ts';

export type Service = Api<'io.k8s.api.core.v1.Service'>;

function variableName(text: string): string {
  return text.replaceAll('-', '_').toUpperCase();
}

function hasAddress({ spec }: Readonly<Service>): boolean {
  return spec?.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';
}

/** Where a service is, in the words of Kubernetes and of container links. */
function variablesOf({ metadata, spec }: Readonly<Service>): [string, string][] {
  const prefix = variableName(metadata?.name ?? '');
  const { clusterIP = '', ports = [] } = spec ?? {};
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
  const variables: [string, string][] = [[`${prefix}_SERVICE_HOST`, clusterIP]];
  const first = ports[0];
  if (first !== undefined) variables.push([`${prefix}_SERVICE_PORT`, String(first.port)]);
  for (const { name = '', port } of ports)
    if (name !== '') variables.push([`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)]);
  for (const [index, { protocol = 'TCP', port }] of ports.entries()) {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${host}:${port}`;
    if (index === 0) variables.push([`${prefix}_PORT`, url]);
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    variables.push([link, url], [`${link}_PROTO`, scheme], [`${link}_PORT`, String(port)], [`${link}_ADDR`, clusterIP]);
  }
  return variables;
}

/**
 * Variables for the services that a pod of `namespace` is told of: its namespace's when it wants links, and always the API server's.
 * A service of the namespace's own by the same name wins.
 */
export function serviceVariables(
  services: Iterable<Readonly<Service>>,
  namespace: string,
  wantsLinks: boolean,
): Map<string, string> {
  const chosen = new Map<string, Readonly<Service>>();
  for (const service of services) {
    if (!hasAddress(service)) continue;
    const { name = '', namespace: home = '' } = service.metadata ?? {};
    if (home === 'default' && name === 'kubernetes') {
      if (!chosen.has(name)) chosen.set(name, service);
    } else if (home === namespace && wantsLinks) chosen.set(name, service);
  }
  return new Map([...chosen.values()].flatMap(variablesOf));
}
