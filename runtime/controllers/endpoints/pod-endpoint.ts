import { formatIP, parseIP } from '../../../api/ip.ts';
import { isPodReady, isPodTerminal } from '../pod-state.ts';
import type { AddressType, Endpoint, EndpointPort, Node, Pod, Service, ServicePort } from './kinds.ts';

/** Needs no parsing to be known as canonical. */
const plainIPv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const zoneLabel = 'topology.kubernetes.io/zone';

/** Has an address and has not run to its end. */
export function belongsIntoEndpoints(pod: Readonly<Pod>, includeTerminating: boolean): boolean {
  const { metadata, status } = pod;
  if (isPodTerminal(pod)) return false;
  if ((status?.podIP ?? '') === '' && (status?.podIPs ?? []).length === 0) return false;
  return includeTerminating || metadata?.deletionTimestamp === undefined;
}

/** Of a pod that is named by DNS through this very Service. */
export function hostnameIn({ metadata, spec }: Readonly<Pod>, service: Readonly<Service>): string | undefined {
  const isNamed = spec?.subdomain === service.metadata?.name && metadata?.namespace === service.metadata?.namespace;
  return isNamed && spec?.hostname !== '' ? spec?.hostname : undefined;
}

/** The number behind a target port; undefined for a name that no container has. */
export function targetPortNumber({ spec }: Readonly<Pod>, port: Readonly<ServicePort>): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...(spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find(
      ({ name, protocol }) => name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** In canonical form, whatever was written into the status. */
export function addressesOf({ status }: Readonly<Pod>, type: AddressType): string[] {
  const found: string[] = [];
  for (const { ip } of status?.podIPs ?? []) {
    if (ip !== undefined && plainIPv4.test(ip)) {
      if (type === 'IPv4') found.push(ip);
      continue;
    }
    const parsed = parseIP(ip ?? '');
    if (parsed !== undefined && (parsed.family === 6) === (type === 'IPv6'))
      found.push(formatIP(parsed.family, parsed.bits));
  }
  return found;
}

export function endpointPortsOf(service: Readonly<Service>, pod: Readonly<Pod>): EndpointPort[] {
  const found: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPortNumber(pod, port);
    if (number === undefined) continue;
    found.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    });
  }
  return found;
}

/** Without named target ports all pods have the same ones. */
export function portsOfAll(service: Readonly<Service>): EndpointPort[] | undefined {
  const isNamed = (service.spec?.ports ?? []).some(({ targetPort }) => typeof targetPort === 'string');
  return isNamed ? undefined : endpointPortsOf(service, {});
}

export function endpointOf(
  pod: Readonly<Pod>,
  node: Readonly<Node> | undefined,
  service: Readonly<Service>,
  type: AddressType,
): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const zone = node?.metadata?.labels?.[zoneLabel] ?? '';
  const hostname = hostnameIn(pod, service);
  const nodeName = pod.spec?.nodeName ?? '';
  return {
    addresses: addressesOf(pod, type),
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: podReference(pod),
    ...(nodeName === '' ? {} : { nodeName }),
    ...(zone === '' ? {} : { zone }),
  };
}

export function podReference({ metadata }: Readonly<Pod>): NonNullable<Endpoint['targetRef']> {
  return {
    kind: 'Pod',
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
  };
}
