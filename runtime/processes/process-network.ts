import type { Connection, NetworkNamespace } from '../network/network.ts';
import type { Gate } from './hold.ts';

type Listen = NetworkNamespace['listen'];
type Connect = NetworkNamespace['connect'];
type Bind = NetworkNamespace['bind'];

/** The pod's network as one process uses it: what it opened ends with it. */
export class ProcessNetwork implements NetworkNamespace {
  readonly #inner: NetworkNamespace;
  readonly #gate: Gate;
  readonly #open = new Set<{ close(): void }>();
  #streams: Set<Connection['stream']> | undefined;
  #isWatching = false;
  #isEnded = false;

  /** What comes in waits while the gate is closed. */
  constructor(inner: NetworkNamespace, gate: Gate) {
    this.#inner = inner;
    this.#gate = gate;
  }

  get ips(): readonly string[] {
    return this.#inner.ips;
  }

  get node(): string {
    return this.#inner.node;
  }

  get isNode(): boolean {
    return this.#inner.isNode;
  }

  listen(...[port, onConnection, options]: Parameters<Listen>): ReturnType<Listen> {
    const take: typeof onConnection = (connection) => {
      this.#keepStream(connection.stream);
      // A kernel takes connections for a program that is stopped: they wait in the backlog.
      this.#gate.pass(() => {
        if (!this.#isEnded) onConnection(connection);
      });
    };
    const opened = this.#inner.listen(port, take, options);
    return { port: opened.port, close: this.#keep(opened) };
  }

  async connect(...[to, options]: Parameters<Connect>): ReturnType<Connect> {
    const connection = await this.#inner.connect(to, options);
    this.#keepStream(connection.stream);
    return connection;
  }

  bind(...[port, onDatagram, options]: Parameters<Bind>): ReturnType<Bind> {
    const take: typeof onDatagram = (datagram) => {
      this.#gate.pass(() => {
        if (!this.#isEnded) onDatagram(datagram);
      });
    };
    const opened = this.#inner.bind(port, take, options);
    return { port: opened.port, send: (to, bytes) => opened.send(to, bytes), close: this.#keep(opened) };
  }

  listening(): ReturnType<NetworkNamespace['listening']> {
    return this.#inner.listening();
  }

  packetRules(family?: 4 | 6): string {
    return this.#inner.packetRules(family);
  }

  devices(): ReturnType<NetworkNamespace['devices']> {
    return this.#inner.devices();
  }

  /** All that this process opened, and nothing else. */
  close(): void {
    this.#isEnded = true;
    for (const one of this.#open) one.close();
    this.#open.clear();
  }

  /** How to close it before the end. */
  #keep(opened: { close(): void }): () => void {
    if (this.#isEnded) opened.close();
    else this.#open.add(opened);
    return () => {
      this.#open.delete(opened);
      opened.close();
    };
  }

  /** What was written arrives before the end does, as when a kernel closes a socket. */
  #keepStream(stream: Connection['stream']): void {
    const kept = {
      close: () => {
        // Nobody is left to hear of what goes wrong.
        stream.on('error', () => undefined);
        stream.end(() => stream.destroy());
      },
    };
    if (this.#isEnded) {
      kept.close();
      return;
    }
    this.#open.add(kept);
    this.#streams ??= new Set();
    this.#streams.add(stream);
    stream.once('close', () => {
      this.#open.delete(kept);
      this.#streams?.delete(stream);
    });
    if (!this.#isWatching) void this.#watch();
  }

  /** Bytes that come for a stopped process are not read. */
  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (!this.#isEnded) {
      const { released } = await this.#gate.closed();
      const flowing = [...(this.#streams ?? [])].filter((stream) => stream.readableFlowing === true);
      for (const stream of flowing) stream.pause();
      await released;
      for (const stream of flowing) if (!stream.destroyed) stream.resume();
    }
  }
}
