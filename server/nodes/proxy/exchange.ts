import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type Dial, openConnection } from '../../dial.ts';
import type { Endpoint } from '../../service-resolver.ts';
import type { KubeletCredential } from '../access.ts';

/** Where a proxied request goes. */
export interface Backend extends Endpoint {
  readonly isTls: boolean;
  /** Whom the backend knows us as; its own certificate is not looked at, as upstream's proxies do not. */
  readonly credential?: KubeletCredential;
  /** On the machines' own network, even where its address could be a pod's. */
  readonly isOutside?: boolean;
}

export interface BackendRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** A request on a connection of its own. Whoever aborts `signal` ends both. */
export function sendTo(
  backend: Backend,
  { method, path, headers }: BackendRequest,
  dial: Dial | undefined,
  signal: AbortSignal,
): ClientRequest {
  const open = async (): Promise<Duplex> => {
    const plain = await openConnection(backend, backend.isOutside === true ? undefined : dial, signal);
    return backend.isTls ? secured(plain, backend) : plain;
  };
  const createConnection: NonNullable<RequestOptions['createConnection']> = (_options, callback) => {
    open().then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, undefined as never),
    );
    return undefined;
  };
  return httpRequest({ method, path, headers, createConnection, signal });
}

function secured(plain: Duplex, { credential }: Backend): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: plain,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(credential === undefined ? {} : { cert: credential.certificate, key: credential.key }),
    });
    socket.once('error', (error) => {
      plain.destroy();
      reject(error);
    });
    socket.once('secureConnect', () => resolve(socket));
  });
}
