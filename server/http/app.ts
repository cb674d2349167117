import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import { StatusError } from '../../api/status.ts';
import type { ApiRequest, ApiResponse, StreamSink } from './message.ts';
import { pack, unpack } from './packed.ts';

/** Smaller answers are not worth the compression. Upstream's figure. */
const gzipThresholdBytes = 128 * 1024;
/** An unread body up to this size is read and thrown away. */
const drainedBytes = 1024 * 1024;
/** How much, and how long a silence, of a body that is refused is waited out. */
const lingerBytes = 64 * 1024 * 1024;
const lingerIdleMs = 1000;
/** Pieces of big lists are joined to about this size per write. */
const writeBytes = 256 * 1024;

export type Handle = (request: ApiRequest) => Promise<ApiResponse>;

/** The HTTP edge: one catch-all, since the pipeline resolves raw URLs itself. */
export function createApp(handle: Handle): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((req, res) => serve(handle, req, res));
  return app;
}

export class HttpRequest implements ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly raw: IncomingMessage;
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;

  constructor(raw: IncomingMessage, response: ServerResponse) {
    this.raw = raw;
    this.#response = response;
    this.method = raw.method ?? 'GET';
    // Clients of proxies name the server in the request line.
    const url = (raw.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '') || '/';
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
    this.headers = raw.headers;
  }

  // Made on demand: only watches and waits listen.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#response.once('close', () => controller.abort());
      if (this.#response.destroyed) controller.abort();
    }
    return this.#controller.signal;
  }

  async readBody(limit: number): Promise<Uint8Array> {
    const tooLarge = (): StatusError =>
      new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
    if (Number(this.headers['content-length'] ?? 0) > limit) throw tooLarge();
    const { raw } = this;
    // The sender has gone: nobody reads this answer, and nothing of ours has failed.
    const cutOff = (cause?: unknown): StatusError => new StatusError('BadRequest', 'unexpected EOF', { cause });
    if (raw.destroyed && !raw.readableEnded) throw cutOff();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const chunks: Buffer[] = [];
    let length = 0;
    // Events rather than an async iterator, which costs several turns of promises for each body.
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else {
        raw.pause();
        settle(() => reject(tooLarge()));
      }
    };
    const onEnd = (): void => {
      settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
    };
    const onCut = (cause?: unknown): void => settle(() => reject(cutOff(cause)));
    const settle = (how: () => void): void => {
      raw.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
      how();
    };
    raw.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
    return promise;
  }
}

async function serve(handle: Handle, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const request = new HttpRequest(req, res);
  const response = await handle(request);
  if (res.destroyed) return;
  // What nobody read of a small body is drained and the connection lives on; a big or endless one ends it.
  const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  const small = Number(req.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= drainedBytes;
  if (!req.complete && hasBody && small) req.resume();
  const unread = !req.complete && hasBody && !small;
  const headers = unread ? { ...response.headers, connection: 'close' } : response.headers;
  if (response.stream !== undefined) {
    res.writeHead(response.status, headers as Record<string, string>);
    res.flushHeaders();
    response.stream(sinkOf(res));
    return;
  }
  if (unread) await answerAndLinger(req, res, { ...response, headers });
  else await writeBody(req, res, response);
}

/** A client that is still sending would lose the answer with the connection: it is told at once and heard for a while longer. */
async function answerAndLinger(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body: given = '', packed }: ApiResponse,
): Promise<void> {
  const body = packed === undefined ? given : await unpack(packed);
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat([...body]);
  res.writeHead(status, { ...(headers as Record<string, string>), 'content-length': bytes.length });
  res.write(bytes);
  let left = lingerBytes;
  req.socket.setTimeout(lingerIdleMs, () => req.destroy());
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) break;
    }
  } catch {
    // The client has gone.
  }
  res.end();
}

function sinkOf(res: ServerResponse): StreamSink {
  return {
    write: (chunk) => res.write(chunk),
    onDrain: (callback) => void res.on('drain', callback),
    end: () => void res.end(),
    cut: () => void res.destroy(),
  };
}

async function writeBody(req: IncomingMessage, res: ServerResponse, response: ApiResponse): Promise<void> {
  const { packed: given, status } = response;
  const headers = response.headers as Record<string, string>;
  if (given !== undefined && acceptsGzip(req)) {
    res.writeHead(status, { ...headers, 'content-encoding': 'gzip', 'content-length': given.gzip.length });
    res.end(given.gzip);
    return;
  }
  const body = given === undefined ? (response.body ?? '') : piecesOf(await unpack(given));
  const pieces = typeof body === 'string' ? [Buffer.from(body)] : body instanceof Uint8Array ? [body] : body;
  let length = 0;
  for (const piece of pieces) length += piece.length;
  if (length > gzipThresholdBytes && acceptsGzip(req)) {
    const packed = await pack(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces, length));
    res.writeHead(status, {
      ...headers,
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      'content-length': packed.gzip.length,
    });
    res.end(packed.gzip);
    return;
  }
  res.writeHead(status, { ...headers, 'content-length': length });
  if (length <= writeBytes) {
    res.end(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, length));
    return;
  }
  await writePieces(res, pieces);
}

/** So that a slow client makes the rest wait here and not in the socket. */
function piecesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += writeBytes) pieces.push(bytes.subarray(at, at + writeBytes));
  return pieces;
}

async function writePieces(res: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    batch.push(piece);
    size += piece.length;
    if (size < writeBytes) continue;
    if (!res.write(Buffer.concat(batch, size)) && !(await drained(res))) return;
    batch = [];
    size = 0;
  }
  res.end(Buffer.concat(batch, size));
}

/** False: the client has gone. */
async function drained(res: ServerResponse): Promise<boolean> {
  if (res.destroyed) return false;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
  return !res.destroyed;
}

function acceptsGzip(req: IncomingMessage): boolean {
  const header = req.headers['accept-encoding'];
  return typeof header === 'string' && /\bgzip\b(?!\s*;\s*q=0(\.0*)?\b)/.test(header);
}

/** The raw request behind an ApiRequest that came over HTTP: its socket holds the client's certificate. */
export function rawRequestOf(request: ApiRequest): IncomingMessage | undefined {
  return request instanceof HttpRequest ? request.raw : undefined;
}
