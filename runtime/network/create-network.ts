import type { Duplex } from 'node:stream';
import type { Clock } from '../../api/clock.ts';
import { canonicalIP } from './addresses.ts';
import { createDatagrams } from './datagrams.ts';
import { FlowTable } from './flow-table.ts';
import { HostPorts } from './host-ports.ts';
import { type Fabric, Namespace } from './namespace.ts';
import type { Address, Filter, Translation, VirtualNetwork } from './network.ts';
import { createRouter } from './router.ts';
import { createStreams } from './streams.ts';

export interface NetworkOptions {
  /** Of the control plane. */
  readonly hostIp: string;
  /** Without one, what rules drop fails at once, and flows of datagrams stay until there are too many. */
  readonly clock?: Clock;
}

const noTranslation: Translation = { verdict: () => 'accept' };
const noFilter: Filter = { allows: () => true };

/** A network of this process: packets are calls. */
export function createNetwork({ hostIp, clock }: NetworkOptions): VirtualNetwork {
  const owners = new Map<string, Namespace>();
  const nodes = new Map<string, Namespace>();
  const hostPorts = new HostPorts();
  const flows = new FlowTable<Namespace>(() => clock?.now() ?? 0);
  let translation = noTranslation;
  let filter = noFilter;
  let outside: (to: Address) => Promise<Duplex> | undefined = () => undefined;
  const ownerOf = (ip: string): Namespace | undefined => owners.get(ip);
  const route = createRouter({
    ownerOf,
    nodeOf: (name) => nodes.get(name),
    hostPorts,
    translation: () => translation,
    filter: () => filter,
  });

  const streams = createStreams({ clock, route, outside: (to) => outside(to), translation: () => translation });
  const datagrams = createDatagrams({ flows, route, nodeOwning: (ip) => nodes.get(owners.get(ip)?.node ?? '') });
  const fabric: Fabric = { ...streams, ...datagrams, rules: (node, family) => translation.save?.(node, family) ?? '' };
  const open = (node: string, ips: readonly string[], isNode: boolean, pod?: string): Namespace => {
    const namespace = new Namespace({ node, isNode, ips: ips.map(canonicalIP), pod }, fabric);
    // A node does not take what somebody has.
    for (const ip of namespace.ips) if (!isNode || !owners.has(ip)) owners.set(ip, namespace);
    return namespace;
  };
  const host = open('', [hostIp], true);
  nodes.set('', host);
  return {
    host,
    open: ({ node, ips, pod }) => {
      const namespace = open(node, ips, false, pod);
      const close = namespace.close.bind(namespace);
      namespace.close = () => {
        close();
        for (const ip of namespace.ips) if (owners.get(ip) === namespace) owners.delete(ip);
      };
      return namespace;
    },
    node: (name, ips = []) => {
      const known = nodes.get(name);
      if (known === undefined) {
        const made = open(name, ips, true);
        nodes.set(name, made);
        return made;
      }
      if (known.ips.length === 0 && ips.length > 0) {
        known.setIps(ips.map(canonicalIP));
        for (const ip of known.ips) if (!owners.has(ip)) owners.set(ip, known);
      }
      return known;
    },
    forgetNode: (name) => {
      const known = nodes.get(name);
      if (known === undefined || known === host) return;
      nodes.delete(name);
      known.close();
      for (const ip of known.ips) if (owners.get(ip) === known) owners.delete(ip);
    },
    locate: (ip) => owners.get(canonicalIP(ip)),
    mapPort: (mapping) => hostPorts.add(mapping),
    setTranslation: (next) => {
      translation = next;
    },
    setFilter: (next) => {
      filter = next;
    },
    forgetFlows: (isStale) => flows.forget(({ asked, taken }) => isStale(asked, taken)),
    setOutside: (next) => {
      outside = next;
    },
  };
}
