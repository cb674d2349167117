import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { keyOf } from '../runtime/client/object-key.ts';
import type { ControllerDefinition } from '../runtime/framework/controller.ts';
import { referenceTo } from '../runtime/framework/event-recorder.ts';
import type { Address, VirtualNetwork } from '../runtime/network/network.ts';
import { type EndpointSlice, endpointsOf } from '../runtime/proxy/endpoints.ts';
import { type Service, type ServicePort, servicePorts } from '../runtime/proxy/service-port.ts';

/** A port of this machine that leads into the cluster. */
interface Exposure {
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
  /** Asked for each connection. */
  target(): Address | undefined;
}

interface OpenPort {
  close(): void;
}

const services = { group: '', version: 'v1', resource: 'services' } as const;
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;
const serviceKind = { group: '', version: 'v1', kind: 'Service' } as const;
const localhost = '127.0.0.1';
/** Clients of a port whose datagrams are remembered; the oldest goes first. */
const maxClients = 256;

function openStreams(
  { host, port, target }: Exposure,
  network: VirtualNetwork,
  failed: (error: Error) => void,
): OpenPort {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const to = target();
    const connected = to === undefined ? Promise.reject(new Error('nobody there')) : network.host.connect(to);
    connected.then(
      ({ stream }) => {
        pipeline(socket, stream, socket, () => undefined);
      },
      () => socket.resetAndDestroy(),
    );
  });
  server.once('error', failed);
  server.listen(port, host);
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function openDatagrams(exposure: Exposure, network: VirtualNetwork, failed: (error: Error) => void): OpenPort {
  const { host, port, target } = exposure;
  const clients = new Map<string, ReturnType<VirtualNetwork['host']['bind']>>();
  const socket = createSocket('udp4', (bytes, { address, port: from }) => {
    const key = `${address} ${from}`;
    const known = clients.get(key) ?? network.host.bind(0, (answer) => socket.send(answer.bytes, from, address));
    clients.delete(key);
    clients.set(key, known);
    const oldest = clients.size > maxClients ? clients.keys().next().value : undefined;
    if (oldest !== undefined) {
      clients.get(oldest)?.close();
      clients.delete(oldest);
    }
    const to = target();
    if (to !== undefined) known.send(to, bytes);
  });
  socket.once('error', failed);
  socket.bind(port, host);
  return {
    close: () => {
      socket.close();
      for (const client of clients.values()) client.close();
    },
  };
}

/** Load balancers' addresses that are this machine's own, and node ports at localhost. */
function exposuresOf(port: ServicePort, nodeAddress: (port: ServicePort) => string | undefined): Exposure[] {
  const { protocol, nodePort, loadBalancerIPs } = port;
  if (protocol === 'SCTP' || port.family === 6) return [];
  const own = loadBalancerIPs.filter((ip) => ip.startsWith('127.') && ip !== localhost);
  const exposures: Exposure[] = own.map((host) => ({
    host,
    port: port.port,
    protocol,
    target: () => ({ ip: host, port: port.port }),
  }));
  if (nodePort === undefined) return exposures;
  const target = (): Address | undefined => {
    const ip = nodeAddress(port);
    return ip === undefined ? undefined : { ip, port: nodePort };
  };
  return [...exposures, { host: localhost, port: nodePort, protocol, target }];
}

/** This machine listens at node ports of Services, and at the addresses of load balancers that it has. */
export function exposedPortsDefinition(network: VirtualNetwork): ControllerDefinition {
  const name = 'exposed-ports';
  return {
    name,
    start: ({ informers, recorder, onError }, signal) => {
      const serviceInformer = informers.of<Service>(services);
      const sliceInformer = informers.of<EndpointSlice>(slices);
      const nodeInformer = informers.of(nodes);
      const events = recorder('kubefacade');
      const open = new Map<string, Map<string, OpenPort>>();

      /** Of a node that will not drop what comes from outside. */
      const nodeAddress = ({ service, isExternalLocal, portName, protocol }: ServicePort): string | undefined => {
        const [namespace, of] = service.split('/');
        const own = sliceInformer
          .list(namespace)
          .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === of);
        const local = endpointsOf(own)
          .get(`4 ${protocol} ${portName}`)
          ?.find(({ isReady, node }) => isReady && node !== '');
        const first = nodeInformer.list()[0]?.metadata?.name;
        const node = isExternalLocal ? (local?.node ?? first) : first;
        return node === undefined ? undefined : network.node(node).ips[0];
      };

      const set = (service: Readonly<Service>): void => {
        const key = keyOf(service);
        const had = open.get(key) ?? new Map<string, OpenPort>();
        const wanted = new Map(
          servicePorts(service, 4)
            .flatMap((port) => exposuresOf(port, nodeAddress))
            .map((one) => [`${one.protocol} ${one.host} ${one.port}`, one]),
        );
        for (const [id, port] of had)
          if (!wanted.has(id)) {
            port.close();
            had.delete(id);
          }
        for (const [id, exposure] of wanted) {
          if (had.has(id)) continue;
          const failed = (error: Error): void => {
            const message = `This machine does not listen at ${exposure.host}:${exposure.port}: ${error.message}`;
            events.record(referenceTo(service, serviceKind), 'Warning', 'PortNotExposed', message);
            onError(error, name);
          };
          const opened = exposure.protocol === 'UDP' ? openDatagrams : openStreams;
          had.set(id, opened(exposure, network, failed));
        }
        if (had.size === 0) open.delete(key);
        else open.set(key, had);
      };
      const drop = (key: string): void => {
        for (const port of open.get(key)?.values() ?? []) port.close();
        open.delete(key);
      };
      const subscription = serviceInformer.subscribe({
        added: set,
        updated: set,
        deleted: (service) => drop(keyOf(service)),
      });
      const ended = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          subscription[Symbol.dispose]();
          for (const key of [...open.keys()]) drop(key);
          resolve();
        });
      });
      return { name, queues: [], ended };
    },
  };
}
