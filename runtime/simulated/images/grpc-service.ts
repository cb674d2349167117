import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { NetworkNamespace } from '../../network/network.ts';

const statuses = { SERVING: 1, NOT_SERVING: 2 } as const;
const [notFound, unimplemented] = [5, 12];

/** Undefined: no such service. */
export type HealthCheck = (service: string) => keyof typeof statuses | undefined;

/** The health service of gRPC on a port; with TLS when there is a certificate, in PEM. Throws NetworkError EADDRINUSE. */
export function serveHealth(
  network: NetworkNamespace,
  port: number,
  check: HealthCheck,
  tls?: { readonly cert: string; readonly key: string },
): { close(): void } {
  const secureContext = tls === undefined ? undefined : createSecureContext(tls);
  const serving = createHealth(check);
  return network.listen(port, ({ stream }) => {
    stream.on('error', () => undefined);
    if (secureContext === undefined) {
      serving.take(stream);
      return;
    }
    const socket = new TLSSocket(stream as never, { isServer: true, secureContext, ALPNProtocols: ['h2'] });
    socket.on('error', () => stream.destroy());
    serving.take(socket);
  });
}

/** Takes connections that somebody else accepted. */
export function createHealth(check: HealthCheck): { take(socket: Duplex): void } {
  const server = createServer();
  server.on('stream', (stream, headers) => answer(stream, String(headers[':path']), check));
  server.on('sessionError', () => undefined);
  return { take: (socket) => void server.emit('connection', socket) };
}

function answer(stream: ServerHttp2Stream, path: string, check: HealthCheck): void {
  const parts: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.on('end', () => {
    if (path !== '/grpc.health.v1.Health/Check') return fail(stream, unimplemented, 'unimplemented');
    const status = check(serviceOf(Buffer.concat(parts)));
    if (status === undefined) return fail(stream, notFound, 'unknown service');
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    // One message: not compressed, two bytes long, field 1 as a number.
    return void stream.end(Buffer.from([0, 0, 0, 0, 2, 8, statuses[status]]));
  });
}

function fail(stream: ServerHttp2Stream, code: number, message: string): void {
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(code), 'grpc-message': message },
    { endStream: true },
  );
}

/** Field 1 of the request, a string shorter than 128 bytes. */
function serviceOf(message: Buffer): string {
  return message[5] === 0x0a ? message.subarray(7, 7 + (message[6] ?? 0)).toString('utf8') : '';
}
