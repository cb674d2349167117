import type { Duplex } from 'node:stream';
import type { ApiClient } from '../../api/client.ts';
import { formatIP, parseCIDR } from '../../api/ip.ts';
import type { Api, GroupVersionResource } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import { type ControllerDefinition, NotYet, startReconciling } from '../framework/controller.ts';
import { unlessMissing } from '../framework/status-cause.ts';
import { WorkQueue } from '../framework/work-queue.ts';
import type { VirtualNetwork } from '../network/network.ts';
import { createClusterZone, type ZoneOptions } from './cluster-zone.ts';
import { counted, type DnsCounts } from './counts.ts';
import { informedSource } from './informed-source.ts';
import { createOutside, type OutsideOptions } from './outside.ts';
import type { EndpointSlice, Service } from './records.ts';
import { createResolver, type Resolver } from './resolver.ts';
import { serveDns } from './serve.ts';

type Endpoints = Api<'io.k8s.api.core.v1.Endpoints'>;

const name = 'kube-dns';
const namespace = 'kube-system';
const services: GroupVersionResource = { group: '', version: 'v1', resource: 'services' };
const endpoints: GroupVersionResource = { group: '', version: 'v1', resource: 'endpoints' };
const slices: GroupVersionResource = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };
/** As kubeadm chooses: the tenth address of the range. */
const offsetInRange = 10n;
const metricsPort = 9153;
const ports = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  { name: 'metrics', port: metricsPort, protocol: 'TCP' },
];

export interface KubeDnsOptions extends Partial<Omit<ZoneOptions, 'domain'>> {
  readonly network: VirtualNetwork;
  /** Where the server of names stands: an address of the nodes' network. */
  readonly address: string;
  readonly domain?: string;
  /** Whether the cluster is told of it: default true. Who brings nodes to another cluster only answers for their pods. */
  readonly isPublished?: boolean;
  readonly outside?: OutsideOptions;
  /** Is given what answers, for who wants to ask from outside of the network. */
  readonly onReady?: (
    resolve: Resolver,
    lifetime: { readonly signal: AbortSignal; onError(error: unknown): void },
  ) => void;
}

/** The address that pods find in their resolv.conf. */
export function dnsAddress(serviceClusterIPRange: string): string {
  const range = parseCIDR(serviceClusterIPRange.split(',')[0] ?? '');
  if (range === undefined) throw new Error(`${serviceClusterIPRange} is no network`);
  return formatIP(range.family, range.base + offsetInRange);
}

function serviceAt(clusterIP: string): Service {
  return {
    metadata: {
      name,
      namespace,
      labels: {
        'k8s-app': name,
        'kubernetes.io/cluster-service': 'true',
        'kubernetes.io/name': 'CoreDNS',
      },
      annotations: { 'prometheus.io/port': String(metricsPort), 'prometheus.io/scrape': 'true' },
    },
    spec: { clusterIP, type: 'ClusterIP', ports },
  };
}

/** No pods stand behind the Service: the network itself answers, at an address that a slice names. */
function sliceAt(address: string): EndpointSlice {
  return {
    metadata: {
      name,
      namespace,
      labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'kubefacade' },
    },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
    ports,
  };
}

/** For those who look at Endpoints still; the slice above is not to be mirrored from it. */
function endpointsAt(ip: string): Endpoints {
  return {
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip }], ports }],
  };
}

async function ensure<T extends Service | EndpointSlice | Endpoints>(
  client: ApiClient,
  resource: GroupVersionResource,
  wanted: T,
): Promise<Readonly<T>> {
  const found = await unlessMissing(client.get<T>(resource, namespace, name));
  if (found !== undefined) return found;
  try {
    return await client.create<T>(resource, namespace, wanted);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    throw new NotYet(`${name} came meanwhile`, { cause: error });
  }
}

/** The names of a cluster, answered inside its network. */
export function kubeDnsDefinition(setup: KubeDnsOptions): ControllerDefinition {
  const { network, address, domain = 'cluster.local', isPublished = true } = setup;
  const { ttl = 30, pods = 'insecure', outside = {}, onReady } = setup;
  return {
    name,
    start: (context, signal) => {
      const { client, clock, informers, options } = context;
      const source = informedSource(informers);
      const counts: DnsCounts = { requests: new Map(), responses: new Map() };
      const zone = createClusterZone(source, { domain, ttl, pods });
      const resolve = counted(createResolver(zone, createOutside(outside)), counts);
      onReady?.(resolve, { signal, onError: (error) => context.onError(error, name) });
      const clusterIP = dnsAddress(options.serviceClusterIPRange);
      const place = network.open({ node: '', ips: [address, clusterIP] });
      const server = serveDns(place, resolve);
      let pages: Promise<(stream: Duplex) => void> | undefined;
      place.listen(metricsPort, ({ stream }) => {
        pages ??= import('./metrics.ts').then(({ metricsPages }) => metricsPages(counts));
        void pages.then((serve) => serve(stream));
      });
      const close = (): void => {
        server.close();
        place.close();
      };
      signal.addEventListener('abort', close, { once: true });
      const all = { services: informers.of<Service>(services), slices: informers.of<EndpointSlice>(slices) };
      const queue = new WorkQueue(clock);
      queue.add(name);
      const again = ({ metadata }: Readonly<Service | EndpointSlice>): void => {
        if (metadata?.name === name && metadata.namespace === namespace) queue.add(name);
      };
      all.services.subscribe({ deleted: again });
      all.slices.subscribe({ deleted: again });
      const reconcile = async (): Promise<void> => {
        if (!isPublished) return;
        const service = await ensure(client, services, serviceAt(clusterIP));
        // One that selects pods is another's.
        if (service.spec?.selector !== undefined) return;
        await ensure(client, slices, sliceAt(address));
        await ensure(client, endpoints, endpointsAt(address));
      };
      const running = { name, workers: 1, informers: [all.services, all.slices], queue, reconcile };
      return startReconciling(running, context, signal);
    },
  };
}
