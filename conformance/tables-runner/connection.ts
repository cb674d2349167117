import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { dirname, resolve } from 'node:path';
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
  readonly text: string;
}

/** A way to one API server: address, trust and credentials. */
export interface Connection extends Disposable {
  send(options: RequestOptions): Promise<Response>;
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
  const agent = new Agent({ keepAlive: true, ca, cert, key, rejectUnauthorized: !insecure });
  const send = ({ method, path, headers, body }: RequestOptions): Promise<Response> =>
    new Promise((succeed, fail) => {
      const authorization =
        token === undefined || 'Authorization' in headers ? {} : { Authorization: `Bearer ${token}` };
      const sent = Object.fromEntries(
        Object.entries({ ...authorization, ...headers }).filter(([, value]) => value !== ''),
      );
      // Node does not count the body of a DELETE by itself.
      if (body !== undefined) sent['Content-Length'] = String(Buffer.byteLength(body));
      const req = request(new URL(path, server), { method, agent, headers: sent }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', fail);
        res.on('end', () =>
          succeed({
            status: res.statusCode ?? 0,
            contentType: (res.headers['content-type'] ?? '').split(';')[0] ?? '',
            warnings: res.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === 'warning'),
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      req.setTimeout(60_000, () => req.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
      req.on('error', fail);
      req.end(body);
    });
  return { send, [Symbol.dispose]: () => agent.destroy() };
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
