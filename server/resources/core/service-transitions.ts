import { semanticEqual } from '../../../api/equal.ts';
import {
  allocatesNodePorts,
  hasNodePorts,
  isExternallyAccessible,
  needsClusterIP,
  needsHealthCheck,
  nodePortsOf,
  type Service,
  type ServiceSpec,
  sameList,
} from './service-traits.ts';

/** A client that leaves allocated values out of an update keeps them. */
export function keepAllocatedValues(spec: ServiceSpec, old: Readonly<ServiceSpec>): void {
  if (needsClusterIP(old) && needsClusterIP(spec)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && old.clusterIPs?.length) spec.clusterIPs = [...old.clusterIPs];
  }
  if (allocatesNodePorts(old) && allocatesNodePorts(spec)) keepNodePorts(spec, old);
  if (needsHealthCheck(old) && needsHealthCheck(spec) && !spec.healthCheckNodePort && old.healthCheckNodePort) {
    spec.healthCheckNodePort = old.healthCheckNodePort;
  }
}

/** By port name, unless the number went to another port. */
function keepNodePorts(spec: ServiceSpec, old: Readonly<ServiceSpec>): void {
  const mine = new Set(nodePortsOf(spec));
  const inUse = new Set(nodePortsOf(old).filter((port) => mine.has(port)));
  const byName = new Map((old.ports ?? []).map((port) => [port.name ?? '', port.nodePort]));
  for (const port of spec.ports ?? []) {
    const before = byName.get(port.name ?? '');
    if (!port.nodePort && before && !inUse.has(before)) port.nodePort = before;
  }
}

/** Old clients know `clusterIP` alone, new ones both: a change of one is carried over to the other. */
export function syncClusterIPs(spec: ServiceSpec, old: Readonly<ServiceSpec> | undefined): void {
  if (old === undefined) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const before = old.clusterIP ?? '';
  const now = spec.clusterIP ?? '';
  if (old.clusterIPs?.length && !spec.clusterIPs?.length && before === now) spec.clusterIPs = [...old.clusterIPs];
  if (before === now || !sameList(old.clusterIPs, spec.clusterIPs)) return;
  if (now === '') delete spec.clusterIPs;
  else spec.clusterIPs = [now];
}

/** Fields that have no meaning for the new type go, unless the client changed them in the same update. */
export function dropTypeDependentFields(service: Service, old: Readonly<Service>): void {
  const spec = service.spec ?? {};
  const before = old.spec ?? {};
  if (needsClusterIP(before) && !needsClusterIP(spec)) dropAddresses(spec, before);
  if (hasNodePorts(before) && !hasNodePorts(spec)) {
    const known = new Set(nodePortsOf(before));
    if (nodePortsOf(spec).every((port) => known.has(port))) for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(before) && !needsHealthCheck(spec) && spec.healthCheckNodePort === before.healthCheckNodePort) {
    delete spec.healthCheckNodePort;
  }
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (
    isExternallyAccessible(before) &&
    !isExternallyAccessible(spec) &&
    spec.externalTrafficPolicy === before.externalTrafficPolicy
  ) {
    delete spec.externalTrafficPolicy;
  }
  if (spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} };
}

function dropAddresses(spec: ServiceSpec, before: Readonly<ServiceSpec>): void {
  if ((spec.clusterIP ?? '') === (before.clusterIP ?? '') && sameList(spec.clusterIPs, before.clusterIPs)) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  if (semanticEqual(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
  if ((spec.ipFamilyPolicy ?? '') === (before.ipFamilyPolicy ?? '')) delete spec.ipFamilyPolicy;
}
