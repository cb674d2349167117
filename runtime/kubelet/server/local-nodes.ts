import { contains, parseCIDR, parseIP } from '../../../api/ip.ts';
import type { LocalNodes, NodeConnection } from '../../../api/streams/node-connection.ts';
import type { VirtualNetwork } from '../../network/network.ts';
import { reportOfPod } from '../statistics/report.ts';
import { usageOfNode, usageOfPods } from '../statistics/usage.ts';
import { createNodeConnection } from './connection.ts';
import type { KubeletHost } from './kubelet-host.ts';

export interface LocalNodesOptions {
  readonly network: VirtualNetwork;
  /** Of pods and services: what nobody has there now is ours to refuse. */
  readonly ranges: readonly string[];
}

/** The nodes of this process; `add` makes one known, `remove` unknown. What most of thousands are never asked for is made when they are. */
export function createLocalNodes({ network, ranges }: LocalNodesOptions): LocalNodes & {
  add(node: string, host: KubeletHost): void;
  remove(node: string): void;
} {
  const hosts = new Map<string, KubeletHost>();
  const connections = new Map<string, NodeConnection>();
  const own = ranges.flatMap((range) => parseCIDR(range) ?? []);
  const isOurs = (address: string): boolean => {
    if (network.locate(address) !== undefined) return true;
    const ip = parseIP(address);
    return ip !== undefined && own.some((range) => contains(range, ip));
  };
  return {
    add: (node, host) => {
      hosts.set(node, host);
      connections.delete(node);
    },
    remove: (node) => {
      hosts.delete(node);
      connections.delete(node);
    },
    connectionTo: (node) => {
      const host = hosts.get(node);
      if (host === undefined) return undefined;
      const connection = connections.get(node) ?? createNodeConnection(host);
      connections.set(node, connection);
      return connection;
    },
    usage: {
      ofNode: (node) => {
        const host = hosts.get(node);
        return host === undefined ? undefined : usageOfNode(host, usageOfPods(host));
      },
      ofPod: (node, namespace, pod) => {
        const host = hosts.get(node);
        return host === undefined ? undefined : reportOfPod(host, namespace, pod);
      },
    },
    dial: (address, port, signal) => {
      if (!isOurs(address)) return undefined;
      return network.host.connect({ ip: address, port }, { signal }).then(({ stream }) => stream);
    },
  };
}
