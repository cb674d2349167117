import type { Duplex } from 'node:stream';
import { canonicalIP, isLoopback, sourceFor } from './addresses.ts';
import {
  type Address,
  type BindOptions,
  type Connection,
  type Datagram,
  type ListenOptions,
  type MadeDevice,
  NetworkError,
  type NetworkNamespace,
  type Protocol,
} from './network.ts';
import { Ports } from './ports.ts';

export interface Listener {
  readonly ip: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
  readonly take: (connection: Connection) => void;
}

export interface Binding {
  readonly ip: string | undefined;
  readonly port: number;
  readonly protocol: 'UDP';
  readonly take: (datagram: Datagram) => void;
  readonly onUnreachable: ((to: Address) => void) | undefined;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly protocol?: Protocol;
}

/** What lies between namespaces. */
export interface Fabric {
  connect(source: Namespace, from: Address, to: Address, options: ConnectOptions): Promise<Connection>;
  send(source: Namespace, binding: Binding, to: Address, bytes: Uint8Array): void;
  rules(node: string, family: 4 | 6): string;
}

export interface NamespaceIdentity {
  readonly node: string;
  readonly isNode: boolean;
  readonly ips: readonly string[];
  readonly pod?: string | undefined;
}

const noRules = '';

export class Namespace implements NetworkNamespace {
  readonly node: string;
  readonly isNode: boolean;
  readonly pod: string | undefined;
  readonly listeners = new Ports<Listener>();
  readonly bindings = new Ports<Binding>();
  readonly #fabric: Fabric;
  #ips: readonly string[];
  #streams: Set<Duplex> | undefined;
  #devices: Map<string, MadeDevice> | undefined;
  #isClosed = false;

  constructor({ node, isNode, ips, pod }: NamespaceIdentity, fabric: Fabric) {
    this.node = node;
    this.isNode = isNode;
    this.pod = pod;
    this.#ips = ips;
    this.#fabric = fabric;
  }

  get ips(): readonly string[] {
    return this.#ips;
  }

  /** Addresses that became known later. */
  setIps(ips: readonly string[]): void {
    this.#ips = ips;
  }

  devices(): Map<string, MadeDevice> {
    this.#devices ??= new Map();
    return this.#devices;
  }

  listen(
    port: number,
    take: (connection: Connection) => void,
    { ip, protocol = 'TCP' }: ListenOptions = {},
  ): { port: number; close(): void } {
    const listener = { ip: boundTo(ip), port: port === 0 ? this.#free(protocol) : port, protocol, take };
    this.listeners.add(listener);
    return { port: listener.port, close: () => this.listeners.remove(listener) };
  }

  async connect(asked: Address, options: ConnectOptions = {}): Promise<Connection> {
    const { protocol = 'TCP', signal } = options;
    signal?.throwIfAborted();
    const to = { ip: canonicalIP(asked.ip), port: asked.port };
    if (this.#isClosed) throw new NetworkError('ENETUNREACH', `connect ENETUNREACH ${to.ip}:${to.port}`);
    const port = this.listeners.borrow(protocol);
    const giveBack = (): void => this.listeners.giveBack(protocol, port);
    try {
      const from = { ip: this.#sourceIp(to.ip), port };
      const connection = await this.#fabric.connect(this, from, to, { ...options, protocol });
      connection.stream.once('close', giveBack);
      return connection;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  bind(
    port: number,
    take: (datagram: Datagram) => void,
    { ip, onUnreachable }: BindOptions = {},
  ): { port: number; send(to: Address, bytes: Uint8Array): void; close(): void } {
    const lent = port === 0 ? this.bindings.borrow('UDP') : undefined;
    const binding: Binding = { ip: boundTo(ip), port: lent ?? port, protocol: 'UDP', take, onUnreachable };
    this.bindings.add(binding);
    return {
      port: binding.port,
      send: (to, bytes) => {
        if (!this.#isClosed) this.#fabric.send(this, binding, { ip: canonicalIP(to.ip), port: to.port }, bytes);
      },
      close: () => {
        this.bindings.remove(binding);
        if (lent !== undefined) this.bindings.giveBack('UDP', lent);
      },
    };
  }

  listening(): (Address & { protocol: Protocol })[] {
    const any = this.#ips.some((ip) => ip.includes(':')) ? '::' : '0.0.0.0';
    return [...this.listeners.all(), ...this.bindings.all()].map(({ ip = any, port, protocol }) => {
      return { ip, port, protocol };
    });
  }

  packetRules(family: 4 | 6 = 4): string {
    return this.isNode ? this.#fabric.rules(this.node, family) : noRules;
  }

  close(): void {
    this.#isClosed = true;
    this.listeners.clear();
    this.bindings.clear();
    for (const stream of this.#streams ?? []) stream.destroy(new NetworkError('ECONNRESET', 'read ECONNRESET'));
  }

  /** Ends with the namespace. */
  own(stream: Duplex): void {
    this.#streams ??= new Set();
    const streams = this.#streams;
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
  }

  /** Where packets to `ip` say they come from. */
  #sourceIp(ip: string): string {
    if (isLoopback(ip)) return ip.includes(':') ? '::1' : '127.0.0.1';
    const source = sourceFor(this.#ips, ip);
    if (source === undefined)
      throw new NetworkError('ENETUNREACH', `connect ENETUNREACH ${ip}: no address to come from`);
    return source;
  }

  #free(protocol: Protocol): number {
    const port = this.listeners.borrow(protocol);
    this.listeners.giveBack(protocol, port);
    return port;
  }
}

/** All addresses is none in particular. */
function boundTo(ip: string | undefined): string | undefined {
  return ip === undefined || ip === '' || ip === '0.0.0.0' || ip === '::' ? undefined : canonicalIP(ip);
}
