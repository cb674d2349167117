import type { Api } from '../../../api/object.ts';

export type Service = Api<'io.k8s.api.core.v1.Service'>;
export type ServiceSpec = Api<'io.k8s.api.core.v1.ServiceSpec'>;
export type ServicePort = Api<'io.k8s.api.core.v1.ServicePort'>;

/** Reachable from outside the cluster: external traffic policy applies. */
export function isExternallyAccessible(spec: Readonly<ServiceSpec>): boolean {
  const { type, externalIPs = [] } = spec;
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
}

/** Load balancers that keep traffic on the node ask each node whether it has endpoints. */
export function needsHealthCheck(spec: Readonly<ServiceSpec>): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

export function needsClusterIP(spec: Readonly<ServiceSpec>): boolean {
  return spec.type !== 'ExternalName';
}

export function hasNodePorts(spec: Readonly<ServiceSpec>): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

/** Whether ports without a nodePort get one. */
export function allocatesNodePorts(spec: Readonly<ServiceSpec>): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

export function isHeadless(spec: Readonly<ServiceSpec>): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

export function sameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

export function nodePortsOf(spec: Readonly<ServiceSpec>): number[] {
  return (spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : []));
}

const clientIPTimeoutSeconds = 10_800;

function defaultSessionAffinity(spec: ServiceSpec): void {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: clientIPTimeoutSeconds } };
  }
}

export function defaultService(service: Service): void {
  service.spec ??= {};
  const spec = service.spec;
  defaultSessionAffinity(spec);
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer' || spec.type === 'ClusterIP') {
    spec.internalTrafficPolicy ??= 'Cluster';
  }
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) {
    if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}
