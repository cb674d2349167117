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
  /** As the listener sees them: addresses after translation. */
  readonly flow: Flow;
}

export interface Datagram {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** As Node's own system errors name it: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRINUSE, ECONNRESET. */
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

/** One network stack: of a pod, whose containers share it, or of a node. 127.0.0.1 and ::1 are its own. */
export interface NetworkNamespace {
  readonly ips: readonly string[];
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
    options?: { readonly ip?: string },
  ): { readonly port: number; send(to: Address, bytes: Uint8Array): void; close(): void };
  /** What listens, for `netstat` and admission of ports. */
  listening(): readonly (Address & { readonly protocol: Protocol })[];
  /** Ends all that listens and all that is connected. */
  close(): void;
}

/** Where a packet goes on to. `connection tracking` is the network's: rules are asked once for a flow. */
export type Verdict = { readonly to: Address; readonly masquerade?: boolean } | 'accept' | 'drop' | 'reject';

/** Destination translation, as kube-proxy's rules do it, at the node that the packet leaves from or comes in at. */
export interface Translation {
  verdict(flow: Flow, node: string): Verdict;
}

/** Whether a translated flow may pass, as network policies have it. */
export interface Filter {
  allows(flow: Flow): boolean;
}

export interface NamespaceOptions {
  readonly node: string;
  readonly ips: readonly string[];
}

/** All namespaces of a cluster, and the wires between them. */
export interface VirtualNetwork {
  /** Of a pod. */
  open(options: NamespaceOptions): NetworkNamespace;
  /** Of a node; made on first use, then the same again. `ips` of the first call stay. */
  node(name: string, ips?: readonly string[]): NetworkNamespace;
  /** Where the control plane connects from: reaches all, policies do not hold it. */
  readonly host: NetworkNamespace;
  /** Who has this address, by node and whether it is the node's own. */
  locate(ip: string): { readonly node: string; readonly isNode: boolean } | undefined;
  setTranslation(translation: Translation): void;
  setFilter(filter: Filter): void;
  /** Takes what leads nowhere inside; default: EHOSTUNREACH... Used for stubs of the outside world. */
  setOutside(connect: (to: Address) => Promise<Duplex> | undefined): void;
}
