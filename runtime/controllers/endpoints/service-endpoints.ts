import { semanticEqual } from '../../../api/equal.ts';
import { isIPv6 } from '../../../api/ip.ts';
import { isPodReady } from '../pod-state.ts';
import {
  type AddressType,
  type EndpointAddress,
  type EndpointSubset,
  type Endpoints,
  hasClusterIP,
  headlessLabel,
  type Pod,
  type Service,
  triggerTimeAnnotation,
} from './kinds.ts';
import { addressesOf, belongsIntoEndpoints, hostnameIn, podReference, targetPortNumber } from './pod-endpoint.ts';
import { isOverCapacity, repackSubsets, truncated } from './subsets.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const manager = 'endpoint-controller';
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

function familyOf({ spec }: Readonly<Service>, pod: Readonly<Pod>): AddressType {
  const [first] = spec?.ipFamilies ?? [];
  if (first !== undefined) return first === 'IPv6' ? 'IPv6' : 'IPv4';
  const { clusterIP = '' } = spec ?? {};
  if (clusterIP !== '' && clusterIP !== 'None') return isIPv6(clusterIP) ? 'IPv6' : 'IPv4';
  return isIPv6(pod.status?.podIP ?? '') ? 'IPv6' : 'IPv4';
}

function addressOf(service: Readonly<Service>, pod: Readonly<Pod>): EndpointAddress | undefined {
  const [ip] = addressesOf(pod, familyOf(service, pod));
  if (ip === undefined) return undefined;
  const hostname = hostnameIn(pod, service);
  const { nodeName } = pod.spec ?? {};
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    nodeName: nodeName ?? '',
    targetRef: podReference(pod),
  };
}

/** What Endpoints hold for the pods that a Service selects. */
export function subsetsOf(service: Readonly<Service>, pods: readonly Readonly<Pod>[]): EndpointSubset[] {
  const { ports = [], clusterIP, publishNotReadyAddresses = false } = service.spec ?? {};
  const subsets: EndpointSubset[] = [];
  for (const pod of pods) {
    const address = belongsIntoEndpoints(pod, publishNotReadyAddresses) ? addressOf(service, pod) : undefined;
    if (address === undefined) continue;
    const isReady = publishNotReadyAddresses || isPodReady(pod);
    const subset = isReady ? { addresses: [address] } : { notReadyAddresses: [address] };
    if (ports.length === 0 && clusterIP === 'None') subsets.push(subset);
    for (const servicePort of ports) {
      const port = targetPortNumber(pod, servicePort);
      if (port === undefined) continue;
      const { name = '', protocol = 'TCP', appProtocol } = servicePort;
      const entry = {
        ...(name === '' ? {} : { name }),
        port,
        protocol,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      };
      subsets.push({ ...subset, ports: [entry] });
    }
  }
  return repackSubsets(subsets);
}

function withoutOurs(labels: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const { [managedByLabel]: _managed, [headlessLabel]: _headless, ...others } = labels ?? {};
  return others;
}

/** References compare without the revision that earlier versions wrote. */
function comparable(subsets: readonly Readonly<EndpointSubset>[]): unknown {
  const plain = (addresses: readonly EndpointAddress[] | undefined): unknown =>
    addresses?.map(({ targetRef, ...address }) => {
      if (targetRef === undefined) return address;
      const { resourceVersion: _, ...reference } = targetRef;
      return { ...address, targetRef: reference };
    });
  return subsets.map(({ addresses, notReadyAddresses, ports }) => ({
    addresses: plain(addresses),
    notReadyAddresses: plain(notReadyAddresses),
    ports,
  }));
}

function areSame(current: readonly Readonly<EndpointSubset>[], wanted: readonly EndpointSubset[]): boolean {
  const other = comparable(wanted);
  // Others may have packed or ordered it in another way.
  return semanticEqual(comparable(current), other) || semanticEqual(comparable(repackSubsets(current)), other);
}

/** The object to be written, or undefined where `current` is right. */
export function planEndpoints(
  service: Readonly<Service>,
  pods: readonly Readonly<Pod>[],
  current: Readonly<Endpoints> | undefined,
  triggerTime: string,
): Endpoints | undefined {
  const subsets = subsetsOf(service, pods);
  const { metadata: serviceMeta } = service;
  if (
    current !== undefined &&
    current.metadata?.labels?.[managedByLabel] === manager &&
    semanticEqual(withoutOurs(current.metadata.labels), serviceMeta?.labels) &&
    !isOverCapacity(current.subsets ?? []) &&
    current.metadata.annotations?.[overCapacityAnnotation] === undefined &&
    areSame(current.subsets ?? [], subsets)
  )
    return undefined;
  const {
    [triggerTimeAnnotation]: _time,
    [overCapacityAnnotation]: _capacity,
    ...annotations
  } = current?.metadata?.annotations ?? {};
  if (triggerTime !== '') annotations[triggerTimeAnnotation] = triggerTime;
  if (isOverCapacity(subsets)) annotations[overCapacityAnnotation] = 'truncated';
  const { [headlessLabel]: _headless, ...serviceLabels } = serviceMeta?.labels ?? {};
  const labels = {
    ...serviceLabels,
    ...(hasClusterIP(service) ? {} : { [headlessLabel]: '' }),
    [managedByLabel]: manager,
  };
  const { name = '', namespace = '' } = serviceMeta ?? {};
  const metadata = { ...(current?.metadata ?? { name, namespace }), labels, annotations };
  return { ...current, metadata, subsets: truncated(subsets) };
}
