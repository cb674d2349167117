import { contains, parseCIDR, parseIP } from '../../../api/ip.ts';
import type { LocalNodes, NodeConnection } from '../../../api/streams/node-connection.ts';
import type { VirtualNetwork } from '../../network/network.ts';
import type { NodeUsage } from '../statistics/report.ts';

export interface LocalNodesOptions {
  readonly network: VirtualNetwork;
  /** Of pods and services: what nobody has there now is ours to refuse. */
  readonly ranges: readonly string[];
}

/** The nodes of this process; `add` makes one known. */
export function createLocalNodes({ network, ranges }: LocalNodesOptions): LocalNodes & {
  add(node: string, connection: NodeConnection, usage: NodeUsage): void;
} {
  const connections = new Map<string, NodeConnection>();
  const usages = new Map<string, NodeUsage>();
  const own = ranges.flatMap((range) => parseCIDR(range) ?? []);
  const isOurs = (address: string): boolean => {
    if (network.locate(address) !== undefined) return true;
    const ip = parseIP(address);
    return ip !== undefined && own.some((range) => contains(range, ip));
  };
  return {
    add: (node, connection, usage) => {
      connections.set(node, connection);
      usages.set(node, usage);
    },
    connectionTo: (node) => connections.get(node),
    usage: {
      ofNode: (node) => usages.get(node)?.ofNode(),
      ofPod: (node, namespace, pod) => usages.get(node)?.ofPod(namespace, pod),
    },
    dial: (address, port, signal) => {
      if (!isOurs(address)) return undefined;
      return network.host.connect({ ip: address, port }, { signal }).then(({ stream }) => stream);
    },
  };
}
