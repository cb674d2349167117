import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { bytesOf } from '../../files/byte-text.ts';
import type { ByteText } from '../../files/file-tree.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** As they go out; an answer's length of the body is counted here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: ByteText;
}

/** TLS on a stream; rejects with the error of the handshake, whose `code` says what was not liked. */
export function secured(
  stream: Duplex,
  options: Pick<ConnectionOptions, 'servername' | 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'ALPNProtocols'>,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ socket: stream, ...options });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Sends a request over a stream; the body of what comes back is still to be read. */
export function exchange(
  stream: Duplex,
  { url, method, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({
      createConnection: () => stream,
      method,
      path: `${url.pathname}${url.search}`,
      setHost: false,
    });
    for (const [name, value] of headers) call.appendHeader(name, value);
    // What is not asked for is not sent.
    for (const name of ['Connection', 'Transfer-Encoding', 'Content-Length'])
      if (!call.hasHeader(name)) call.removeHeader(name);
    const abort = (): void => {
      const error = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
      call.destroy(error);
      reject(error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    call.once('error', reject);
    call.once('response', (response) => {
      // What a program reads in pieces must not be lost when it is slow.
      response.on('error', () => undefined);
      response.once('close', () => signal.removeEventListener('abort', abort));
      resolve(response);
    });
    call.end(body === undefined || body === '' ? undefined : bytesOf(body));
  });
}

/** `http://host:port/path`, with the scheme left out or not; undefined for what is no address. */
export function parseURL(text: string, scheme = 'http'): URL | undefined {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
