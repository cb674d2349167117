import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { dirname, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { parse } from 'yaml';

export interface RequestOptions {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Response {
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** An answer whose body arrives bit by bit. Leaving the loop over `chunks` ends the request. */
export interface StreamedResponse {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly chunks: AsyncIterable<Buffer>;
  cancel(): void;
}

/**
 * A way to one API server: address, trust and credentials. A request that names `Authorization` itself is sent without the
 * connection's own credentials, client certificate included; the empty string stands for none at all.
 */
export interface Connection extends Disposable {
  readonly server: string;
  send(options: RequestOptions): Promise<Response>;
  stream(options: RequestOptions): Promise<StreamedResponse>;
  /** Asks for another protocol; the socket is there when the server agreed. */
  upgrade(path: string, protocol: string, headers?: Readonly<Record<string, string>>): Promise<Upgraded>;
}

export interface Upgraded {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly socket?: Duplex;
  /** Of a refusal. */
  readonly text: string;
}

interface ConnectionOptions {
  readonly server: string;
  readonly token?: string | undefined;
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly insecure?: boolean;
}

export function connect(options: ConnectionOptions): Connection {
  const { server, token, ca, cert, key, insecure = false } = options;
  const trust = { keepAlive: true, ca, rejectUnauthorized: !insecure };
  const agent = new Agent({ ...trust, cert, key });
  const bareAgent = new Agent(trust);
  const open = ({ method, path, headers, body }: RequestOptions): Promise<IncomingMessage> =>
    new Promise((succeed, fail) => {
      const bare = 'Authorization' in headers;
      const authorization = token === undefined || bare ? {} : { Authorization: `Bearer ${token}` };
      const sent = Object.fromEntries(
        Object.entries({ ...authorization, ...headers }).filter(([, value]) => value !== ''),
      );
      // Node does not count the body of a DELETE by itself.
      if (body !== undefined) sent['Content-Length'] = String(Buffer.byteLength(body));
      const req = request(new URL(path, server), { method, agent: bare ? bareAgent : agent, headers: sent }, succeed);
      req.setTimeout(60_000, () => req.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
      req.on('error', fail);
      req.end(body);
    });
  const send = async (options: RequestOptions): Promise<Response> => {
    const answer = await open(options);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return {
      ...headOf(answer),
      warnings: answer.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === 'warning'),
      text: Buffer.concat(chunks).toString('utf8'),
    };
  };
  const stream = async (options: RequestOptions): Promise<StreamedResponse> => {
    const answer = await open(options);
    return { ...headOf(answer), chunks: answer, cancel: () => answer.destroy() };
  };
  const upgrade = (path: string, protocol: string, more: Readonly<Record<string, string>> = {}): Promise<Upgraded> =>
    new Promise((succeed, fail) => {
      const headers = {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        Connection: 'Upgrade',
        Upgrade: protocol,
        ...more,
      };
      const req = request(new URL(path, server), { ...trust, cert, key, agent: false, headers });
      req.on('upgrade', ({ statusCode = 0, headers: answered }, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        succeed({ status: statusCode, headers: answered, socket, text: '' });
      });
      req.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { statusCode = 0, headers: answered } = answer;
          succeed({ status: statusCode, headers: answered, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      req.on('error', fail);
      req.end();
    });
  const close = (): void => {
    agent.destroy();
    bareAgent.destroy();
  };
  return { server, send, stream, upgrade, [Symbol.dispose]: close };
}

function headOf(answer: IncomingMessage): Pick<Response, 'status' | 'contentType' | 'headers'> {
  return {
    status: answer.statusCode ?? 0,
    contentType: (answer.headers['content-type'] ?? '').split(';')[0] ?? '',
    headers: answer.headers,
  };
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters: readonly { name: string; cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { name: string; user: Readonly<Record<string, string>> }[];
}

/** Connects as the current context says; tokens and client certificates, inline or in files. */
export function connectByKubeconfig(file: string): Connection {
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user ?? {};
  if (cluster?.['server'] === undefined) throw new Error(`${file}: the current context names no cluster with a server`);
  const bytes = (from: Readonly<Record<string, string>>, field: string): Buffer | undefined => {
    const data = from[`${field}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64');
    const path = from[field];
    return path === undefined ? undefined : readFileSync(resolve(dirname(file), path));
  };
  return connect({
    server: cluster['server'],
    token: user['token'],
    ca: bytes(cluster, 'certificate-authority'),
    cert: bytes(user, 'client-certificate'),
    key: bytes(user, 'client-key'),
    insecure: Boolean(cluster['insecure-skip-tls-verify']),
  });
}
