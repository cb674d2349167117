import { formatIP, parseCIDR, parseIP } from '../../api/ip.ts';
import type { Api } from '../../api/object.ts';
import type { Family } from './service-port.ts';
import type { ProxyNode } from './service-rules.ts';

export type Node = Api<'io.k8s.api.core.v1.Node'>;

type Views = Readonly<Record<Family, ProxyNode>>;

const zoneLabel = 'topology.kubernetes.io/zone';

export interface ProxyNodesOptions {
  /** Of all pods, one for each family. */
  readonly podRanges: readonly string[];
  /** For nodes that the API server does not know, such as the control plane's. */
  addressesOf(node: string): readonly string[];
}

export function internalAddresses({ status }: Readonly<Node>): string[] {
  return (status?.addresses ?? []).flatMap(({ type, address = '' }) => {
    const parsed = type === 'InternalIP' ? parseIP(address) : undefined;
    return parsed === undefined ? [] : [formatIP(parsed.family, parsed.bits)];
  });
}

/** Nodes as their proxies see them; a view stays the same object until what it says changes. */
export class ProxyNodes {
  readonly #options: ProxyNodesOptions;
  readonly #nodes = new Map<string, { readonly key: string; readonly views: Views }>();

  constructor(options: ProxyNodesOptions) {
    this.#options = options;
  }

  of(name: string, family: Family): ProxyNode {
    return (this.#nodes.get(name)?.views ?? this.#put(name, '', this.#options.addressesOf(name)))[family];
  }

  set(node: Readonly<Node>): void {
    const { name = '', labels = {} } = node.metadata ?? {};
    this.#put(name, labels[zoneLabel] ?? '', internalAddresses(node));
  }

  delete(name: string): void {
    this.#nodes.delete(name);
  }

  #put(name: string, zone: string, ips: readonly string[]): Views {
    const key = `${zone} ${ips.join()}`;
    const known = this.#nodes.get(name);
    if (known?.key === key) return known.views;
    const view = (family: Family): ProxyNode => ({
      name,
      zone,
      ips: ips.filter((ip) => ip.includes(':') === (family === 6)),
      podRange: this.#options.podRanges.find((range) => parseCIDR(range)?.family === family),
    });
    const views = { 4: view(4), 6: view(6) };
    this.#nodes.set(name, { key, views });
    return views;
  }
}
