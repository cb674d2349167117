import { sleep } from '../../../client/sleep.ts';
import { unicodeOf } from '../../../files/byte-text.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { canonicalHeader } from '../agnhost/netexec.ts';
import { fetchHttp } from '../http-client.ts';
import { type Answer, bodyOf, type HttpCall, reply, serveHttp } from '../http-service.ts';
import { tagOf } from '../image.ts';
import { killedByTerm, lifetimeOf } from '../lifetime.ts';

const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: `${JSON.stringify(value, null, 2)}\n`,
});

const headersOf = ({ request }: HttpCall): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [canonicalHeader(name), String(value)]));

const maxDelayMs = 10_000;

/** Paths with a part that varies: `/status/404`. */
type PartRoute = (part: string, call: HttpCall, context: ProgramContext) => Promise<Answer> | Answer;

const partRoutes: Readonly<Record<string, PartRoute>> = {
  status: (part) =>
    /^[2-5]\d\d$/.test(part) ? { status: Number(part) } : { status: 400, body: 'Invalid status code\n' },
  delay: async (part, call, { clock, killed }) => {
    await sleep(clock, Math.min(Number(part) * 1000 || 0, maxDelayMs), killed);
    return json(await described(call));
  },
};

async function described(call: HttpCall): Promise<Record<string, unknown>> {
  const { request, url, flow } = call;
  const text = await bodyOf(request);
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  let value: unknown = null;
  try {
    value = text === '' ? null : JSON.parse(text);
  } catch {
    // It is no JSON: shown as data alone.
  }
  return {
    args: Object.fromEntries(url.searchParams),
    data: isForm ? '' : text,
    files: {},
    form: isForm ? Object.fromEntries(new URLSearchParams(text)) : {},
    headers: headersOf(call),
    json: value,
    method: request.method,
    origin: flow.from.ip,
    url: `http://${request.headers.host ?? ''}${request.url}`,
  };
}

/** The request as it came, and answers to order. */
export const httpbin: Program = (context) => {
  const port = Number(
    context.environment.get('PORT') ?? (context.facts.container.image?.includes('go-httpbin') === true ? 8080 : 80),
  );
  const service = serveHttp(context.network, port, async (call) => reply(call, await binAnswer(call, context)));
  return lifetimeOf(context, [service], (end) => end(0)).ended;
};

async function binAnswer(call: HttpCall, context: ProgramContext): Promise<Answer> {
  const { request, url, flow } = call;
  const [first = '', part = ''] = url.pathname.split('/').slice(1);
  if (first === '')
    return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<title>httpbin.org</title>\n' };
  if (first === 'ip') return json({ origin: flow.from.ip });
  if (first === 'uuid') return json({ uuid: context.random.uuid() });
  if (first === 'headers') return json({ headers: headersOf(call) });
  if (first === 'user-agent') return json({ 'user-agent': request.headers['user-agent'] ?? '' });
  if (first === 'hostname') return json({ hostname: context.facts.hostname });
  if (first === 'anything') return json(await described(call));
  const partial = partRoutes[first];
  if (partial !== undefined) return partial(part, call, context);
  if (first === 'get' || first === 'post' || first === 'put' || first === 'patch' || first === 'delete')
    return request.method?.toLowerCase() === first
      ? json(await described(call))
      : { status: 405, body: 'Method Not Allowed\n' };
  return { status: 404, body: 'Not Found\n' };
}

/** A small service with health, versions and faults to order. */
export const podinfo: Program = (context) => {
  const { args, environment, network, facts, stderr, clock } = context;
  const flag = args.find((word) => word.startsWith('--port='))?.slice('--port='.length);
  const port = Number(flag ?? environment.get('PODINFO_PORT') ?? 9898);
  const version = /^\d+\.\d+\.\d+$/.exec(tagOf(facts.container.image ?? ''))?.[0] ?? '6.9.0';
  const settingOf = (name: string, otherwise: string): string =>
    unicodeOf(environment.get(`PODINFO_UI_${name}`) ?? otherwise);
  const about = {
    hostname: facts.hostname,
    version,
    revision: 'unknown',
    color: settingOf('COLOR', '#34577c'),
    logo: settingOf('LOGO', 'https://raw.githubusercontent.com/stefanprodan/podinfo/gh-pages/cuddle_clap.gif'),
    message: settingOf('MESSAGE', `greetings from podinfo v${version}`),
    goos: 'linux',
    goarch: 'amd64',
    runtime: 'go1.25',
    num_goroutine: '8',
    num_cpu: '2',
  };
  let isReady = true;
  const status = (isWell: boolean): Answer => (isWell ? json({ status: 'OK' }) : { status: 503 });
  const routes: Readonly<Record<string, (call: HttpCall) => Promise<Answer> | Answer>> = {
    '': () => json(about),
    api: () => json(about),
    healthz: () => status(true),
    readyz: (call) => {
      if (call.url.pathname === '/readyz/enable') isReady = true;
      if (call.url.pathname === '/readyz/disable') isReady = false;
      return status(isReady || call.url.pathname !== '/readyz');
    },
    version: () => json({ commit: 'unknown', version }),
    env: () => json([...environment].map(([name, value]) => `${name}=${unicodeOf(value)}`)),
    headers: (call) =>
      json(Object.fromEntries(Object.entries(headersOf(call)).map(([name, value]) => [name, [value]]))),
    echo: async (call) => ({ status: 202, body: await bodyOf(call.request) }),
  };
  const service = serveHttp(network, port, async (call) => {
    const [first = '', part = ''] = call.url.pathname.split('/').slice(1);
    if (first === 'panic') return lifetime.end(255);
    const partial = partRoutes[first];
    const answer = partial === undefined ? await routes[first]?.(call) : await partial(part, call, context);
    return reply(call, answer ?? { status: 404, body: '404 page not found\n' });
  });
  stderr.write(
    `{"level":"info","ts":"${new Date(clock.now()).toISOString()}","caller":"http/server.go:1","msg":"Starting HTTP Server.","addr":":${port}"}\n`,
  );
  const lifetime = lifetimeOf(context, [service], (end) => end(0));
  return lifetime.ended;
};

/** Says hello to whoever asks. */
export const helloBackend: Program = (context) => {
  const service = serveHttp(context.network, 80, (call) =>
    reply(call, { headers: { 'content-type': 'application/json' }, body: '{"message":"Hello"}\n' }),
  );
  return lifetimeOf(context, [service], (end) => end(killedByTerm)).ended;
};

/** Hands requests on to the Service `hello`. */
export const helloFrontend: Program = (context) => {
  const service = serveHttp(context.network, 80, async (call) => {
    try {
      const { status, body, headers } = await fetchHttp(context, `http://hello${call.request.url ?? '/'}`);
      return reply(call, {
        status,
        headers: { server: 'nginx', 'content-type': headers['content-type'] ?? 'text/plain' },
        body,
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return reply(call, {
        status: 502,
        headers: { server: 'nginx', 'content-type': 'text/html' },
        body: '<html><body><h1>502 Bad Gateway</h1></body></html>\n',
      });
    }
  });
  return lifetimeOf(context, [service], (end) => end(0)).ended;
};
