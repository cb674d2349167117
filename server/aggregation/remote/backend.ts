import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, type AgentOptions, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Clock } from '../../../api/clock.ts';
import type { Dial } from '../../dial.ts';
import { networkErrorText } from '../../network-error.ts';
import type { Endpoint } from '../../service-resolver.ts';
import type { APIService } from '../api-service.ts';

/** Certificate and key, PEM. */
export interface ClientCredential {
  readonly certificate: string;
  readonly key: string;
}

export interface BackendCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  /** On a connection of its own: upgrades. */
  readonly alone?: boolean;
}

export interface Fetched {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The connections to the server behind one APIService. */
export interface Backend {
  send(endpoint: Endpoint, call: BackendCall): ClientRequest;
  /** A GET as a whole; throws an Error in Go's words. */
  fetch(endpoint: Endpoint, call: Omit<BackendCall, 'method' | 'alone'> & { timeoutMs: number }): Promise<Fetched>;
  errorText(error: unknown, endpoint: Endpoint): string;
  close(): void;
}

/** Documents of aggregated servers are parsed: none is larger than this. */
const maxFetchedBytes = 64 * 1024 * 1024;

/** Throws when the CA bundle is no PEM. */
export function createBackend(
  { spec = {} as never }: Pick<Readonly<APIService>, 'spec'>,
  credential: ClientCredential,
  clock: Clock,
  dial?: Dial,
): Backend {
  const { service, caBundle = '', insecureSkipTLSVerify = false } = spec;
  const serverName = `${service?.name ?? ''}.${service?.namespace ?? ''}.svc`;
  const ca = Buffer.from(caBundle, 'base64').toString();
  if (ca !== '' && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error('unable to load root certificates: unable to parse bytes as PEM block');
  }
  const tls = {
    cert: credential.certificate,
    key: credential.key,
    servername: serverName,
    rejectUnauthorized: !insecureSkipTLSVerify,
    ...(ca === '' ? {} : { ca }),
  };
  const agent = createAgent(dial, { keepAlive: true, ...tls });
  const errorText = (error: unknown, endpoint: Endpoint): string => networkErrorText(error, endpoint, serverName);
  const send = (endpoint: Endpoint, { alone = false, ...call }: BackendCall): ClientRequest =>
    httpsRequest({ ...endpoint, ...call, agent: alone ? createAgent(dial, tls) : agent });
  return {
    send,
    errorText,
    fetch: async (endpoint, { timeoutMs, ...call }) => {
      const outgoing = send(endpoint, { method: 'GET', ...call });
      const timer = clock.after(timeoutMs, () => outgoing.destroy(new Error('context deadline exceeded')));
      try {
        return await received(outgoing);
      } catch (error) {
        throw new Error(errorText(error, endpoint), { cause: error });
      } finally {
        timer.cancel();
      }
    },
    close: () => agent.destroy(),
  };
}

/** Addresses of the cluster's own network are reached through it. */
function createAgent(dial: Dial | undefined, options: AgentOptions): Agent {
  const agent = new Agent(options);
  if (dial === undefined) return agent;
  const direct = agent.createConnection.bind(agent);
  agent.createConnection = (target, callback) => {
    const { host = '', port } = target as { readonly host?: string; readonly port?: number | string };
    const inside = dial(host, Number(port), new AbortController().signal);
    if (inside === undefined) return direct(target, callback);
    const report = callback as ((error: Error | null, socket?: Duplex) => void) | undefined;
    inside.then(
      (socket) => report?.(null, connect({ ...options, socket })),
      (error: Error) => report?.(error),
    );
    return undefined as never;
  };
  return agent;
}

function received(outgoing: ClientRequest): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxFetchedBytes) outgoing.destroy(new Error('http: response body too large'));
        chunks.push(chunk);
      });
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.end();
  });
}
