import type { Api } from '../object.ts';
import {
  age,
  type CellTable,
  cellsOf,
  firstThree,
  ingressAddresses,
  joinOr,
  labelText,
  name,
  selectorOrNone,
} from './cell.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;
type Endpoints = Api<'io.k8s.api.core.v1.Endpoints'>;
type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;
type Ingress = Api<'io.k8s.api.networking.v1.Ingress'>;
type IngressClass = Api<'io.k8s.api.networking.v1.IngressClass'>;
type NetworkPolicy = Api<'io.k8s.api.networking.v1.NetworkPolicy'>;
type ServiceCIDR = Api<'io.k8s.api.networking.v1.ServiceCIDR'>;
type IPAddress = Api<'io.k8s.api.networking.v1.IPAddress'>;

function externalIP({ spec, status }: Service): string {
  const own = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return joinOr(own, '<none>');
    case 'LoadBalancer':
      return joinOr([...ingressAddresses(status?.loadBalancer?.ingress), ...own], '<pending>');
    case 'ExternalName':
      return spec.externalName ?? '';
    case undefined:
      break;
  }
  return '<unknown>';
}

function servicePorts({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map(({ port, nodePort, protocol }) => {
    return `${port ?? 0}${nodePort ? `:${nodePort}` : ''}/${protocol ?? ''}`;
  });
  return joinOr(ports, '<none>');
}

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function endpointsText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return '<none>';
  const texts = subsets.flatMap(({ addresses = [], ports = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip ?? '');
    return ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip ?? '', port ?? 0)));
  });
  return firstThree(texts, '');
}

/** Counts rules, not hosts, once three hosts are listed. */
function ingressHosts({ spec }: Ingress): string {
  const hosts: string[] = [];
  let more = false;
  const rules = spec?.rules ?? [];
  for (const { host } of rules) {
    more ||= hosts.length === 3;
    if (!more && host) hosts.push(host);
  }
  if (hosts.length === 0) return '*';
  return hosts.join(',') + (more ? ` + ${rules.length - 3} more...` : '');
}

function className({ metadata }: IngressClass): string {
  const isDefault = metadata?.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
  return (metadata?.name ?? '') + (isDefault ? ' (default)' : '');
}

function classParameters({ spec }: IngressClass): string {
  if (spec?.parameters === undefined) return '<none>';
  const { kind = '', apiGroup, name: parameterName = '' } = spec.parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${parameterName}`;
}

function parentText({ spec }: IPAddress): string {
  if (spec?.parentRef === undefined) return '<none>';
  const { group, resource = '', namespace, name: parent = '' } = spec.parentRef;
  const groupResource = (group ? `${resource}.${group}` : resource).toLowerCase();
  return `${groupResource}${namespace ? `/${namespace}` : ''}/${parent}`;
}

export const networkCells: CellTable = {
  services: cellsOf<Service>(
    name,
    ({ spec }) => spec?.type ?? '',
    ({ spec }) => spec?.clusterIPs?.[0] ?? (spec?.clusterIP || '<none>'),
    externalIP,
    servicePorts,
    age,
    ({ spec }) => labelText(spec?.selector),
  ),
  endpoints: cellsOf<Endpoints>(name, endpointsText, age),
  'endpointslices.discovery.k8s.io': cellsOf<EndpointSlice>(
    name,
    ({ addressType }) => addressType ?? '',
    ({ ports }) =>
      firstThree(
        (ports ?? []).map((port) => String(port.port ?? port.name ?? '*')),
        '<unset>',
      ),
    ({ endpoints }) =>
      firstThree(
        (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []),
        '<unset>',
      ),
    age,
  ),
  'ingresses.networking.k8s.io': cellsOf<Ingress>(
    name,
    ({ spec }) => spec?.ingressClassName ?? '<none>',
    ingressHosts,
    ({ status }) => ingressAddresses(status?.loadBalancer?.ingress).join(','),
    ({ spec }) => ((spec?.tls ?? []).length > 0 ? '80, 443' : '80'),
    age,
  ),
  'ingressclasses.networking.k8s.io': cellsOf<IngressClass>(
    className,
    ({ spec }) => spec?.controller ?? '',
    classParameters,
    age,
  ),
  'networkpolicies.networking.k8s.io': cellsOf<NetworkPolicy>(
    name,
    ({ spec }) => selectorOrNone(spec?.podSelector ?? {}),
    age,
  ),
  'servicecidrs.networking.k8s.io': cellsOf<ServiceCIDR>(name, ({ spec }) => (spec?.cidrs ?? []).join(','), age),
  // The age has no column: upstream sends the cell all the same.
  'ipaddresses.networking.k8s.io': cellsOf<IPAddress>(name, parentText, age),
};
