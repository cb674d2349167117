import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Flow, NetworkNamespace } from '../../network/network.ts';

/** A request, with where it came from. */
export interface HttpCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly flow: Flow;
  readonly url: URL;
}

export interface HttpServiceOptions {
  readonly ip?: string;
  /** PEM. With it the service speaks TLS. A certificate that it asks for is not checked. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly asksForCertificate?: boolean };
  onUpgrade?(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

export interface HttpService {
  readonly port: number;
  /** Takes no more connections and ends those that there are. */
  close(): void;
}

/** HTTP/1.1 on a port of a namespace. An answer that throws is a 500. Throws NetworkError EADDRINUSE. */
export function serveHttp(
  network: NetworkNamespace,
  port: number,
  answer: (call: HttpCall) => void | Promise<void>,
  options: HttpServiceOptions = {},
): HttpService {
  const { ip, tls, onUpgrade } = options;
  const secureContext = tls === undefined ? undefined : createSecureContext(tls);
  const open = new Set<Duplex>();
  // Many that serve are never asked: what answers is made for the first who comes.
  let server: Serving | undefined;
  const listener = network.listen(
    port,
    ({ stream, flow }) => {
      server ??= createServing(answer, onUpgrade);
      stream.on('error', () => undefined);
      const socket =
        secureContext === undefined ? stream : secured(stream, secureContext, tls?.asksForCertificate === true);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      server.take(socket, flow);
    },
    ip === undefined ? {} : { ip },
  );
  const close = (): void => {
    listener.close();
    // As when a process ends: what was written arrives, then the end.
    for (const socket of open) socket.end(() => socket.destroy());
  };
  return { port: listener.port, close };
}

/** What takes connections that somebody else accepted. */
export interface Serving {
  take(socket: Duplex, flow: Flow): void;
}

export function createServing(
  answer: (call: HttpCall) => void | Promise<void>,
  onUpgrade?: HttpServiceOptions['onUpgrade'],
): Serving {
  const flows = new WeakMap<Duplex, Flow>();
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    const flow = flows.get(request.socket);
    if (flow === undefined) return;
    const failed = (): void => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    };
    const call = async (): Promise<void> => answer({ request, response, flow, url: urlOf(request.url ?? '/') });
    call().catch(failed);
  });
  // No timers for connections that wait: they are as cheap as an object.
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  return {
    take: (socket, flow) => {
      flows.set(socket, flow);
      server.emit('connection', socket);
    },
  };
}

/** Of a path, or of all that a proxy is sent. */
function urlOf(text: string): URL {
  return text.startsWith('/') ? new URL(`http://host${text}`) : new URL(text, 'http://host');
}

function secured(stream: Duplex, secureContext: SecureContext, requestCert: boolean): TLSSocket {
  const socket = new TLSSocket(stream as never, {
    isServer: true,
    secureContext,
    requestCert,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  socket.on('error', () => stream.destroy());
  return socket;
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** What was asked for in the query and in a form's body, the first of each name. */
export async function formOf({ request, url }: HttpCall): Promise<URLSearchParams> {
  const form = new URLSearchParams(url.search);
  if (request.method === 'GET' || request.method === 'HEAD') return form;
  if (!(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return form;
  return new URLSearchParams([...new URLSearchParams(await bodyOf(request)), ...form]);
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const htmlStart =
  /^[\t\n\f\r ]*<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i;

/** By its first tag, as Go's servers find out. */
function looksLikeHtml(bytes: Uint8Array): boolean {
  return htmlStart.test(Buffer.from(bytes.subarray(0, 512)).toString('latin1'));
}

/** Text or HTML unless a header says otherwise; with its length, and without its body for HEAD. */
export function reply({ request, response }: HttpCall, { status = 200, headers = {}, body = '' }: Answer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, {
    'content-type': `text/${looksLikeHtml(bytes) ? 'html' : 'plain'}; charset=utf-8`,
    ...headers,
    'content-length': String(bytes.length),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
