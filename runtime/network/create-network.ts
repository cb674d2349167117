import { type Duplex, duplexPair } from 'node:stream';
import {
  type Address,
  type Connection,
  type Datagram,
  type Filter,
  type Flow,
  type ListenOptions,
  type NamespaceOptions,
  NetworkError,
  type NetworkNamespace,
  type Protocol,
  type Translation,
  type VirtualNetwork,
} from './network.ts';

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
const firstEphemeral = 32_768;

interface Listener {
  readonly ip: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
  readonly take: (connection: Connection) => void;
}

interface Binding {
  readonly ip: string | undefined;
  readonly port: number;
  readonly take: (datagram: Datagram) => void;
}

interface Wires {
  ownerOf(ip: string): Namespace | undefined;
  outside(to: Address): Promise<Duplex> | undefined;
}

class Namespace implements NetworkNamespace {
  readonly ips: readonly string[];
  readonly #wires: Wires;
  readonly #listeners = new Set<Listener>();
  readonly #bindings = new Set<Binding>();
  readonly #streams = new Set<Duplex>();
  #nextPort = firstEphemeral;

  constructor(ips: readonly string[], wires: Wires) {
    this.ips = ips;
    this.#wires = wires;
  }

  listen(
    port: number,
    take: (connection: Connection) => void,
    { ip, protocol = 'TCP' }: ListenOptions = {},
  ): { port: number; close(): void } {
    const listener = { ip, port: port === 0 ? this.#freePort() : port, protocol, take };
    if (this.listenerAt(listener.port, ip, protocol) !== undefined)
      throw new NetworkError('EADDRINUSE', `listen ${ip ?? '0.0.0.0'}:${port}: address already in use`);
    this.#listeners.add(listener);
    return { port: listener.port, close: () => void this.#listeners.delete(listener) };
  }

  listenerAt(port: number, ip: string | undefined, protocol: Protocol): Listener | undefined {
    return [...this.#listeners].find(
      (one) =>
        one.port === port && one.protocol === protocol && (one.ip === undefined || ip === undefined || one.ip === ip),
    );
  }

  async connect(to: Address, { protocol = 'TCP' as Protocol } = {}): Promise<Connection> {
    const target = loopback.has(to.ip) ? this : this.#wires.ownerOf(to.ip);
    if (target === undefined) {
      const stream = await this.#wires.outside(to);
      if (stream === undefined) throw new NetworkError('EHOSTUNREACH', `connect ${to.ip}:${to.port}: no route to host`);
      return { stream, flow: { protocol, from: { ip: this.ips[0] ?? '', port: this.#freePort() }, to } };
    }
    const listener = target.listenerAt(to.port, to.ip, protocol);
    if (listener === undefined)
      throw new NetworkError('ECONNREFUSED', `connect ${to.ip}:${to.port}: connection refused`);
    const from = { ip: target === this ? to.ip : (this.ips[0] ?? ''), port: this.#freePort() };
    const flow: Flow = { protocol, from, to };
    const [near, far] = duplexPair();
    this.#own(near);
    target.#own(far);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    listener.take({ stream: far, flow });
    return { stream: near, flow };
  }

  #own(stream: Duplex): void {
    this.#streams.add(stream);
    stream.on('error', () => undefined);
    stream.once('close', () => this.#streams.delete(stream));
  }

  bind(
    port: number,
    take: (datagram: Datagram) => void,
    { ip }: { readonly ip?: string } = {},
  ): { port: number; send(to: Address, bytes: Uint8Array): void; close(): void } {
    const binding = { ip, port: port === 0 ? this.#freePort() : port, take };
    this.#bindings.add(binding);
    return {
      port: binding.port,
      send: (to, bytes) => {
        const target = loopback.has(to.ip) ? this : this.#wires.ownerOf(to.ip);
        const from = { ip: target === this ? to.ip : (ip ?? this.ips[0] ?? ''), port: binding.port };
        for (const other of target === undefined ? [] : target.#bindings) if (other.port === to.port) other.take({ from, to, bytes });
      },
      close: () => void this.#bindings.delete(binding),
    };
  }

  listening(): (Address & { protocol: Protocol })[] {
    const tcp = [...this.#listeners].map(({ ip = '0.0.0.0', port, protocol }) => ({ ip, port, protocol }));
    const udp = [...this.#bindings].map(({ ip = '0.0.0.0', port }) => ({ ip, port, protocol: 'UDP' as const }));
    return [...tcp, ...udp];
  }

  close(): void {
    this.#listeners.clear();
    this.#bindings.clear();
    for (const stream of this.#streams) stream.destroy();
  }

  #freePort(): number {
    this.#nextPort = this.#nextPort >= 60_999 ? firstEphemeral : this.#nextPort + 1;
    return this.#nextPort;
  }
}

export interface NetworkOptions {
  /** Of the control plane. */
  readonly hostIp: string;
}

/** A network of this process: packets are calls. */
export function createNetwork({ hostIp }: NetworkOptions): VirtualNetwork {
  const owners = new Map<string, { readonly namespace: Namespace; readonly node: string; readonly isNode: boolean }>();
  const nodes = new Map<string, Namespace>();
  let outside: (to: Address) => Promise<Duplex> | undefined = () => undefined;
  const wires: Wires = { ownerOf: (ip) => owners.get(ip)?.namespace, outside: (to) => outside(to) };
  const open = (node: string, ips: readonly string[], isNode: boolean): Namespace => {
    const namespace = new Namespace(ips, wires);
    for (const ip of ips) owners.set(ip, { namespace, node, isNode });
    return namespace;
  };
  return {
    host: open('', [hostIp], true),
    open: ({ node, ips }: NamespaceOptions) => {
      const namespace = open(node, ips, false);
      const close = namespace.close.bind(namespace);
      namespace.close = () => {
        close();
        for (const ip of ips) if (owners.get(ip)?.namespace === namespace) owners.delete(ip);
      };
      return namespace;
    },
    node: (name, ips = []) => {
      const known = nodes.get(name) ?? open(name, ips, true);
      nodes.set(name, known);
      return known;
    },
    locate: (ip) => owners.get(ip),
    setTranslation: (_translation: Translation) => undefined,
    setFilter: (_filter: Filter) => undefined,
    setOutside: (connect) => {
      outside = connect;
    },
  };
}
