import type { Api } from '../../api/object.ts';
import type { Endpoint } from '../service-resolver.ts';

type Node = Api<'io.k8s.api.core.v1.Node'>;

/** As kubeadm sets `--kubelet-preferred-address-types`: names of machines need not be known here. */
const preferredTypes = ['InternalIP', 'ExternalIP', 'Hostname'];
const defaultPort = 10_250;
/** A kubelet that says so answers WebSockets itself. */
const webSocketFeature = 'ExtendWebSocketsToKubelet';

export interface KubeletAddress extends Endpoint {
  readonly speaksWebSocket: boolean;
}

export function kubeletPortOf({ status }: Readonly<Node>): number {
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  return port > 0 ? port : defaultPort;
}

export function kubeletAddressOf(node: Readonly<Node>): KubeletAddress {
  const { addresses = [], declaredFeatures = [] } = node.status ?? {};
  for (const type of preferredTypes) {
    const found = addresses.find((address) => address.type === type);
    if (found?.address === undefined) continue;
    const speaksWebSocket = declaredFeatures.includes(webSocketFeature);
    return { host: found.address, port: kubeletPortOf(node), speaksWebSocket };
  }
  const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ');
  throw new Error(`no preferred addresses found; known addresses: [${known}]`);
}
