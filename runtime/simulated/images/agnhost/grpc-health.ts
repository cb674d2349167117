import { createServer, type ServerHttp2Stream } from 'node:http2';
import { createSecureContext, TLSSocket } from 'node:tls';
import { durationText, goLog } from '../go-command.ts';
import { reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

const [serving, notServing] = [1, 2];
const [notFound, unimplemented] = [5, 12];

/** Kubernetes' gRPC health service, and over HTTP how to make it ill and well. */
export const grpcHealthChecking: CommandProgram = (context, flags) => {
  const { network, clock, files } = context;
  const log = goLog(context);
  const [certFile, keyFile] = [flags.text('tls-cert-file'), flags.text('tls-private-key-file')];
  if ((certFile === '') !== (keyFile === '')) {
    log('Both --tls-cert-file and --tls-private-key-file must be set');
    return 1;
  }
  const started = clock.now();
  const age = (): number => clock.now() - started;
  let forced: boolean | undefined;
  const [port, httpPort] = [flags.number('port'), flags.number('http-port')];
  log(`Http server starting to listen on :${httpPort}`);
  const control = serveHttp(network, httpPort, (call) => {
    const { pathname } = call.url;
    if (pathname !== '/make-serving' && pathname !== '/make-not-serving')
      return reply(call, { status: 404, body: '404 page not found\n' });
    forced = pathname === '/make-serving';
    log(`Mark as ${forced ? 'healthy' : 'unhealthy'}`);
    return reply(call, { body: durationText(age()) });
  });
  const delay = flags.number('delay-unhealthy-sec');
  const check = (service: string): number | undefined => {
    log(`Serving the Check request for health check, started at ${new Date(started).toISOString()}`);
    if (service !== flags.text('service')) return undefined;
    const isIll = forced === false || (delay >= 0 && age() >= delay * 1000);
    return isIll ? notServing : serving;
  };
  const secureContext =
    certFile === ''
      ? undefined
      : createSecureContext({ cert: files.read(certFile) ?? '', key: files.read(keyFile) ?? '' });
  const grpc = createServer();
  grpc.on('stream', (stream, headers) => answer(stream, String(headers[':path']), check));
  grpc.on('sessionError', () => undefined);
  const listener = network.listen(port, ({ stream }) => {
    stream.on('error', () => undefined);
    if (secureContext === undefined) grpc.emit('connection', stream);
    else
      grpc.emit('connection', new TLSSocket(stream as never, { isServer: true, secureContext, ALPNProtocols: ['h2'] }));
  });
  log(`gRPC server starting to listen on :${port}`);
  return lifetimeOf(context, [control, listener], (end) => end(goTerminated)).ended;
};

function answer(stream: ServerHttp2Stream, path: string, check: (service: string) => number | undefined): void {
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
    return void stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
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
