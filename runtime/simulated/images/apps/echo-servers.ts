import { unicodeOf } from '../../../files/byte-text.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { canonicalHeader } from '../agnhost/netexec.ts';
import { FlagError, goLog, hostPort, parseFlags, stringFlag } from '../go-command.ts';
import { bodyOf, reply, serveHttp } from '../http-service.ts';
import { goTerminated, killedByTerm, lifetimeOf } from '../lifetime.ts';

/** Always the same text. */
export const httpEcho: Program = (context) => {
  const { args, environment, network, stderr, stdout, clock } = context;
  const flags = {
    text: stringFlag(''),
    listen: stringFlag(':5678'),
    'status-code': stringFlag('200'),
    version: stringFlag(''),
  };
  try {
    // Go's own flags have one dash or two.
    const given = parseFlags(
      flags,
      args.slice(1).map((word) => word.replace(/^-(?=[a-z])/, '--')),
    );
    const text = given.text('text') || (environment.get('ECHO_TEXT') ?? '');
    if (text === '') {
      stderr.write('Missing -text option!\n');
      return 127;
    }
    const port = Number(given.text('listen').replace(/^.*:/, ''));
    const log = goLog(context);
    log(`[INFO] server is listening on :${port}`);
    const service = serveHttp(network, port, (call) => {
      const { request, flow } = call;
      if (call.url.pathname === '/health')
        return reply(call, { headers: { 'content-type': 'application/json' }, body: '{"status":"ok"}\n' });
      const body = `${unicodeOf(text)}\n`;
      const at = new Date(clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
      stdout.write(
        `${at} ${request.headers.host ?? ''} ${hostPort(flow.from)} "${request.method} ${request.url} HTTP/${request.httpVersion}" ${given.text('status-code')} ${Buffer.byteLength(body)} "${request.headers['user-agent'] ?? ''}" 0s\n`,
      );
      return reply(call, {
        status: Number(given.text('status-code')),
        headers: { 'x-app-name': 'http-echo', 'x-app-version': '1.0.0' },
        body,
      });
    });
    return lifetimeOf(context, [service], (end) => {
      log('[INFO] received interrupt, shutting down...');
      end(0);
    }).ended;
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    stderr.write(`${error.message}\n`);
    return 2;
  }
};

/** The request as text. */
export const echoServer: Program = (context) => {
  const service = serveHttp(context.network, 8080, async (call) => {
    const { request, flow } = call;
    const { hostname, pod, node } = context.facts;
    const { environment } = context;
    const known = environment.has('POD_NAME')
      ? [
          `node name:\t${environment.get('NODE_NAME') ?? node}`,
          `pod name:\t${environment.get('POD_NAME')}`,
          `pod namespace:\t${environment.get('POD_NAMESPACE') ?? pod.metadata?.namespace}`,
          `pod IP:\t${environment.get('POD_IP') ?? context.network.ips[0]}`,
        ]
      : ['-no pod information available-'];
    const headers = Object.entries(request.headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const body = await bodyOf(request);
    const rows = (lines: readonly string[]): string => lines.map((line) => `\t${line}\n`).join('');
    reply(call, {
      headers: { server: 'echoserver', 'content-type': 'text/plain' },
      body:
        `\n\nHostname: ${hostname}\n\nPod Information:\n${rows(known)}\n` +
        `Server values:\n${rows(['server_version=nginx: 1.14.2 - lua: 10015'])}\n` +
        `Request Information:\n${rows([`client_address=${flow.from.ip}`, `method=${request.method}`, `real path=${request.url}`, `query=${call.url.search.slice(1)}`, `request_version=${request.httpVersion}`, 'request_scheme=http', `request_uri=http://${request.headers.host ?? ''}${request.url}`])}\n` +
        `Request Headers:\n${rows(headers.map(([name, value]) => `${name}=${value}`))}\n` +
        `Request Body:\n${rows([body === '' ? '-no body in request-' : body])}\n`,
    });
  });
  return lifetimeOf(context, [service], (end) => end(killedByTerm)).ended;
};

const variablesOf = ({ environment }: ProgramContext): Record<string, string> =>
  Object.fromEntries([...environment].map(([name, value]) => [name, unicodeOf(value)]));

/** The request, the host and the environment as JSON. */
export const jsonEcho: Program = (context) => {
  const port = Number(context.environment.get('PORT') ?? 80);
  const service = serveHttp(context.network, port, async (call) => {
    const { request, flow, url } = call;
    const { hostname } = context.facts;
    const answer = {
      host: {
        hostname: url.hostname === 'host' ? (request.headers.host ?? '').replace(/:\d+$/, '') : url.hostname,
        ip: `::ffff:${flow.from.ip}`,
        ips: [],
      },
      http: { method: request.method, baseUrl: '', originalUrl: request.url, protocol: 'http' },
      request: {
        params: { 0: url.pathname },
        query: Object.fromEntries(url.searchParams),
        cookies: {},
        body: await parsed(request),
        headers: request.headers,
      },
      environment: { ...variablesOf(context), HOSTNAME: hostname },
    };
    const status = Number(url.searchParams.get('echo_code') ?? request.headers['x-echo-code'] ?? 200);
    reply(call, {
      status,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(answer),
    });
  });
  context.stdout.write(`{"host":"${context.facts.hostname}","message":"Listening on port ${port}."}\n`);
  return lifetimeOf(context, [service], (end) => end(0)).ended;
};

/** Another one, with what Express knows of a request. */
export const requestEcho: Program = (context) => {
  const { stdout, facts, environment } = context;
  const port = Number(environment.get('HTTP_PORT') ?? 8080);
  stdout.write(`Listening on ports ${port} for http, and 8443 for https.\n`);
  const service = serveHttp(context.network, port, async (call) => {
    const { request, flow, url } = call;
    const answer = {
      path: url.pathname,
      headers: request.headers,
      method: request.method,
      body: await bodyOf(request),
      fresh: false,
      hostname: (request.headers.host ?? '').replace(/:\d+$/, ''),
      ip: `::ffff:${flow.from.ip}`,
      ips: [],
      protocol: 'http',
      query: Object.fromEntries(url.searchParams),
      subdomains: [],
      xhr: false,
      os: { hostname: facts.hostname },
      connection: {},
    };
    const text = JSON.stringify(answer, null, 2);
    stdout.write(`${text}\n`);
    reply(call, {
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-powered-by': 'Express' },
      body: text,
    });
  });
  return lifetimeOf(context, [service], (end) => end(0)).ended;
};

/** Who is it, and who asks. */
export const whoami: Program = (context) => {
  const port = Number(context.environment.get('WHOAMI_PORT_NUMBER') ?? 80);
  goLog(context)(`Starting up on port ${port}`);
  const service = serveHttp(context.network, port, (call) => {
    const { request, flow, url } = call;
    if (url.pathname === '/health') return reply(call, {});
    const lines = [
      `Hostname: ${context.facts.hostname}`,
      ...['127.0.0.1', ...context.network.ips].map((ip) => `IP: ${ip}`),
      `RemoteAddr: ${hostPort(flow.from)}`,
      `${request.method} ${request.url} HTTP/${request.httpVersion}`,
      `Host: ${request.headers.host ?? ''}`,
      ...Object.entries(request.headers)
        .filter(([name]) => name !== 'host')
        .map(([name, value]) => `${canonicalHeader(name)}: ${value}`),
    ];
    return reply(call, { body: `${lines.join('\n')}\n\n` });
  });
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

async function parsed(request: Parameters<typeof bodyOf>[0]): Promise<unknown> {
  const body = await bodyOf(request);
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch {
    // What is no JSON is shown as it came.
    return body;
  }
}
