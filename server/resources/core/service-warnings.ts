import { FieldPath } from '../../../api/field-error.ts';
import { cidrWarnings, ipWarnings } from '../../../api/ip.ts';
import type { Service } from './service-traits.ts';

const specPath = FieldPath.of('spec');
const topologyHints = 'service.kubernetes.io/topology-aware-hints';

export function serviceWarnings(service: Readonly<Service>): string[] {
  const { spec = {}, metadata = {} } = service;
  const warnings: string[] = [];
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  const externalIPs = spec.externalIPs ?? [];
  if (metadata.annotations?.[topologyHints] !== undefined) {
    warnings.push(`annotation ${topologyHints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  if (spec.clusterIP && spec.clusterIP !== 'None') {
    spec.clusterIPs?.forEach((ip, i) => {
      warnings.push(...ipWarnings(specPath.child('clusterIPs').index(i), ip));
    });
  }
  if (isHeadless) {
    if (spec.loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  externalIPs.forEach((ip, i) => {
    warnings.push(...ipWarnings(specPath.child('externalIPs').index(i), ip));
  });
  if (externalIPs.length > 0 && !isHeadless && spec.type !== 'ExternalName') {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  }
  if (spec.loadBalancerIP) warnings.push(...ipWarnings(specPath.child('loadBalancerIP'), spec.loadBalancerIP));
  spec.loadBalancerSourceRanges?.forEach((cidr, i) => {
    warnings.push(...cidrWarnings(specPath.child('loadBalancerSourceRanges').index(i), cidr));
  });
  if (spec.type === 'ExternalName' && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== 'ExternalName' && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}

export function ingressWarnings(service: Readonly<Service>): string[] {
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, i) =>
    ip === '' ? [] : ipWarnings(path.index(i), ip),
  );
}
