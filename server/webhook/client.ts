import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../api/clock.ts';
import type { Dial } from '../dial.ts';
import type { Endpoint, ServiceResolver } from '../service-resolver.ts';
import { ConnectError, connectSecurely } from './connect.ts';
import { addressOf, type WebhookAddress, type WebhookTarget } from './target.ts';

export interface WebhookClientOptions {
  readonly resolver: ServiceResolver;
  readonly clock: Clock;
  /** To webhooks in pods of this process. */
  readonly dial?: Dial;
}

export interface PostOptions {
  /** The deadline; told to the webhook as `?timeout=`. */
  readonly timeoutSeconds?: number;
  /** A longer answer is not read. */
  readonly maxAnswerBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WebhookAnswer {
  readonly status: number;
  /** '' where the webhook named none. */
  readonly contentType: string;
  readonly body: Buffer;
}

export interface WebhookClient extends Disposable {
  /** POST of a JSON text. Fails with an Error whose message is upstream's. */
  post(target: WebhookTarget, body: string, options: PostOptions): Promise<WebhookAnswer>;
}

// As upstream: clients of configurations that nobody uses any more go first.
const maxConnectionPools = 200;
const maxIdleConnections = 25;
const idleMs = 90_000;
// What a webhook may ask for by Retry-After.
const maxRetries = 10;
/** Where a caller names no deadline. */
const defaultTimeoutSeconds = 30;

const userAgent = 'kube-apiserver-admission';

interface Pool {
  readonly address: WebhookAddress;
  readonly agent: Agent;
}

/** What passed while the deadline did not. */
interface Deadline {
  readonly expired: boolean;
  onExpire(callback: () => void): () => void;
}

function createDeadline(clock: Clock, seconds: number): Deadline & { cancel(): void } {
  const callbacks = new Set<() => void>();
  const state = { expired: false };
  const timer = clock.after(seconds * 1000, () => {
    state.expired = true;
    for (const callback of callbacks) callback();
  });
  return {
    get expired() {
      return state.expired;
    },
    onExpire(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    cancel: () => timer.cancel(),
  };
}

/** Calls webhooks over HTTPS. Connections are kept and used again, one pool for each target. */
export function createWebhookClient({ resolver, clock, dial }: WebhookClientOptions): WebhookClient {
  const pools = new Map<string, Pool>();

  const endpointOf = ({ endpoint }: WebhookAddress): Endpoint =>
    'host' in endpoint ? endpoint : resolver.resolve(endpoint.namespace, endpoint.name, endpoint.port);

  const poolOf = (target: WebhookTarget): Pool => {
    const key = JSON.stringify(target);
    const known = pools.get(key);
    if (known !== undefined) {
      pools.delete(key);
      pools.set(key, known);
      return known;
    }
    const address = addressOf(target);
    const { caBundle = '' } = target;
    const authorities = caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString();
    const connect = (): Promise<Duplex> =>
      connectSecurely(endpointOf(address), { serverName: address.serverName, authorities }, clock, dial);
    const agent = createAgent(connect);
    const pool = { address, agent };
    pools.set(key, pool);
    for (const [oldest, { agent: unused }] of pools) {
      if (pools.size <= maxConnectionPools) break;
      pools.delete(oldest);
      unused.destroy();
    }
    return pool;
  };

  const post = async (target: WebhookTarget, body: string, options: PostOptions): Promise<WebhookAnswer> => {
    const { timeoutSeconds } = options;
    const pool = poolOf(target);
    const query = timeoutSeconds === undefined ? '' : `?timeout=${goSeconds(timeoutSeconds)}`;
    const deadline = createDeadline(clock, timeoutSeconds ?? defaultTimeoutSeconds);
    const late = (): Error => new Error(`Post "${pool.address.url}${query}": context deadline exceeded`);
    try {
      for (let attempt = 0; ; attempt++) {
        const answer = await sendOnce(pool, { ...options, query, body, deadline });
        const waitSeconds = attempt < maxRetries ? retryAfterOf(answer) : undefined;
        if (waitSeconds === undefined) return answer;
        await pause(waitSeconds, deadline, clock);
        if (deadline.expired) throw late();
      }
    } catch (error) {
      if (deadline.expired) throw late();
      if (!(error instanceof ConnectError)) throw error;
      throw new Error(`Post "${pool.address.url}${query}": ${error.message}`, { cause: error });
    } finally {
      deadline.cancel();
    }
  };

  return {
    post,
    [Symbol.dispose]() {
      for (const { agent } of pools.values()) agent.destroy();
      pools.clear();
    },
  };
}

/** `10s`, `1m30s`: how Go prints a duration of whole seconds. */
function goSeconds(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}

function createAgent(connect: () => Promise<Duplex>): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: maxIdleConnections, timeout: idleMs });
  agent.createConnection = (_options, callback) => {
    const report = callback as ((error: Error | null, socket?: Duplex) => void) | undefined;
    const opening = async (): Promise<Duplex> => connect();
    opening().then(
      (socket) => report?.(null, socket),
      (error: Error) => report?.(error instanceof ConnectError ? error : new ConnectError(error.message)),
    );
    return undefined as never;
  };
  return agent;
}

