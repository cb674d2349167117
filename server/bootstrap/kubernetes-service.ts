import { toTime } from '../../api/clock.ts';
import { formatIP, parseCIDR, parseIP } from '../../api/ip.ts';
import type { BootstrapObject } from './bootstrap-object.ts';

export interface KubernetesServiceOptions {
  readonly serviceClusterIPRange: string;
  /** Where pods reach the server; without one the Service has no endpoints. Endpoints refuse loopback addresses. */
  readonly advertiseAddress?: string | undefined;
  readonly securePort: number;
}

/** The first address behind the network's own: that of the Service `kubernetes`. */
export function kubernetesServiceIP(serviceClusterIPRange: string): string {
  const range = parseCIDR(serviceClusterIPRange);
  if (range === undefined) throw new Error(`not a CIDR: ${serviceClusterIPRange}`);
  return formatIP(range.family, range.base + 1n);
}

function familyOf(address: string): 'IPv4' | 'IPv6' {
  return parseIP(address)?.family === 6 ? 'IPv6' : 'IPv4';
}

// Colons cannot stand in names; upstream names IPAddress objects by the address itself, which for IPv6 is its canonical form.
function ipAddress(address: string): BootstrapObject {
  return {
    resource: 'ipaddresses.networking.k8s.io',
    namespace: '',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: address,
        labels: {
          'ipaddress.kubernetes.io/ip-family': familyOf(address),
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } },
    } as BootstrapObject['object'],
  };
}

function service(clusterIP: string, targetPort: number): BootstrapObject {
  const spec = {
    ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort }],
    clusterIP,
    clusterIPs: [clusterIP],
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ipFamilies: [familyOf(clusterIP)],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
  };
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  };
  const object = { apiVersion: 'v1', kind: 'Service', metadata, spec, status: { loadBalancer: {} } };
  return { resource: 'services', namespace: 'default', object, chosen: ['clusterIPs', 'ipFamilies'] };
}

function endpoints(ip: string, port: number): BootstrapObject[] {
  const metadata = (labels: Record<string, string>): object => ({ name: 'kubernetes', namespace: 'default', labels });
  const endpointsObject = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: metadata({ 'endpointslice.kubernetes.io/skip-mirror': 'true' }),
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata({ 'kubernetes.io/service-name': 'kubernetes' }), generation: 1 },
    addressType: familyOf(ip),
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'https', protocol: 'TCP', port }],
  };
  return [
    { resource: 'endpoints', namespace: 'default', object: endpointsObject },
    { resource: 'endpointslices.discovery.k8s.io', namespace: 'default', object: slice },
  ];
}

function serviceCIDR(cidr: string, now: number): BootstrapObject {
  const condition = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: toTime(now),
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [cidr] },
    status: { conditions: [condition] },
  };
  const statusManager = 'kubernetes-service-cidr-controller';
  return { resource: 'servicecidrs.networking.k8s.io', namespace: '', object, statusManager };
}

/** The Service by which pods find the server, its address and what it leads to. */
export function kubernetesServiceObjects(options: KubernetesServiceOptions, now: number): BootstrapObject[] {
  const { serviceClusterIPRange, advertiseAddress, securePort } = options;
  const clusterIP = kubernetesServiceIP(serviceClusterIPRange);
  return [
    serviceCIDR(serviceClusterIPRange, now),
    ipAddress(clusterIP),
    service(clusterIP, securePort),
    ...(advertiseAddress === undefined ? [] : endpoints(advertiseAddress, securePort)),
  ];
}
