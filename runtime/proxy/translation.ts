import type { Random } from '../../api/clock.ts';
import type { Address, Flow, Translation } from '../network/network.ts';
import { evaluate, isLocalTo, type WalkDeps } from './evaluate.ts';
import { restoreText, saveText } from './iptables-text.ts';
import type { ProxyNodes } from './proxy-nodes.ts';
import { Recents } from './recent-lists.ts';
import type { Family } from './service-port.ts';
import type { ServiceTable, TrackedPort, TrackedService } from './service-table.ts';

/** `userspace` takes endpoints in turns, as the oldest of proxies did; the rules are the same. */
export type ProxyMode = 'iptables' | 'userspace';

export interface ServiceTranslationDeps {
  readonly table: ServiceTable;
  readonly nodes: ProxyNodes;
  readonly mode: ProxyMode;
  readonly random: Pick<Random, 'next'>;
  now(): number;
}

export interface ServiceTranslation extends Pick<Translation, 'verdict'> {
  save(node: string, family: Family): string;
  /** As kube-proxy writes it. */
  restore(node: string, family: Family): string;
  /** Forgets who was sent where, for Services that keep no affinity now. */
  forgetAffinity(): void;
  /** The node has gone. */
  forgetNode(node: string): void;
}

function familyOf({ to }: Flow): Family {
  return to.ip.includes(':') ? 6 : 4;
}

/** Takes the endpoints of a chain in turns. */
function inTurns(): WalkDeps['takes'] {
  const turns = new Map<string, number>();
  return (chain, position, oneIn) => {
    const turn = turns.get(chain) ?? 0;
    if (position === 0) turns.set(chain, turn + 1);
    const count = position + oneIn;
    return (position === 0 ? turn : turn - 1) % count === position;
  };
}

function dateText(ms: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(ms)
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}`;
}

/** What Services do with traffic: kube-proxy's rules, walked for the first packet of a flow. */
export function createServiceTranslation(deps: ServiceTranslationDeps): ServiceTranslation {
  const { table, nodes, random } = deps;
  const recents = new Recents(deps.now);
  const takes: WalkDeps['takes'] =
    deps.mode === 'userspace' ? inTurns() : (_chain, _position, oneIn) => random.next() * oneIn < 1;

  const portAt = ({ protocol, to }: Flow, node: string, family: Family): TrackedPort | undefined => {
    const port = table.atAddress(protocol, to.ip, to.port);
    if (port !== undefined) return port;
    const nodePort = table.atNodePort(protocol, to.port, family);
    return nodePort !== undefined && isLocalTo(nodes.of(node, family), to.ip) ? nodePort : undefined;
  };

  const allRules = (node: string, family: Family) => {
    const view = nodes.of(node, family);
    const services = [...table.services()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const ports = services.flatMap((service) => service.ports).filter(({ port }) => port.family === family);
    return { view, rules: ports.map((port) => port.rulesFor(view)) };
  };

  return {
    verdict: (flow, node) => {
      const family = familyOf(flow);
      const port = portAt(flow, node, family);
      if (port === undefined) return 'accept';
      const view = nodes.of(node, family);
      return evaluate(port.rulesFor(view), flow, view, { takes, recent: recents.of(node) });
    },
    save: (node, family) => {
      const { view, rules } = allRules(node, family);
      return saveText(rules, view, dateText(deps.now()));
    },
    restore: (node, family) => {
      const { view, rules } = allRules(node, family);
      return restoreText(rules, view);
    },
    forgetNode: (node) => recents.forgetNode(node),
    forgetAffinity: () => {
      if (recents.size === 0) return;
      const kept = new Set<string>();
      for (const { ports } of table.services())
        for (const port of ports)
          if (port.port.affinitySeconds !== undefined) for (const list of port.lists()) kept.add(list);
      recents.prune((list) => kept.has(list));
    },
  };
}

/** Whether datagrams to `asked` go to what serves no more: Services that have others now. */
export function staleDatagrams(services: Iterable<TrackedService>): (asked: Address, taken: Address) => boolean {
  const byAddress = new Map<string, Set<string>>();
  const byNodePort = new Map<number, Set<string>>();
  for (const { ports } of services)
    for (const tracked of ports) {
      const { protocol, port, nodePort, clusterIP, loadBalancerIPs, externalIPs } = tracked.port;
      const serving = new Set(
        tracked.endpoints().flatMap(({ isServing, ip, port: of }) => (isServing ? [`${ip} ${of}`] : [])),
      );
      if (protocol !== 'UDP' || serving.size === 0) continue;
      for (const ip of [clusterIP, ...loadBalancerIPs, ...externalIPs]) byAddress.set(`${ip} ${port}`, serving);
      if (nodePort !== undefined) byNodePort.set(nodePort, serving);
    }
  return (asked, taken) => {
    const serving = byAddress.get(`${asked.ip} ${asked.port}`) ?? byNodePort.get(asked.port);
    return serving !== undefined && !serving.has(`${taken.ip} ${taken.port}`);
  };
}
