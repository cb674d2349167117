import type { Duplex } from 'node:stream';

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export interface Address {
  /** IPv6 without brackets. */
  readonly ip: string;
  readonly port: number;
}

/** What connects, or is sent, from where to where. */
export interface Flow {
  readonly protocol: Protocol;
  readonly from: Address;
  readonly to: Address;
}

export interface Connection {
  /** Bytes both ways, with back pressure; destroyed when the other end is. */
  readonly stream: Duplex;
  /** As this end sees them: whoever connects sees the address that it asked for, a listener those after translation. */
  readonly flow: Flow;
}

export interface Datagram {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** As Node's own system errors name it: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, EADDRINUSE, EADDRNOTAVAIL, ECONNRESET. */
export class NetworkError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'NetworkError';
    this.code = code;
  }
}

export interface ListenOptions {
  /** All of the namespace's own and localhost when absent. */
  readonly ip?: string;
  readonly protocol?: Protocol;
}

export interface BindOptions {
  readonly ip?: string;
  /** Told when nobody takes what was sent: the sender's ECONNREFUSED. */
  readonly onUnreachable?: (to: Address) => void;
}

/** One network stack: of a pod, whose containers share it, or of a node. 127.0.0.1 and ::1 are its own. */
/** What a privileged program added to the devices of a namespace; nothing goes through it. */
export interface MadeDevice {
  readonly name: string;
  readonly index: number;
  readonly mac: string;
  readonly kind: string;
  mtu: number;
  isUp: boolean;
  addresses: (readonly [ip: string, prefix: number])[];
}

export interface NetworkNamespace {
  readonly ips: readonly string[];
  /** Where it is; '' for the control plane. */
  readonly node: string;
  /** Whether it is the node's own, which pods with hostNetwork share. */
  readonly isNode: boolean;
  /** Throws NetworkError EADDRINUSE. Port 0 takes a free one. */
  listen(
    port: number,
    onConnection: (connection: Connection) => void,
    options?: ListenOptions,
  ): { readonly port: number; close(): void };
  /** Rejects with NetworkError; ETIMEDOUT after `timeoutMs` (default as TCP's, 127 s) where packets are dropped. */
  connect(
    to: Address,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number; readonly protocol?: Protocol },
  ): Promise<Connection>;
  /** Datagrams for a port; `reply` and `send` answer and send from that port. Port 0 takes a free one. */
  bind(
    port: number,
    onDatagram: (datagram: Datagram) => void,
    options?: BindOptions,
  ): { readonly port: number; send(to: Address, bytes: Uint8Array): void; close(): void };
  /** What listens, for `netstat` and admission of ports. */
  listening(): readonly (Address & { readonly protocol: Protocol })[];
  /** As `iptables-save` prints the rules that hold here, of one family; pods have none. */
  packetRules(family?: 4 | 6): string;
  /** Besides its own ones, by name. */
  devices(): Map<string, MadeDevice>;
  /** Ends all that listens and all that is connected. */
  close(): void;
}

/** Where a packet goes on to. `connection tracking` is the network's: rules are asked once for a flow. */
export type Verdict = { readonly to: Address; readonly masquerade?: boolean } | 'accept' | 'drop' | 'reject';

/** Destination translation, as kube-proxy's rules do it, at the node that the packet leaves from or comes in at. */
export interface Translation {
  verdict(flow: Flow, node: string): Verdict;
  /** The rules as text. */
  save?(node: string, family: 4 | 6): string;
  /** What the node itself serves at a port where nobody else listens: health checks, metrics. */
  listenerAt?(node: string, port: number): ((connection: Connection) => void) | undefined;
}

/** Whether a flow may begin, as network policies have it: who began it, before masquerading, and where it ends. */
export interface Filter {
  allows(flow: Flow): boolean;
}

/** A port of a node that leads to a pod, as `hostPort` has it. */
export interface HostPort {
  readonly node: string;
  readonly protocol: Protocol;
  /** Of the node; absent: all. */
  readonly hostIp?: string;
  readonly port: number;
  readonly to: Address;
}

export interface NamespaceOptions {
  readonly node: string;
  readonly ips: readonly string[];
  /** Whose it is, `namespace/name`: what policies go by. */
  readonly pod?: string;
}

/** Who has an address. */
export interface Location {
  readonly node: string;
  readonly isNode: boolean;
  readonly pod?: string | undefined;
}

/** All namespaces of a cluster, and the wires between them. */
export interface VirtualNetwork {
  /** Of a pod. */
  open(options: NamespaceOptions): NetworkNamespace;
  /** Of a node; made on first use, then the same again. `ips` of the first call stay. */
  node(name: string, ips?: readonly string[]): NetworkNamespace;
  /** The node has gone: what listens or is connected there ends. */
  forgetNode(name: string): void;
  /** Where the control plane connects from: reaches all, policies do not hold it. */
  readonly host: NetworkNamespace;
  locate(ip: string): Location | undefined;
  /** Until closed, the port of the node leads to the pod. */
  mapPort(mapping: HostPort): { close(): void };
  setTranslation(translation: Translation): void;
  setFilter(filter: Filter): void;
  /** Datagrams of tracked flows go where rules send them now: for those that `isStale` picks by address asked for and taken. */
  forgetFlows(isStale: (asked: Address, taken: Address) => boolean): void;
  /** Takes what leads nowhere inside; default: EHOSTUNREACH... Used for stubs of the outside world. */
  setOutside(connect: (to: Address) => Promise<Duplex> | undefined): void;
}
