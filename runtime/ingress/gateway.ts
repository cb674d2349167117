import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Random } from '../../api/clock.ts';
import { asError } from '../framework/thrown.ts';
import type { Backend, Routes } from './routing.ts';

export interface GatewayDeps {
  readonly random: Random;
  routes(): Routes;
  dial(backend: Backend): Promise<Duplex>;
  /** Of a name, or of '' for who says none. Undefined: there is no certificate. */
  certificateFor(host: string): Promise<SecureContext | undefined>;
}

export interface Gateway {
  /** Speaks HTTP, or HTTPS, with who has connected. `peer` is their address. */
  accept(stream: Duplex, isSecure: boolean, peer: string): void;
  close(): void;
}

const notFound = 'default backend - 404';
const unavailable = `<html>
<head><title>503 Service Temporarily Unavailable</title></head>
<body>
<center><h1>503 Service Temporarily Unavailable</h1></center>
<hr><center>kubefacade</center>
</body>
</html>
`;
/** They concern one connection, not what goes through it. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Takes requests, finds the Service that an Ingress names for them, and hands them on. */
export function createGateway({ random, routes, dial, certificateFor }: GatewayDeps): Gateway {
  const peers = new WeakMap<object, string>();
  const open = new Set<Duplex>();
  const backendFor = ({ headers, url = '/' }: IncomingMessage): Backend | undefined => {
    const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
    return routes().match(host, decodedPath(url));
  };
  const forwarded = (message: IncomingMessage, isSecure: boolean): string[] => {
    const peer = peers.get(message.socket) ?? '';
    const headers: string[] = [];
    const isDropped = (name: string): boolean =>
      hopByHop.has(name) || name.startsWith('x-forwarded-') || name === 'x-real-ip';
    for (let at = 0; at < message.rawHeaders.length; at += 2) {
      const [name = '', value = ''] = message.rawHeaders.slice(at, at + 2);
      if (!isDropped(name.toLowerCase())) headers.push(name, value);
    }
    const before = message.headers['x-forwarded-for'];
    const scheme = isSecure ? 'https' : 'http';
    headers.push('X-Request-ID', random.uuid().replaceAll('-', ''), 'X-Real-IP', peer);
    headers.push('X-Forwarded-For', before === undefined ? peer : `${before}, ${peer}`);
    headers.push('X-Forwarded-Host', message.headers.host ?? '', 'X-Forwarded-Port', isSecure ? '443' : '80');
    headers.push('X-Forwarded-Proto', scheme, 'X-Forwarded-Scheme', scheme, 'X-Scheme', scheme);
    return headers;
  };
  const serve = async (message: IncomingMessage, response: ServerResponse, isSecure: boolean): Promise<void> => {
    const backend = backendFor(message);
    if (backend === undefined) return answer(response, 404, 'text/plain; charset=utf-8', notFound);
    let stream: Duplex;
    try {
      stream = await dial(backend);
    } catch {
      return answer(response, 503, 'text/html', unavailable);
    }
    pass(message, response, stream, forwarded(message, isSecure));
  };
  const upgrade = async (message: IncomingMessage, near: Duplex, head: Buffer, isSecure: boolean): Promise<void> => {
    const backend = backendFor(message);
    try {
      if (backend === undefined) throw new Error(notFound);
      const far = await dial(backend);
      const own = ['Connection', 'Upgrade', 'Upgrade', message.headers.upgrade ?? ''];
      const headers = [...forwarded(message, isSecure), ...own];
      let text = `${message.method} ${message.url} HTTP/1.1\r\n`;
      for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
      far.write(`${text}\r\n`);
      far.write(head);
      near.pipe(far).pipe(near);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    } catch {
      near.end(
        `HTTP/1.1 ${backend === undefined ? '404 Not Found' : '503 Service Unavailable'}\r\nConnection: close\r\n\r\n`,
      );
    }
  };
  const plain = createServer((message, response) => void serve(message, response, false));
  const secure = createServer((message, response) => void serve(message, response, true));
  const findContext = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    certificateFor(name).then(
      (context) => done(context === undefined ? new Error(`no certificate for ${name}`) : null, context),
      (error: unknown) => done(asError(error)),
    );
  };
  /** Whoever names no host gets what there is for any. */
  const secured = async (stream: Duplex, peer: string): Promise<void> => {
    const secureContext = await certificateFor('');
    const common = secureContext === undefined ? {} : { secureContext };
    const socket = new TLSSocket(stream, { isServer: true, SNICallback: findContext, ...common });
    socket.on('error', () => socket.destroy());
    peers.set(socket, peer);
    socket.once('secure', () => secure.emit('connection', socket));
  };
  plain.on('upgrade', (message, stream, head) => void upgrade(message, stream, head, false));
  secure.on('upgrade', (message, stream, head) => void upgrade(message, stream, head, true));
  plain.on('clientError', (_error, stream) => void stream.destroy());
  secure.on('clientError', (_error, stream) => void stream.destroy());
  return {
    accept: (stream, isSecure, peer) => {
      open.add(stream);
      stream.once('close', () => open.delete(stream));
      stream.on('error', () => undefined);
      peers.set(stream, peer);
      if (isSecure) void secured(stream, peer).catch(() => stream.destroy());
      else plain.emit('connection', stream);
    },
    close: () => {
      for (const stream of open) stream.destroy();
    },
  };
}

function decodedPath(url: string): string {
  const path = url.replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function pass(message: IncomingMessage, response: ServerResponse, stream: Duplex, headers: readonly string[]): void {
  const call = request({
    createConnection: () => stream,
    method: message.method,
    path: message.url,
    setHost: false,
    headers: [...headers, ...framing(message), 'Connection', 'close'],
  });
  call.on('response', (reply) => {
    const kept: string[] = [];
    for (let at = 0; at < reply.rawHeaders.length; at += 2) {
      const [name = '', value = ''] = reply.rawHeaders.slice(at, at + 2);
      if (!hopByHop.has(name.toLowerCase())) kept.push(name, value);
    }
    response.writeHead(reply.statusCode ?? 502, reply.statusMessage, kept);
    response.flushHeaders();
    reply.pipe(response);
    reply.on('error', () => response.destroy());
  });
  call.on('error', () => {
    if (response.headersSent) response.destroy();
    else
      answer(
        response,
        502,
        'text/html',
        unavailable.replaceAll('503 Service Temporarily Unavailable', '502 Bad Gateway'),
      );
  });
  response.on('close', () => stream.destroy());
  message.pipe(call);
}

/** How the body of a request ends is said anew where it was said by chunks. */
function framing({ headers }: IncomingMessage): string[] {
  return headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked'];
}
