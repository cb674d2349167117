import type { Duplex } from 'node:stream';
import type { Api } from '../../api/object.ts';
import type { Informers } from '../client/informers.ts';
import type { NetworkNamespace } from '../network/network.ts';
import type { Backend } from './routing.ts';

type Service = Api<'io.k8s.api.core.v1.Service'>;
type EndpointSlice = Api<'io.k8s.api.discovery.v1.EndpointSlice'>;

const services = { group: '', version: 'v1', resource: 'services' } as const;
const endpointSlices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;

/** There is no such Service or port, or nobody behind it. */
export class NoBackend extends Error {}

/** Connects to what stands behind a Service, as a pod at `network` would. */
export function createDialer(informers: Informers, network: NetworkNamespace): (backend: Backend) => Promise<Duplex> {
  const all = informers.of<Service>(services);
  const slices = informers.of<EndpointSlice>(endpointSlices);
  slices.index('service', ({ metadata = {} }) => {
    const service = metadata.labels?.['kubernetes.io/service-name'];
    return service === undefined ? [] : [`${metadata.namespace}/${service}`];
  });
  let turn = 0;
  const endpointOf = (key: string, portName: string): { ip: string; port: number } | undefined => {
    const found = slices.by('service', key).flatMap(({ endpoints = [], ports = [] }) => {
      const port = ports.find(({ name = '' }) => name === portName)?.port;
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
      return port === undefined ? [] : ready.flatMap(({ addresses = [] }) => addresses.map((ip) => ({ ip, port })));
    });
    return found[turn++ % Math.max(1, found.length)];
  };
  return async ({ namespace, service: name, port: wanted }) => {
    const key = `${namespace}/${name}`;
    const spec = all.get(key)?.spec;
    if (spec === undefined) throw new NoBackend(`no service ${key}`);
    const port = spec.ports?.find((each) => each.port === wanted || each.name === wanted);
    if (port === undefined) throw new NoBackend(`service ${key} has no port ${wanted}`);
    const isHeadless = spec.clusterIP === 'None';
    const to = isHeadless ? endpointOf(key, port.name ?? '') : { ip: spec.clusterIP ?? '', port: port.port ?? 0 };
    if (to === undefined || to.ip === '') throw new NoBackend(`service ${key} has no endpoints`);
    return (await network.connect(to)).stream;
  };
}
