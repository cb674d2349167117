import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { StatusError } from '../../../api/status.ts';
import { answeredHeaders, forwardedHeaders } from '../../aggregation/remote/front-proxy.ts';
import { rawRequestOf } from '../../http/app.ts';
import type { ApiDeps, ResourceCall } from '../../http/handlers/handler.ts';
import { type ApiRequest, type ApiResponse, headerOf } from '../../http/message.ts';
import { pump } from '../../http/pump.ts';
import { InvalidUpgrade, upgraded } from '../../http/upgraded-backend.ts';
import { authorityOf, networkErrorText } from '../../network-error.ts';
import { isUpgradeRequest } from '../upgrade-request.ts';
import { type Backend, sendTo } from './exchange.ts';
import { type PageLocation, rewrittenHtml, rewrittenLink } from './links.ts';
import { serviceError } from './location.ts';

/** A body that in-process callers send along. */
const maxBodyBytes = 3 * 1024 * 1024;

/** What the backend is asked for, as it stands behind `/proxy`: '' for the proxy's own path. */
export function backendPathOf({ request, info }: ResourceCall): string {
  const path = info.subpath === '' ? '' : `/${info.subpath}`;
  return request.path.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
}

/** Pages link relative to a folder: the proxy's own path is sent to one. */
export function redirectToRoot({ request }: ResourceCall): ApiResponse | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  const query = request.query === '' ? '' : `?${request.query}`;
  return { status: 301, headers: { location: `${request.path}/${query}` } };
}

/** A client's request at a backend. Upstream: UpgradeAwareHandler. */
export async function answerFrom(deps: ApiDeps, call: ResourceCall, backend: Backend): Promise<ApiResponse> {
  const { request } = call;
  const path = backendPathOf(call);
  const upgrade = isUpgradeRequest(request);
  const redirect = path === '' && !upgrade ? redirectToRoot(call) : undefined;
  if (redirect !== undefined) return redirect;
  const outgoing = sendTo(
    backend,
    {
      method: request.method,
      path: withQuery(path === '' ? '/' : path, request.query),
      headers: backendHeaders(request, upgrade),
    },
    (host, port, signal) => deps.nodes?.local()?.dial(host, port, signal),
    request.signal,
  );
  try {
    if (!upgrade) return await exchange(call, outgoing, backend, path);
    outgoing.end();
    return await upgraded(outgoing, answeredHeaders);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (error instanceof InvalidUpgrade) throw new StatusError('', error.message, { cause: error });
    const text = networkErrorText(error, backend, backend.host);
    if (upgrade) throw new StatusError('', `error dialing backend: ${text}`, { cause: error });
    throw serviceError(text);
  }
}

export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

/** The client's headers without what is between it and this server. */
export function backendHeaders(request: ApiRequest, upgrade: boolean): Record<string, string | string[]> {
  const raw = rawRequestOf(request);
  const length = headerOf(request, 'content-length');
  const client = raw?.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const forwardedFor = [headerOf(request, 'x-forwarded-for'), client].filter((part) => part !== '').join(', ');
  return {
    ...forwardedHeaders(raw?.headersDistinct ?? request.headers),
    ...(length === '' ? {} : { 'content-length': length }),
    ...(forwardedFor === '' ? {} : { 'x-forwarded-for': forwardedFor }),
    ...(upgrade
      ? { connection: 'Upgrade', upgrade: headerOf(request, 'upgrade') }
      : { 'x-forwarded-uri': request.path }),
    host: headerOf(request, 'host'),
  };
}

async function exchange(
  call: ResourceCall,
  outgoing: ClientRequest,
  backend: Backend,
  path: string,
): Promise<ApiResponse> {
  const { request } = call;
  const answer = new Promise<ApiResponse>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      // What comes later is told by the answer's own end.
      outgoing.on('error', () => undefined);
      const { statusCode: status = 502, headersDistinct } = incoming;
      const answered = { status, headers: answeredHeaders(headersDistinct), body: incoming };
      throughProxy(call, answered, { host: authorityOf(backend), path }).then(resolve, reject);
    });
  });
  const raw = rawRequestOf(request);
  if (raw === undefined) outgoing.end(await request.readBody(maxBodyBytes));
  else if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined)
    outgoing.end();
  else raw.pipe(outgoing);
  return answer;
}

interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: Readable;
}

/** A backend's answer with its links leading back through the proxy. */
export async function throughProxy(
  { request }: ResourceCall,
  { status, headers, body }: Answered,
  { host, path }: { readonly host: string; readonly path: string },
): Promise<ApiResponse> {
  const prefix = request.path.endsWith(path) ? request.path.slice(0, request.path.length - path.length) : request.path;
  const page: PageLocation = { backendHost: host, clientHost: headerOf(request, 'host'), prefix };
  const { location } = headers;
  if (typeof location === 'string') headers['location'] = rewrittenLink(location, page);
  const isPage = /^text\/html\s*(;|$)/.test(String(headers['content-type'] ?? '')) && location === undefined;
  const encoding = String(headers['content-encoding'] ?? '');
  if (!isPage || (encoding !== '' && encoding !== 'gzip') || request.method === 'HEAD')
    return { status, headers, stream: (sink) => pump(body, sink, request.signal) };
  const { 'content-length': _length, 'content-encoding': _encoding, ...rest } = headers;
  const bytes = Buffer.concat((await body.toArray()) as Buffer[]);
  const text = encoding === 'gzip' ? await gunzipped(bytes) : bytes;
  // Links are ASCII: other bytes pass as they are.
  return { status, headers: rest, body: Buffer.from(rewrittenHtml(text.toString('latin1'), page), 'latin1') };
}

async function gunzipped(bytes: Buffer): Promise<Buffer> {
  const { gunzipSync } = await import('node:zlib');
  return gunzipSync(bytes);
}
