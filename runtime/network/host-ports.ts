import { canonicalIP } from './addresses.ts';
import type { Address, HostPort, Protocol } from './network.ts';

/** Ports of nodes that lead to pods. */
export class HostPorts {
  readonly #mappings = new Map<string, HostPort[]>();

  add(mapping: HostPort): { close(): void } {
    const key = `${mapping.node} ${mapping.protocol} ${mapping.port}`;
    this.#mappings.set(key, [...(this.#mappings.get(key) ?? []), mapping]);
    return {
      close: () => {
        const left = (this.#mappings.get(key) ?? []).filter((one) => one !== mapping);
        if (left.length === 0) this.#mappings.delete(key);
        else this.#mappings.set(key, left);
      },
    };
  }

  at(node: string, protocol: Protocol, { ip, port }: Address): Address | undefined {
    if (this.#mappings.size === 0) return undefined;
    return this.#mappings.get(`${node} ${protocol} ${port}`)?.find(({ hostIp = '', to }) => {
      if (hostIp === '' || hostIp === '0.0.0.0' || hostIp === '::') return to.ip.includes(':') === ip.includes(':');
      return canonicalIP(hostIp) === ip;
    })?.to;
  }
}
