import { NetworkError, type Protocol } from './network.ts';

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const first = 32_768;
const last = 60_999;

/** Something that listens at a port, on one address or on all. */
export interface PortOwner {
  readonly ip: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
}

function keyOf(protocol: Protocol, port: number): number {
  return port * protocols.length + protocols.indexOf(protocol);
}

/** The ports of one namespace: who listens, and which are lent out to those who connect. Nothing is allocated before the first. */
export class Ports<T extends PortOwner> {
  #owners: Map<number, T[]> | undefined;
  #lent: Set<number> | undefined;
  #next = first;

  /** Throws EADDRINUSE. */
  add(owner: T): void {
    const { ip, port, protocol } = owner;
    const key = keyOf(protocol, port);
    const there = this.#owners?.get(key) ?? [];
    if (there.some((one) => one.ip === undefined || ip === undefined || one.ip === ip))
      throw new NetworkError('EADDRINUSE', `listen EADDRINUSE: address already in use ${ip ?? '0.0.0.0'}:${port}`);
    this.#owners ??= new Map();
    this.#owners.set(key, [...there, owner]);
  }

  remove(owner: T): void {
    const key = keyOf(owner.protocol, owner.port);
    const left = (this.#owners?.get(key) ?? []).filter((one) => one !== owner);
    if (left.length === 0) this.#owners?.delete(key);
    else this.#owners?.set(key, left);
  }

  at(protocol: Protocol, port: number, ip: string): T | undefined {
    return this.#owners?.get(keyOf(protocol, port))?.find((one) => one.ip === undefined || one.ip === ip);
  }

  all(): T[] {
    return this.#owners === undefined ? [] : [...this.#owners.values()].flat();
  }

  clear(): void {
    this.#owners = undefined;
    this.#lent = undefined;
  }

  /** A port that nobody else uses; to be given back. Throws EADDRNOTAVAIL. */
  borrow(protocol: Protocol): number {
    for (let tries = first; tries <= last; tries++) {
      const port = this.#next;
      this.#next = port === last ? first : port + 1;
      const key = keyOf(protocol, port);
      if (this.#owners?.has(key) === true || this.#lent?.has(key) === true) continue;
      this.#lent ??= new Set();
      this.#lent.add(key);
      return port;
    }
    throw new NetworkError('EADDRNOTAVAIL', 'connect EADDRNOTAVAIL: no ports are left');
  }

  giveBack(protocol: Protocol, port: number): void {
    this.#lent?.delete(keyOf(protocol, port));
  }
}
