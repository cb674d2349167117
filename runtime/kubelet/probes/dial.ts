import type { Duplex } from 'node:stream';
import { type Address, NetworkError, type NetworkNamespace } from '../../network/network.ts';
import { hostAndPort } from './probe.ts';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
};

/** Opens a TCP connection; rejects in Go's words. */
export async function dial(network: NetworkNamespace, to: Address, timeoutMs: number): Promise<Duplex> {
  const ip = to.ip === 'localhost' ? '127.0.0.1' : to.ip;
  const prefix = `dial tcp ${hostAndPort(to.ip, to.port)}`;
  try {
    return (await network.connect({ ip, port: to.port }, { timeoutMs })).stream;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === 'ETIMEDOUT') throw new Error(`${prefix}: i/o timeout`);
    throw new Error(`${prefix}: connect: ${reasons[error.code] ?? error.message}`);
  }
}
