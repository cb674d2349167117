import { serveFiles } from '../file-server.ts';
import { durationText, goLog, hostPort } from '../go-command.ts';
import { reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

const healthyMs = 10_000;

/** Alive for ten seconds, then ill for good. */
export const liveness: CommandProgram = (context) => {
  const { network, clock } = context;
  const started = clock.now();
  const service = serveHttp(network, 8080, (call) => {
    const age = clock.now() - started;
    if (call.url.pathname === '/started') return reply(call, { body: durationText(age) });
    if (call.url.pathname === '/healthz')
      return age > healthyMs ? reply(call, { status: 500, body: `error: ${age / 1000}` }) : reply(call, { body: 'ok' });
    if (call.url.pathname === '/redirect')
      return reply(call, { status: 302, headers: { location: call.url.searchParams.get('loc') ?? '' } });
    return reply(call, { status: 404, body: '404 page not found\n' });
  });
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

/** All files of the container. */
export const testWebserver: CommandProgram = (context, flags) => {
  const headers = {
    'cache-control': 'private',
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers':
      'DNT,X-Mx-ReqToken,Keep-Alive,User-Agent,X-Requested-With,Cache-Control,Content-Type',
  };
  const service = serveHttp(context.network, flags.number('port'), (call) =>
    serveFiles(context.files, '/', call, headers),
  );
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

export const fakeGitServer: CommandProgram = (context) => {
  const service = serveHttp(context.network, 8000, (call) => reply(call, { body: 'I am a fake git server' }));
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

/** Closes each connection with what it was sent unread. */
export const tcpReset: CommandProgram = (context, flags) => {
  const log = goLog(context);
  const port = flags.number('port');
  const listener = context.network.listen(port, ({ stream, flow }) => {
    stream.on('error', () => undefined);
    stream.once('readable', () => {
      log(`TCP request from ${hostPort(flow.from)}`);
      stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    });
  });
  log(`Serving on port ${port}.`);
  return lifetimeOf(context, [listener], (end) => {
    log('Shutting down after receiving signal: terminated.');
    log('Awaiting pod deletion.');
    end(0);
  }).ended;
};
