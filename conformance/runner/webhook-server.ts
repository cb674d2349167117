import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedAuthority } from '../reference/certificate.ts';

/** One call as the webhook got it. */
export interface WebhookCall {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the connection. */
  readonly remotePort: number | undefined;
  /** The parsed review. */
  readonly body: Record<string, unknown>;
}

/** What goes back: an object as JSON with 200, or whatever a faulty webhook would send. */
export interface WebhookReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
}

export type WebhookHandler = (call: WebhookCall) => Promise<unknown> | unknown;

export interface WebhookServer extends AsyncDisposable {
  readonly port: number;
  /** Base64 of the PEM that the server's certificate chains to, as configurations want it. */
  readonly caBundle: string;
  url(path: string): string;
  /** An answer made by `reply` is sent as it is, an object as JSON; `undefined` closes the connection. */
  handle(path: string, handler: WebhookHandler): void;
  calls(path: string): readonly WebhookCall[];
}

const replies = new WeakSet<object>();

/** An answer that is more, or less, than a JSON object with 200. */
export function reply(answer: WebhookReply): WebhookReply {
  replies.add(answer);
  return answer;
}

export interface Authority {
  readonly key: string;
  readonly certificate: string;
}

/** A fresh authority that also serves: for 127.0.0.1 and localhost. */
export function createAuthority(): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: selfSignedAuthority(publicKey, privateKey),
  };
}

/** An HTTPS server on loopback that records what it is asked and answers as each path's handler says. */
export async function startWebhookServer(authority = createAuthority()): Promise<WebhookServer> {
  const handlers = new Map<string, WebhookHandler>();
  const calls = new Map<string, WebhookCall[]>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const call = { path, query, headers: request.headers, remotePort: request.socket.remotePort, body };
    calls.set(path, [...(calls.get(path) ?? []), call]);
    const answered = await handlers.get(path)?.(call);
    if (answered === undefined) {
      request.socket.destroy();
      return;
    }
    const raw = typeof answered === 'object' && answered !== null && replies.has(answered);
    const sent = raw ? (answered as WebhookReply) : { text: JSON.stringify(answered) };
    response.writeHead(sent.status ?? 200, { 'Content-Type': 'application/json', ...sent.headers });
    response.end(sent.text);
  };
  const server = createServer({ key: authority.key, cert: authority.certificate }, (request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    url: (path) => `https://127.0.0.1:${port}${path}`,
    handle: (path, handler) => void handlers.set(path, handler),
    calls: (path) => calls.get(path) ?? [],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
