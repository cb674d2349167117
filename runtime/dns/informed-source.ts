import type { KubeObject } from '../../api/object.ts';
import type { Informer } from '../client/informer.ts';
import type { Informers } from '../client/informers.ts';
import type { DnsSource, EndpointSlice, Service } from './records.ts';

type Pod = KubeObject & { readonly status?: { readonly podIPs?: readonly { readonly ip?: string }[] } };

const services = { group: '', version: 'v1', resource: 'services' } as const;
const namespaces = { group: '', version: 'v1', resource: 'namespaces' } as const;
const pods = { group: '', version: 'v1', resource: 'pods' } as const;
const endpointSlices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;

/** Reads what controllers follow anyway. Addresses get an index when the first question turns one around. */
export function informedSource(informers: Informers): DnsSource & { whenSynced(): Promise<void> } {
  const of = {
    services: informers.of<Service>(services),
    slices: informers.of<EndpointSlice>(endpointSlices),
    namespaces: informers.of(namespaces),
  };
  const byService = 'service';
  of.slices.index(byService, ({ metadata = {} }) => {
    const service = metadata.labels?.['kubernetes.io/service-name'];
    return service === undefined ? [] : [`${metadata.namespace}/${service}`];
  });
  const byAddress = <T extends KubeObject>(
    informer: Informer<T>,
    addressesOf: (object: Readonly<T>) => readonly string[],
    ip: string,
  ): Readonly<T>[] => {
    informer.index('dns-address', addressesOf);
    return informer.by('dns-address', ip);
  };
  return {
    get serial() {
      return Number(of.services.resourceVersion) % 2 ** 32 || 1;
    },
    hasNamespace: (name) => of.namespaces.get(name) !== undefined,
    service: (namespace, name) => of.services.get(`${namespace}/${name}`),
    slicesOf: (namespace, service) => of.slices.by(byService, `${namespace}/${service}`),
    serviceAt: (ip) =>
      byAddress(of.services, ({ spec = {} }) => (spec.clusterIPs ?? []).filter((address) => address !== 'None'), ip)[0],
    slicesAt: (ip) =>
      byAddress(of.slices, ({ endpoints = [] }) => endpoints.flatMap(({ addresses = [] }) => addresses), ip),
    hasPod: (namespace, ip) =>
      byAddress(informers.of<Pod>(pods), ({ status }) => (status?.podIPs ?? []).map((each) => each.ip ?? ''), ip).some(
        ({ metadata }) => metadata?.namespace === namespace,
      ),
    whenSynced: async () => {
      await Promise.all([of.services.whenSynced(), of.slices.whenSynced(), of.namespaces.whenSynced()]);
    },
  };
}
