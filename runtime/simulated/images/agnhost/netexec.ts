import { sleep } from '../../../client/sleep.ts';
import type { ProgramContext } from '../../process.ts';
import { durationText, goLog, hostPort, type ParsedFlags, parseDuration } from '../go-command.ts';
import { formOf, type HttpCall, reply, serveHttp } from '../http-service.ts';
import { type Lifetime, lifetimeOf } from '../lifetime.ts';
import { runShell } from '../run-command.ts';
import type { CommandProgram } from './command.ts';
import { dialOut } from './dial.ts';
import { serveDatagrams, serveSctp } from './netexec-datagrams.ts';
import { takeUpload } from './upload.ts';

interface State {
  readonly context: ProgramContext;
  readonly flags: ParsedFlags;
  readonly lifetime: Lifetime;
  readonly log: (message: string) => void;
  isReady: boolean;
  isTerminating: boolean;
}

type Route = (state: State, call: HttpCall) => void | Promise<void>;

/** HTTP(S), UDP and SCTP servers that answer, dial, run and fail on demand. */
export const netexec: CommandProgram = (context, flags) => {
  const { network, clock, files } = context;
  const log = goLog(context);
  const servers: { close(): void }[] = [];
  const state: State = {
    context,
    flags,
    log,
    isReady: false,
    isTerminating: false,
    lifetime: lifetimeOf(context, servers, (end) => {
      state.isTerminating = true;
      const delay = flags.number('delay-shutdown');
      if (delay > 0) log(`Sleeping ${delay} seconds before terminating...`);
      if (delay > 0) clock.after(delay * 1000, () => end(0));
      else end(0);
    }),
  };
  const port = flags.number('http-port');
  const [certFile, keyFile] = [flags.text('tls-cert-file'), flags.text('tls-private-key-file')];
  const tls = certFile === '' ? undefined : { cert: files.read(certFile) ?? '', key: files.read(keyFile) ?? '' };
  const override = flags.text('http-override');
  log(`Started HTTP server on port ${port}`);
  servers.push(
    serveHttp(
      network,
      port,
      (call) => answer(state, override === '' ? call : { ...call, url: new URL(override, 'http://host') }),
      tls === undefined ? {} : { tls },
    ),
  );
  const ready = (): void => {
    state.isReady = true;
  };
  if (flags.number('udp-port') !== -1) {
    for (const address of new Set(flags.text('udp-listen-addresses').split(',')))
      servers.push(serveDatagrams(context, address, flags.number('udp-port'), log));
    ready();
  }
  if (flags.number('sctp-port') !== -1) {
    servers.push(serveSctp(context, flags.number('sctp-port'), log));
    ready();
  }
  return state.lifetime.ended;
};

function answer(state: State, call: HttpCall): void | Promise<void> {
  return (routes[call.url.pathname] ?? root)(state, call);
}

const root: Route = ({ context, log }, call) => {
  log('GET /');
  const at = new Date(context.clock.now()).toISOString();
  reply(call, { body: `NOW: ${at.slice(0, 10)} ${at.slice(11, 23)}000000 +0000 UTC` });
};

const hostname: Route = ({ context, log }, call) => {
  log(`GET ${call.url.pathname}`);
  reply(call, { body: context.facts.hostname });
};

