import type { Api } from '../api/object.ts';
import { notFoundError, StatusError } from '../api/status.ts';
import type { ClusterReader } from './registry/strategy.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;
type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;

export interface Endpoint {
  /** An address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where to connect for a port of a Service: webhooks and aggregated API servers are reached through it. */
export interface ServiceResolver {
  /** Throws in upstream's words when nobody is there. */
  resolve(namespace: string, name: string, port: number): Endpoint;
}

export interface ServiceResolverOptions {
  readonly reader: ClusterReader;
  readonly random: { next(): number };
  /** Where this server listens: what default/kubernetes stands for. */
  own(): Endpoint;
}

const routable = new Set(['ClusterIP', 'LoadBalancer', 'NodePort']);

/**
 * Straight to a ready endpoint, as kube-apiserver with `--enable-aggregator-routing`: cluster addresses lead nowhere outside of a cluster's
 * own network.
 */
export function createServiceResolver({ reader, random, own }: ServiceResolverOptions): ServiceResolver {
  return {
    resolve(namespace, name, port) {
      if (namespace === 'default' && name === 'kubernetes' && port === 443) return own();
      const service = reader.get<Service>('services', namespace, name);
      if (service === undefined) throw notFoundError({ group: '', resource: 'service' }, name);
      const { type = 'ClusterIP', ports = [] } = service.spec ?? {};
      if (!routable.has(type)) throw new Error(`unsupported service type ${JSON.stringify(type)}`);
      const servicePort = ports.find((candidate) => candidate.port === port);
      if (servicePort === undefined) throw unavailable(`no service port ${port} found for service ${quote(name)}`);
      const slices = preferring(service.spec?.ipFamilies?.[0], endpointSlicesOf(reader, namespace, name));
      for (const slice of slices) {
        const found = readyEndpoint(slice, servicePort.name ?? '', random);
        if (found !== undefined) return found;
      }
      throw unavailable(`no endpoints available for service ${quote(name)}`);
    },
  };
}

/** The slices that carry the Service's name as their label. */
export function endpointSlicesOf(
  reader: ClusterReader,
  namespace: string,
  service: string,
): readonly Readonly<EndpointSlice>[] {
  return reader
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service);
}

function preferring(family: string | undefined, slices: readonly Readonly<EndpointSlice>[]) {
  return slices.toSorted((a, b) => Number(b.addressType === family) - Number(a.addressType === family));
}

function readyEndpoint(
  { ports = [], endpoints = [] }: Readonly<EndpointSlice>,
  portName: string,
  random: { next(): number },
): Endpoint | undefined {
  const port = ports.find((candidate) => (candidate.name ?? '') === portName && candidate.port !== undefined)?.port;
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  const host = ready[Math.floor(random.next() * ready.length)]?.addresses?.[0];
  return port === undefined || host === undefined ? undefined : { host, port };
}

function unavailable(message: string): StatusError {
  return new StatusError('ServiceUnavailable', message);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
