import { formatCIDR, formatIP, type IPRange, parseCIDR, parseIP } from '../../api/ip.ts';
import type { Api } from '../../api/object.ts';

export type Service = Api<'io.k8s.api.core.v1.Service'>;
export type Family = 4 | 6;
export type ProxyProtocol = 'TCP' | 'UDP' | 'SCTP';

/** A port of a Service, in one family, as rules need it. */
export interface ServicePort {
  /** `namespace/service`. */
  readonly service: string;
  /** `namespace/service:port`, or without the port's name when it has none. */
  readonly name: string;
  readonly portName: string;
  readonly family: Family;
  readonly protocol: ProxyProtocol;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly sourceRanges: readonly IPRange[];
  /** Set when a client comes back to the endpoint that it had. */
  readonly affinitySeconds: number | undefined;
  readonly isExternalLocal: boolean;
  readonly isInternalLocal: boolean;
  readonly healthCheckNodePort: number | undefined;
}

/** Upstream's default: three hours. */
const defaultAffinitySeconds = 10_800;

function canonicalOf(family: Family, addresses: readonly (string | undefined)[] | undefined): string[] {
  return (addresses ?? []).flatMap((address = '') => {
    const parsed = parseIP(address);
    return parsed?.family === family ? [formatIP(parsed.family, parsed.bits)] : [];
  });
}

function clusterIPOf({ spec }: Readonly<Service>, family: Family): string | undefined {
  const addresses = spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP];
  return canonicalOf(family, addresses)[0];
}

function rangesOf(family: Family, texts: readonly string[] | undefined): IPRange[] {
  const ranges = (texts ?? []).flatMap((text) => parseCIDR(text.trim()) ?? []).filter((one) => one.family === family);
  // One that allows all is none.
  return ranges.some(({ prefix }) => prefix === 0) ? [] : ranges;
}

function affinityOf({ spec }: Readonly<Service>): number | undefined {
  if (spec?.sessionAffinity !== 'ClientIP') return undefined;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds;
}

function isExternalPolicyLocal({ spec }: Readonly<Service>): boolean {
  const isReachable =
    spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || (spec?.externalIPs ?? []).length > 0;
  return isReachable && spec?.externalTrafficPolicy === 'Local';
}

/** Somebody else's proxy serves what has it. */
const foreignProxyLabel = 'service.kubernetes.io/service-proxy-name';

export function isSkipped({ metadata }: Readonly<Service>): boolean {
  return metadata?.labels?.[foreignProxyLabel] !== undefined;
}

/** None for headless Services, external names, and what other proxies serve. */
export function servicePorts(service: Readonly<Service>, family: Family): ServicePort[] {
  const { spec, metadata, status } = service;
  const clusterIP = spec?.type === 'ExternalName' || isSkipped(service) ? undefined : clusterIPOf(service, family);
  if (clusterIP === undefined) return [];
  const key = `${metadata?.namespace}/${metadata?.name}`;
  const isExternalLocal = isExternalPolicyLocal(service);
  const ingress = (status?.loadBalancer?.ingress ?? []).filter(({ ipMode = 'VIP' }) => ipMode === 'VIP');
  const shared = {
    service: key,
    family,
    clusterIP,
    externalIPs: canonicalOf(family, spec?.externalIPs),
    loadBalancerIPs: canonicalOf(
      family,
      ingress.map(({ ip }) => ip),
    ),
    sourceRanges: rangesOf(family, spec?.loadBalancerSourceRanges),
    affinitySeconds: affinityOf(service),
    isExternalLocal,
    isInternalLocal: spec?.internalTrafficPolicy === 'Local',
    healthCheckNodePort:
      spec?.type === 'LoadBalancer' && isExternalLocal ? spec.healthCheckNodePort || undefined : undefined,
  };
  return (spec?.ports ?? []).map(({ name: portName = '', port = 0, protocol = 'TCP', nodePort }) => ({
    ...shared,
    name: portName === '' ? key : `${key}:${portName}`,
    portName,
    port,
    protocol: protocol as ProxyProtocol,
    nodePort: nodePort || undefined,
  }));
}

export function isExternallyAccessible({ nodePort, loadBalancerIPs, externalIPs }: ServicePort): boolean {
  return nodePort !== undefined || loadBalancerIPs.length > 0 || externalIPs.length > 0;
}

/** Where Local external traffic is all there is, traffic from inside still takes any endpoint. */
export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.isInternalLocal || isExternallyAccessible(port);
}

export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.isInternalLocal || (port.isExternalLocal && isExternallyAccessible(port));
}

export function rangeText(range: IPRange): string {
  return formatCIDR(range);
}
