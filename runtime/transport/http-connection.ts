import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { StatusError, type StatusReason } from '../../api/status.ts';

/** How a server is reached: PEM texts or files as node:https takes them. */
export interface HttpAccess {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string;
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;
  /** Asked before each request, since tokens change. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** JSON, unless it says more. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** So many requests may be under way at once; watches are not counted. */
const maxConnections = 64;

/** For how long nothing may come before an answer, or a stream, counts as lost. */
export interface SilenceLimits {
  /** A server ends by itself what takes a minute. */
  readonly callMs: number;
  /** A watch brings a bookmark each minute, when nothing else. */
  readonly streamMs: number;
}

const defaultLimits: SilenceLimits = { callMs: 75_000, streamMs: 240_000 };

/** Keep-alive connections to one server. */
export class HttpConnection implements Disposable {
  readonly #access: HttpAccess;
  readonly #base: URL;
  readonly #calls: Agent;
  readonly #watches: Agent;
  readonly #limits: SilenceLimits;

  constructor(access: HttpAccess, limits = defaultLimits) {
    this.#access = access;
    this.#limits = limits;
    this.#base = new URL(access.server);
    this.#calls = new Agent({ ...access.tls, keepAlive: true, maxSockets: maxConnections });
    this.#watches = new Agent({ ...access.tls });
  }

  /** The answer's text; what is not a success is thrown as a StatusError. */
  async call(call: HttpCall): Promise<string> {
    const incoming = await this.#send(call, this.#calls, this.#limits.callMs);
    const text = await textOf(incoming);
    const code = incoming.statusCode ?? 0;
    if (code >= 300) throw errorOf(code, text);
    return text;
  }

  /** Lines of a stream that ends with the server, or with `signal`. */
  async *lines(path: string, signal: AbortSignal, accept?: string): AsyncGenerator<string> {
    const call = { method: 'GET', path, signal, ...(accept === undefined ? {} : { accept }) };
    const incoming = await this.#send(call, this.#watches, this.#limits.streamMs);
    const code = incoming.statusCode ?? 0;
    if (code >= 300) throw errorOf(code, await textOf(incoming));
    incoming.setEncoding('utf8');
    const pieces: string[] = [];
    try {
      for await (const chunk of incoming as AsyncIterable<string>) {
        let from = 0;
        for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
          pieces.push(chunk.slice(from, end));
          const line = pieces.splice(0).join('');
          if (line !== '') yield line;
          from = end + 1;
        }
        if (from < chunk.length) pieces.push(chunk.slice(from));
      }
    } catch (error) {
      // A stream that breaks is one that ends: the reader resumes.
      if (!(error instanceof Error && 'code' in error) && !signal.aborted) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#calls.destroy();
    this.#watches.destroy();
  }

  async #send(
    { method, path, body, contentType, accept = 'application/json', signal }: HttpCall,
    agent: Agent,
    timeout: number,
  ): Promise<IncomingMessage> {
    const headers = await this.#access.headers();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = request(
      {
        hostname: this.#base.hostname,
        port: this.#base.port || 443,
        path: this.#base.pathname.replace(/\/$/, '') + path,
        method,
        agent,
        timeout,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          accept,
          ...headers,
          ...(body === undefined
            ? {}
            : { 'content-type': contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.on('timeout', () => {
      const lost = new Error(`no answer from ${this.#base.host} for ${timeout / 1000} s`);
      outgoing.destroy(Object.assign(lost, { code: 'ETIMEDOUT' }));
    });
    outgoing.end(body);
    return promise;
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

interface StatusBody {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly code?: number;
  readonly details?: NonNullable<ConstructorParameters<typeof StatusError>[2]>['details'];
}

/** The Status of an answer, or of an ERROR event, as the error that it stands for. */
export function statusErrorOf(status: StatusBody, code = status.code ?? 500): StatusError {
  const { reason = '', message = '', details } = status;
  return new StatusError(reason, message, { code, ...(details === undefined ? {} : { details }) });
}

function errorOf(code: number, text: string): StatusError {
  try {
    const status = JSON.parse(text) as StatusBody;
    if (status.kind === 'Status') return statusErrorOf(status, code);
  } catch {
    // Not one of ours: its text says what it is.
  }
  const reason = code === 404 ? 'NotFound' : code === 429 ? 'TooManyRequests' : '';
  return new StatusError(reason, text.trim() || `the server answered with status ${code}`, { code });
}
