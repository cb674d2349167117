import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { selfSignedAuthority } from '../reference/certificate.ts';
import { aggregatedDiscovery, openApiIndex, openApiV2, openApiV3, plainDiscovery } from './extension-documents.ts';

/** An address of this machine that Endpoints accept: they refuse loopback. */
export function reachableAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}

/** Who asked, as the front proxy said. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Whether the front proxy's CA signed the caller's certificate, and its common name. */
  readonly trusted: boolean;
  readonly proxy: string;
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
}

export interface ExtensionServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Base64 of the PEM, as APIServices want it. */
  readonly caBundle: string;
  readonly seen: readonly SeenRequest[];
}

export interface ExtensionServerOptions {
  readonly group: string;
  /** PEM: who signs front proxies. */
  readonly frontProxyCa: string;
  /** `name.namespace.svc`. */
  readonly serverName: string;
}

interface Flunder {
  readonly apiVersion: string;
  readonly kind: 'Flunder';
  readonly metadata: Record<string, unknown> & { readonly name: string; readonly namespace: string };
  readonly [field: string]: unknown;
}

/** A small aggregated API server: discovery, OpenAPI, and one resource in memory, `flunders`, of version v1. */
export async function startExtensionServer(options: ExtensionServerOptions): Promise<ExtensionServer> {
  const { group, frontProxyCa, serverName } = options;
  const address = reachableAddress();
  if (address === undefined) throw new Error('this machine has no address that Endpoints accept');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = selfSignedAuthority(publicKey, privateKey, [serverName]);
  const seen: SeenRequest[] = [];
  const flunders = createFlunders(group);
  const note = (request: IncomingMessage): SeenRequest => {
    const socket = request.socket as TLSSocket;
    const { subject } = socket.getPeerCertificate();
    const [path = ''] = (request.url ?? '').split('?');
    const one: SeenRequest = {
      method: request.method ?? '',
      path,
      trusted: socket.authorized,
      proxy: String(subject?.CN ?? ''),
      headers: request.headersDistinct,
    };
    seen.push(one);
    return one;
  };
  const server = createServer(
    {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: certificate,
      ca: frontProxyCa,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const one = note(request);
      const answered = answer(group, flunders, { request, response, one });
      answered.catch(() => request.socket.destroy());
    },
  );
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.on('error', () => undefined);
    if (request.headers.upgrade !== 'echo') {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address,
    port,
    caBundle: Buffer.from(certificate).toString('base64'),
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly one: SeenRequest;
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function failure(response: ServerResponse, code: number, reason: string, message: string): void {
  send(response, code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });
}

async function answer(group: string, flunders: Flunders, call: Call): Promise<void> {
  const { request, response, one } = call;
  if (!one.trusted || one.headers['x-remote-user'] === undefined) {
    failure(response, 401, 'Unauthorized', 'Unauthorized');
    return;
  }
  const document = documentOf(group, request);
  if (document !== undefined) {
    const { body, ...headers } = document;
    send(response, 200, body, headers);
    return;
  }
  const [, prefix, namespace = '', name = '', action = ''] =
    /^(\/apis\/[^/]+\/v1)(?:\/namespaces\/([^/]+))?\/flunders(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(one.path) ?? [];
  if (prefix !== `/apis/${group}/v1`)
    failure(response, 404, 'NotFound', 'the server could not find the requested resource');
  else if (action !== '') act(action, call);
  else await flunders.answer(call, namespace, name);
}

function documentOf(group: string, request: IncomingMessage): ({ body: unknown } & Record<string, never>) | undefined {
  const [path = ''] = (request.url ?? '').split('?');
  const accept = request.headers.accept ?? '';
  const found =
    path === '/apis' && accept.includes('as=APIGroupDiscoveryList')
      ? aggregatedDiscovery(group)
      : (plainDiscovery(group, path) ?? openApiIndex(group, path) ?? openApiV3(group, path) ?? openApiV2(group, path));
  return found as ReturnType<typeof documentOf>;
}

/** What shows how requests and answers pass through. */
function act(action: string, { request, response, one }: Call): void {
  switch (action) {
    case 'headers':
      send(
        response,
        200,
        { kind: 'Seen', apiVersion: 'v1', proxy: one.proxy, headers: one.headers },
        { Warning: '299 - "seen"' },
      );
      return;
    case 'echo':
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      request.pipe(response);
      return;
    case 'elsewhere':
      response.writeHead(302, { Location: '/somewhere' });
      response.end();
      return;
    case 'broken':
      request.socket.destroy();
      return;
    default:
      failure(response, 418, 'Teapot', 'short and stout');
  }
}

interface Flunders {
  answer(call: Call, namespace: string, name: string): Promise<void>;
}

function createFlunders(group: string): Flunders {
  const objects = new Map<string, Flunder>();
  const watchers = new Set<(type: string, object: Flunder) => void>();
  const apiVersion = `${group}/v1`;
  let revision = 1;
  const tell = (type: string, object: Flunder): void => {
    for (const watcher of watchers) watcher(type, object);
  };
  const create = async ({ request, response }: Call, namespace: string): Promise<void> => {
    const chunks = await request.toArray();
    const given = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as Flunder;
    revision++;
    const made: Flunder = {
      ...given,
      apiVersion,
      kind: 'Flunder',
      metadata: {
        ...given.metadata,
        namespace,
        uid: randomUUID(),
        resourceVersion: String(revision),
        creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z`,
      },
    };
    objects.set(`${namespace}/${made.metadata.name}`, made);
    tell('ADDED', made);
    send(response, 201, made);
  };
  const watch = ({ request, response }: Call, namespace: string): void => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const watcher = (type: string, object: Flunder): void => {
      if (namespace === '' || object.metadata.namespace === namespace)
        response.write(`${JSON.stringify({ type, object })}\n`);
    };
    watchers.add(watcher);
    request.once('close', () => watchers.delete(watcher));
  };
  return {
    async answer(call, namespace, name) {
      const { request, response } = call;
      const key = `${namespace}/${name}`;
      const object = objects.get(key);
      if (name === '' && request.method === 'POST') await create(call, namespace);
      else if (name === '' && /[?&]watch=(1|true)/.test(request.url ?? '')) watch(call, namespace);
      else if (name === '') {
        const items = [...objects.values()].filter((o) => namespace === '' || o.metadata.namespace === namespace);
        send(response, 200, {
          kind: 'FlunderList',
          apiVersion,
          metadata: { resourceVersion: String(revision) },
          items,
        });
      } else if (object === undefined) {
        failure(response, 404, 'NotFound', `flunders.${group} "${name}" not found`);
      } else if (request.method === 'DELETE') {
        objects.delete(key);
        tell('DELETED', object);
        send(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
      } else send(response, 200, object);
    },
  };
}
