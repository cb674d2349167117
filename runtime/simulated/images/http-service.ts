import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
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
  /** PEM. With it the service speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  onUpgrade?(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

export interface HttpService {
  readonly port: number;
  /** Takes no more connections; those there are may end their answers. */
  close(): void;
}

/** HTTP/1.1 on a port of a namespace. An answer that throws is a 500. Throws NetworkError EADDRINUSE. */
export function serveHttp(
  network: NetworkNamespace,
  port: number,
  answer: (call: HttpCall) => void | Promise<void>,
  { ip, tls, onUpgrade }: HttpServiceOptions = {},
): HttpService {
  const flows = new WeakMap<Duplex, Flow>();
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    const flow = flows.get(request.socket);
    if (flow === undefined) return;
    const failed = (): void => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    };
    const url = new URL(
      request.url?.startsWith('/') === true ? `http://host${request.url}` : (request.url ?? '/'),
      'http://host',
    );
    const call = async (): Promise<void> => answer({ request, response, flow, url });
    call().catch(failed);
  });
  // No timers for connections that wait: they are as cheap as an object.
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  const secureContext = tls === undefined ? undefined : createSecureContext(tls);
  const listener = network.listen(
    port,
    ({ stream, flow }) => {
      stream.on('error', () => undefined);
      const socket = secureContext === undefined ? stream : secured(stream, secureContext);
      flows.set(socket, flow);
      server.emit('connection', socket);
    },
    ip === undefined ? {} : { ip },
  );
  return { port: listener.port, close: () => listener.close() };
}

function secured(stream: Duplex, secureContext: ReturnType<typeof createSecureContext>): TLSSocket {
  const socket = new TLSSocket(stream as never, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
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
