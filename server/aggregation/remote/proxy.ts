import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Clock, Random } from '../../../api/clock.ts';
import { StatusError } from '../../../api/status.ts';
import { rawRequestOf } from '../../http/app.ts';
import { type ApiRequest, type ApiResponse, headerOf } from '../../http/message.ts';
import { pump } from '../../http/pump.ts';
import { InvalidUpgrade, upgraded } from '../../http/upgraded-backend.ts';
import { authorityOf } from '../../network-error.ts';
import type { UserInfo } from '../../registry/strategy.ts';
import type { Endpoint } from '../../service-resolver.ts';
import type { Backend } from './backend.ts';
import { answeredHeaders, forwardedHeaders, frontProxyHeaders } from './front-proxy.ts';

export interface ProxyDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export interface ProxyTarget {
  readonly backend: Backend;
  readonly endpoint: Endpoint;
}

/** Discovery of one group-version must be quick, whatever hangs behind it. */
const discoveryTimeoutMs = 5000;
const requestTimeoutMs = 60_000;
/** A body that in-process callers send along. */
const maxBodyBytes = 3 * 1024 * 1024;

/** Text as Go's http.Error writes it. */
export function plainError(status: number, text: string): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { status, headers, body: `${text}\n` };
}

/** The request as it is, under the user's name, to the aggregated server; its answer as it is back. Bodies are streamed both ways. */
export async function forward(
  deps: ProxyDeps,
  { backend, endpoint }: ProxyTarget,
  request: ApiRequest,
  user: UserInfo,
): Promise<ApiResponse> {
  const upgrade = isUpgrade(request);
  const auditId = headerOf(request, 'audit-id') || deps.random.uuid();
  const outgoing = backend.send(endpoint, {
    method: request.method,
    path: request.query === '' ? request.path : `${request.path}?${request.query}`,
    headers: headersFor(request, { user, endpoint, auditId, upgrade }),
    alone: upgrade,
  });
  const gone = (): void => void outgoing.destroy();
  request.signal.addEventListener('abort', gone, { once: true });
  const timer = deadlineOf(deps.clock, request, outgoing);
  try {
    const answer = upgrade ? upgraded(outgoing, answeredHeaders) : responded(outgoing, request.signal);
    if (upgrade) outgoing.end();
    else await sendBody(request, outgoing);
    const response = await answer;
    return { ...response, headers: { ...response.headers, 'audit-id': auditId } };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (error instanceof InvalidUpgrade) return plainError(503, error.message);
    const text = backend.errorText(error, endpoint);
    return plainError(503, upgrade ? `error dialing backend: ${text}` : `error trying to reach service: ${text}`);
  } finally {
    timer?.cancel();
  }
}

function isUpgrade(request: ApiRequest): boolean {
  return headerOf(request, 'connection').toLowerCase().includes('upgrade') && headerOf(request, 'upgrade') !== '';
}

interface Sender {
  readonly user: UserInfo;
  readonly endpoint: Endpoint;
  readonly auditId: string;
  readonly upgrade: boolean;
}

function headersFor(
  request: ApiRequest,
  { user, endpoint, auditId, upgrade }: Sender,
): Record<string, string | string[]> {
  const raw = rawRequestOf(request);
  const authority = authorityOf(endpoint);
  const length = headerOf(request, 'content-length');
  const before = headerOf(request, 'x-forwarded-for');
  const client = raw?.socket.remoteAddress?.replace(/^::ffff:/, '');
  const forwardedFor = [before, client ?? ''].filter((part) => part !== '').join(', ');
  return {
    ...forwardedHeaders(raw?.headersDistinct ?? request.headers),
    ...(length === '' ? {} : { 'content-length': length }),
    ...(forwardedFor === '' ? {} : { 'x-forwarded-for': forwardedFor }),
    ...(upgrade
      ? { connection: 'Upgrade', upgrade: headerOf(request, 'upgrade') }
      : { 'x-forwarded-uri': request.path, 'x-forwarded-host': authority, 'x-forwarded-proto': 'https' }),
    host: authority,
    'audit-id': auditId,
    ...frontProxyHeaders(user),
  };
}

/** Watches and upgrades last as long as they like. */
function deadlineOf(clock: Clock, request: ApiRequest, outgoing: ClientRequest): { cancel(): void } | undefined {
  const segments = request.path.split('/').filter((part) => part !== '').length;
  if (segments === 3) {
    return clock.after(discoveryTimeoutMs, () => outgoing.destroy(new Error('context deadline exceeded')));
  }
  if (/(^|&)(watch|follow)=(?!false|0)/.test(request.query) || isUpgrade(request)) return undefined;
  const text = 'Timeout: request did not complete within the allotted timeout';
  return clock.after(requestTimeoutMs, () => outgoing.destroy(new StatusError('Timeout', text)));
}

async function sendBody(request: ApiRequest, outgoing: ClientRequest): Promise<void> {
  const raw = rawRequestOf(request);
  if (raw === undefined) {
    outgoing.end(await request.readBody(maxBodyBytes));
    return;
  }
  const { headers } = raw;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) outgoing.end();
  else raw.pipe(outgoing);
}

function responded(outgoing: ClientRequest, signal: AbortSignal): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      // What comes later is told by the answer's own end.
      outgoing.on('error', () => undefined);
      resolve(answerOf(incoming, signal));
    });
  });
}

function answerOf(incoming: IncomingMessage, signal: AbortSignal): ApiResponse {
  const { statusCode: status = 502, headers } = incoming;
  if (status >= 300 && status <= 399 && headers.location !== undefined) {
    incoming.resume();
    const text = 'the backend attempted to redirect this request, which is not permitted';
    return { status: 502, headers: {}, body: text };
  }
  return {
    status,
    headers: answeredHeaders(incoming.headersDistinct),
    stream: (sink) => pump(incoming, sink, signal),
  };
}
