import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ControllerDefinition } from '../runtime/framework/controller.ts';
import { type Address, NetworkError, type VirtualNetwork } from '../runtime/network/network.ts';
import { systemClock } from './system.ts';

export interface NetworkSetup {
  /** The API server: where pods are told it is, and where it is. */
  readonly apiServer: { readonly address: string; readonly host: string; readonly port: number };
  /** Whether pods may connect to the world outside of the cluster. */
  readonly outside: boolean;
  /** Whether this machine's localhost listens at the node ports of Services. */
  readonly exposeNodePorts: boolean;
  readonly proxyMode: 'iptables' | 'userspace';
}

/** Of the control plane in the network of nodes. */
const controlPlaneAddress = '172.18.255.254';

function dial(port: number, host: string, asked: Address): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    const failed = ({ code = 'EHOSTUNREACH' }: NodeJS.ErrnoException): void =>
      reject(new NetworkError(code, `connect ${code} ${asked.ip}:${asked.port}`));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.removeListener('error', failed);
      // An error ends the connection, and whoever uses it sees that.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** The pods' network. The API server is the one thing of this machine that it leads to, unless it may lead everywhere. */
export async function openNetwork({
  apiServer,
  outside,
}: Pick<NetworkSetup, 'apiServer' | 'outside'>): Promise<VirtualNetwork> {
  const { createNetwork } = await import('../runtime/network/create-network.ts');
  const network = createNetwork({ hostIp: controlPlaneAddress, clock: systemClock });
  network.setOutside((to) => {
    if (to.port === apiServer.port && to.ip === apiServer.address) return dial(apiServer.port, apiServer.host, to);
    return outside ? dial(to.port, to.ip, to) : undefined;
  });
  return network;
}

const dnsPorts = [
  { name: 'dns', protocol: 'UDP', port: 53 },
  { name: 'dns-tcp', protocol: 'TCP', port: 53 },
] as const;

/** What acts on the network: the proxies of its nodes, and policies. */
export async function networkDefinitions(
  network: VirtualNetwork,
  { proxyMode, exposeNodePorts }: NetworkSetup,
  { podRanges, dnsServer }: { readonly podRanges: readonly string[]; readonly dnsServer: string },
): Promise<ControllerDefinition[]> {
  const { proxyDefinition } = await import('../runtime/proxy/definition.ts');
  const { networkPolicyDefinition } = await import('../runtime/network-policy/definition.ts');
  const exposed = exposeNodePorts ? [(await import('./exposed-ports.ts')).exposedPortsDefinition(network)] : [];
  const dns = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ports: dnsPorts };
  return [
    proxyDefinition({ network, mode: proxyMode, podRanges }),
    networkPolicyDefinition({ network, standIns: new Map([[dnsServer, dns]]) }),
    ...exposed,
  ];
}
