import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { goQuote } from '../../../api/go-text.ts';
import type { Container } from '../pod-runtime.ts';
import { dial } from './dial.ts';
import { hostAndPort, type ProbeTarget, portOf } from './probe.ts';

export type HttpAction = NonNullable<NonNullable<Container['livenessProbe']>['httpGet']>;

export interface HttpAnswer {
  readonly status: number;
  /** Its first 10 KiB. */
  readonly body: string;
}

const maxBody = 10 * 1024;
const maxRedirects = 10;
const redirects = new Set([301, 302, 303, 307, 308]);
/** Go's default client has no limit of its own; this one is the network's. */
const longestMs = 127_000;

interface Plan {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string[]>>;
  readonly timeoutMs: number;
}

/** Follows redirects to the same host; one to another is the answer. Rejects in the words of Go's client. */
export async function httpGet(
  target: ProbeTarget,
  action: HttpAction,
  purpose: 'probe' | 'lifecycle',
  timeoutMs = longestMs,
): Promise<HttpAnswer> {
  let url = urlOf(target, action);
  const headers = headersOf(action, purpose);
  const { hostname } = url;
  const endsAt = target.clock.now() + timeoutMs;
  for (let hops = 0; ; hops++) {
    const left = Math.max(1, endsAt - target.clock.now());
    const fail = (why: string): Error => new Error(`Get ${goQuote(urlText(url))}: ${why}`);
    if (hops >= maxRedirects) throw fail(`stopped after ${maxRedirects} redirects`);
    const answer = await getOnce(target, { url, headers, timeoutMs: left }).catch((error: unknown) => {
      throw fail(error instanceof Error ? error.message : String(error));
    });
    const next = redirects.has(answer.status) ? answer.location : undefined;
    if (next === undefined || !URL.canParse(next, url.href)) return answer;
    const following = new URL(next, url.href);
    if (following.hostname !== hostname) return answer;
    url = following;
  }
}

function urlOf({ container, podIP }: ProbeTarget, { scheme, host, port, path = '' }: HttpAction): URL {
  const authority = hostAndPort(host || podIP, portOf(port, container));
  const base = `${(scheme || 'HTTP').toLowerCase()}://${authority}`;
  return new URL(path.startsWith('/') ? path : `/${path}`, base);
}

function urlText(url: URL): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return `${url.protocol}//${url.hostname}:${port}${url.pathname}${url.search}`;
}

function headersOf({ httpHeaders = [] }: HttpAction, purpose: string): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const { name = '', value = '' } of httpHeaders) {
    const key = name.toLowerCase();
    headers[key] = [...(headers[key] ?? []), value];
  }
  headers['user-agent'] ??= [`kube-${purpose}/1.36`];
  headers['accept'] ??= ['*/*'];
  if (headers['accept'][0] === '') delete headers['accept'];
  return headers;
}

async function getOnce(target: ProbeTarget, plan: Plan): Promise<HttpAnswer & { readonly location?: string }> {
  const { url, timeoutMs } = plan;
  const ip = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer & { readonly location?: string }>();
  let stream: Duplex | undefined;
  const timer = target.clock.after(timeoutMs, () => {
    reject(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'));
    stream?.destroy();
  });
  try {
    stream = await dial(target.network, { ip, port }, timeoutMs);
    stream.on('error', reject);
    if (url.protocol === 'https:') {
      stream = connectTls({ socket: stream, rejectUnauthorized: false, servername: '' });
      stream.on('error', (error) => reject(tlsError(error)));
    }
    send(stream, plan, resolve, reject);
    return await promise;
  } finally {
    timer.cancel();
    stream?.destroy();
  }
}

function tlsError(error: Error): Error {
  const { code } = error as { readonly code?: string };
  const isPlain = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  return isPlain ? new Error('http: server gave HTTP response to HTTPS client') : error;
}

function send(
  stream: Duplex,
  { url, headers }: Plan,
  resolve: (answer: HttpAnswer & { readonly location?: string }) => void,
  reject: (error: Error) => void,
): void {
  // With its port, even where that goes without saying.
  const own = urlText(url).split('/')[2] ?? '';
  const { host = [own], ...others } = headers;
  const sent = request({
    createConnection: () => stream,
    path: `${url.pathname}${url.search}`,
    headers: { host: host[0] || own, ...others, connection: 'close' },
    setHost: false,
  });
  sent.on('error', (error) => reject(isHangUp(error) ? new Error('EOF') : error));
  sent.on('response', (response) => readAnswer(response, resolve, reject));
  sent.end();
}

function isHangUp(error: Error): boolean {
  return (error as { readonly code?: string }).code === 'ECONNRESET';
}

function readAnswer(
  response: IncomingMessage,
  resolve: (answer: HttpAnswer & { readonly location?: string }) => void,
  reject: (error: Error) => void,
): void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let length = 0;
  const done = (): void => {
    const body = Buffer.concat(chunks).subarray(0, maxBody).toString();
    resolve({ status, body, ...(headers.location === undefined ? {} : { location: headers.location }) });
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBody) done();
  });
  response.on('end', done);
  response.on('error', reject);
}