const routes: Readonly<Record<string, Route>> = {
  '/hostname': hostname,
  '/hostName': hostname,
  '/clientip': ({ log }, call) => {
    log('GET /clientip');
    reply(call, { body: hostPort(call.flow.from) });
  },
  '/serverport': ({ log, flags }, call) => {
    log('GET /serverport');
    reply(call, { body: String(flags.number('http-port')) });
  },
  '/header': async ({ log }, call) => {
    const key = (await formOf(call)).get('key') ?? '';
    log(key === '' ? 'GET /header' : `GET /header?key=${key}`);
    const { headers, headersDistinct } = call.request;
    if (key !== '') return reply(call, { body: String(headers[key.toLowerCase()] ?? '') });
    const shown = Object.entries(headersDistinct).filter(([name]) => name !== 'host');
    const named = shown.map(([name, values]) => [canonicalHeader(name), values] as const);
    return reply(call, { body: JSON.stringify(Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)))) });
  },
  '/echo': async ({ log }, call) => {
    const form = await formOf(call);
    const [message, code] = [form.get('msg') ?? '', form.get('code') ?? ''];
    log(`GET /echo?msg=${message}&code=${code}`);
    if (code === '') return reply(call, { body: message });
    if (!/^[-+]?\d+$/.test(code))
      return reply(call, { body: `argument 'code' must be an integer or empty, got ${JSON.stringify(code)}\n` });
    return reply(call, { status: Number(code), body: message });
  },
  '/exit': exit,
  '/shutdown': ({ log, lifetime }) => {
    log('GET /shutdown');
    lifetime.end(0);
  },
  '/healthz': ({ log, isReady }, call) => {
    log('GET /healthz');
    reply(call, { status: isReady ? 200 : 412 });
  },
  '/readyz': ({ log, isReady, isTerminating }, call) => {
    log('GET /readyz');
    if (isTerminating) return reply(call, { status: 503, body: 'shutting down' });
    return isReady ? reply(call, { body: 'ok' }) : reply(call, { status: 412 });
  },
  '/redirect': async ({ log }, call) => {
    const form = await formOf(call);
    const [location, code] = [form.get('location') ?? '', form.get('code') ?? ''];
    log(`${call.request.method} /redirect?msg=${location}&code=${code}`);
    if (code !== '' && !/^[-+]?\d+$/.test(code))
      return reply(call, { body: `argument 'code' must be an integer or empty, got ${JSON.stringify(code)}\n` });
    return reply(call, { status: code === '' ? 302 : Number(code), headers: { location } });
  },
  '/dial': async ({ context, log }, call) => reply(call, await dialOut(context, call.url.searchParams, log)),
  '/upload': async ({ context, log }, call) => reply(call, await takeUpload(context, call.request, log)),
  '/shell': async ({ context, log }, call) => {
    const form = await formOf(call);
    const command = form.get('shellCommand') || (form.get('cmd') ?? '');
    log(`GET /shell?cmd=${command}`);
    const { code, output } = await runShell(context, command);
    const result = {
      ...(code === 0 ? {} : { error: `exit status ${code}` }),
      ...(output === '' ? {} : { output: Buffer.from(output, 'latin1').toString('utf8') }),
    };
    const shown = Object.entries(result).map(([name, text]) => `${name}:${text}`);
    log(`Output: map[${shown.join(' ')}]`);
    return reply(call, { body: JSON.stringify(result) });
  },
};

async function exit({ context, log, lifetime }: State, call: HttpCall): Promise<void> {
  const form = await formOf(call);
  const [wait, timeout, code] = [form.get('wait') ?? '', form.get('timeout') ?? '', form.get('code') ?? ''];
  log(`GET /exit?code=${code}&timeout=${timeout}&wait=${wait}`);
  for (const [name, value] of [
    ['timeout', timeout],
    ['wait', wait],
  ] as const)
    if (value !== '' && parseDuration(value) === undefined)
      return reply(call, {
        body: `argument '${name}' must be a valid golang duration or empty, got ${JSON.stringify(value)}\n`,
      });
  if (code !== '' && !/^[-+]?\d+$/.test(code))
    return reply(call, { body: `argument 'code' must be an integer [0-127] or empty, got ${JSON.stringify(code)}\n` });
  const waitMs = parseDuration(wait) ?? 0;
  const timeoutMs = parseDuration(timeout) ?? 0;
  log(
    `Will begin shutdown in ${durationText(waitMs)}, allowing ${durationText(timeoutMs)} for connections to close, then will exit with ${Number(code)}`,
  );
  await sleep(context.clock, waitMs, context.killed);
  if (timeoutMs > 0) {
    reply(call, {});
    log('Graceful shutdown completed with: <nil>');
  }
  lifetime.end(Number(code));
}

export function canonicalHeader(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_whole, before: string, letter: string) => before + letter.toUpperCase());
}