interface Sending extends PostOptions {
  readonly query: string;
  readonly body: string;
  readonly deadline: Deadline;
}

interface Received extends WebhookAnswer {
  readonly retryAfter: string;
}

/** A connection that the other side closed while it was idle says nothing about the webhook: once more, on a new one. */
async function sendOnce(pool: Pool, sending: Sending): Promise<Received> {
  for (;;) {
    try {
      return await send(pool, sending);
    } catch (error) {
      if (!(error instanceof ClosedWhileIdle) || sending.deadline.expired) throw error;
    }
  }
}

class ClosedWhileIdle extends Error {}

function send(
  { address, agent }: Pool,
  { query, body, headers, deadline, maxAnswerBytes }: Sending,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const req = request({
      agent,
      method: 'POST',
      path: address.path + query,
      host: address.serverName,
      port: address.endpoint.port,
      headers: {
        Host: address.authority,
        'User-Agent': userAgent,
        Accept: 'application/json, */*',
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        ...headers,
      },
    });
    const forget = deadline.onExpire(() => {
      // A request that still waits for its connection does not tell that it was destroyed.
      reject(new ConnectError('context deadline exceeded'));
      req.destroy();
    });
    const fail = (error: Error): void => {
      forget();
      reject(failureOf(error, req.reusedSocket));
    };
    req.on('error', fail);
    req.on('response', (response) => {
      collect(response, maxAnswerBytes).then((bytes) => {
        forget();
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          retryAfter: response.headers['retry-after'] ?? '',
          body: bytes,
        });
      }, fail);
    });
    req.end(body);
  });
}

function failureOf(error: Error, reused: boolean): Error {
  const { code = '', message } = error as Error & { code?: string };
  if (error instanceof ConnectError || error instanceof ReadError) return error;
  if (code === 'ECONNRESET' || code === 'EPIPE') return reused ? new ClosedWhileIdle() : new ConnectError('EOF');
  if (code.startsWith('HPE_'))
    return new ConnectError(`net/http: HTTP/1.x transport connection broken: malformed HTTP response: ${message}`);
  return new ConnectError(message);
}

class ReadError extends Error {}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const words = 'unexpected error when reading response body. Please retry. Original error';
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw new ReadError(`${words}: the answer is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ReadError || error instanceof ConnectError) throw error;
    throw new ReadError(`${words}: unexpected EOF`, { cause: error });
  }
  return Buffer.concat(chunks);
}

function retryAfterOf({ status, retryAfter }: Received): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  return /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
}

function pause(seconds: number, deadline: Deadline, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(seconds * 1000, () => {
      forget();
      resolve();
    });
    const forget = deadline.onExpire(() => {
      timer.cancel();
      resolve();
    });
  });
}
