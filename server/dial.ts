import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Endpoint } from './service-resolver.ts';

/** A TCP connection by a way of its own; undefined: no address that it knows. */
export type Dial = (host: string, port: number, signal: AbortSignal) => Promise<Duplex> | undefined;

/** Through the cluster's own network where the address is in it, else through the machine's. */
export function openConnection({ host, port }: Endpoint, dial: Dial | undefined, signal: AbortSignal): Promise<Duplex> {
  const inside = dial?.(host, port, signal);
  if (inside !== undefined) return inside;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const gone = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', gone, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      signal.removeEventListener('abort', gone);
      resolve(socket);
    });
    if (signal.aborted) gone();
  });
}
