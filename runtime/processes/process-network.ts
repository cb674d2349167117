import type { Connection, NetworkNamespace } from '../network/network.ts';

type Listen = NetworkNamespace['listen'];
type Connect = NetworkNamespace['connect'];
type Bind = NetworkNamespace['bind'];

/** The pod's network as one process uses it: what it opened ends with it. */
export class ProcessNetwork implements NetworkNamespace {
  readonly #inner: NetworkNamespace;
  readonly #open = new Set<{ close(): void }>();
  #isEnded = false;

  constructor(inner: NetworkNamespace) {
    this.#inner = inner;
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
      onConnection(connection);
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
    const opened = this.#inner.bind(port, onDatagram, options);
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
    stream.once('close', () => this.#open.delete(kept));
  }
}
