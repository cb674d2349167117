import { durationText, goLog } from '../go-command.ts';
import { type HealthCheck, serveHealth } from '../grpc-service.ts';
import { reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

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
  const check: HealthCheck = (service) => {
    log(`Serving the Check request for health check, started at ${new Date(started).toISOString()}`);
    if (service !== flags.text('service')) return undefined;
    const isIll = forced === false || (delay >= 0 && age() >= delay * 1000);
    return isIll ? 'NOT_SERVING' : 'SERVING';
  };
  const tls = certFile === '' ? undefined : { cert: files.read(certFile) ?? '', key: files.read(keyFile) ?? '' };
  const listener = serveHealth(network, port, check, tls);
  log(`gRPC server starting to listen on :${port}`);
  return lifetimeOf(context, [control, listener], (end) => end(goTerminated)).ended;
};
