import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { parseIP } from '../../../api/ip.ts';
import { sleep } from '../../client/sleep.ts';
import type { Address } from '../../network/network.ts';
import type { ProgramContext } from '../process.ts';
import { hostPort } from './go-command.ts';
import { resolveAddress } from './resolve.ts';

type Calling = Pick<ProgramContext, 'files' | 'network' | 'clock' | 'random' | 'killed'>;

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
  /** For https; PEM. Without `ca` nothing is checked. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface HttpResult {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Our own address, as seen from here. */
  readonly from: Address;
}

/** Says why in Go's words: `dial tcp 10.0.0.1:80: connect: connection refused`. */
export class DialError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** One request over a connection of its own; redirects are not followed. Throws LookupError and DialError. */
export async function fetchHttp(context: Calling, text: string, options: HttpRequest = {}): Promise<HttpResult> {
  const url = new URL(text);
  const isSecure = url.protocol === 'https:';
  const to = await resolveAddress(context, url.hostname, Number(url.port || (isSecure ? 443 : 80)));
  const timeoutMs = options.timeoutMs ?? 30_000;
  const { stream, from } = await dial(context, to, timeoutMs);
  const done = new AbortController();
  const isLate = sleep(context.clock, timeoutMs, AbortSignal.any([done.signal, context.killed])).then(() => {
    if (!done.signal.aborted)
      stream.destroy(new DialError('ETIMEDOUT', `Get ${JSON.stringify(text)}: context deadline exceeded`));
  });
  try {
    // An address is no name to ask a certificate for.
    const servername = parseIP(url.hostname.replaceAll(/[[\]]/g, '')) === undefined ? url.hostname : '';
    const socket = isSecure
      ? connectTls({ socket: stream, servername, rejectUnauthorized: options.tls?.ca !== undefined, ...options.tls })
      : stream;
    return { ...(await exchange(socket, url, options)), from };
  } finally {
    done.abort();
    await isLate;
    stream.destroy();
  }
}

/** Throws DialError. */
export async function dial(
  { network, killed }: Calling,
  to: Address,
  timeoutMs: number,
): Promise<{ readonly stream: Duplex; readonly from: Address }> {
  try {
    const { stream, flow } = await network.connect(to, { signal: killed, timeoutMs });
    return { stream, from: flow.from };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new DialError(code, `dial tcp ${hostPort(to)}: ${reasons[code] ?? String(error)}`);
  }
}

function exchange(
  socket: Duplex,
  url: URL,
  { method = 'GET', headers = {}, body = '' }: HttpRequest,
): Promise<Omit<HttpResult, 'from'>> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    const call = request(
      {
        createConnection: () => socket,
        method,
        path: url.pathname + url.search,
        headers: {
          host: url.host,
          'user-agent': 'Go-http-client/1.1',
          ...headers,
          ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}
