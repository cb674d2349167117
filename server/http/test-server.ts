import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Catalog } from '../../api/catalog.ts';
import type { Clock, Random } from '../../api/clock.ts';
import type { DocumentIndex } from '../../api/openapi.ts';
import type { ProtobufDocument } from '../../api/protobuf/decode.ts';
import type { SchemaDocument } from '../../api/schema/schema.ts';
import { seededRandom } from '../../api/seeded-random.ts';
import { servedOf } from '../../api/served.ts';
import { StatusError } from '../../api/status.ts';
import { isPublicPath } from '../auth/authenticator.ts';
import type { TokenIssuer } from '../auth/token-request.ts';
import type { NodeAccess } from '../nodes/access.ts';
import { admitAll } from '../registry/context.ts';
import { createHandle, openServer, type ServerParts } from '../server.ts';
import { openMemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/store.ts';
import { createApp, type Handle } from './app.ts';
import { createDocuments } from './documents.ts';
import { type ApiRequest, type ApiResponse, headerOf } from './message.ts';

/** Time that only tests move; timers fire in order while it passes. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function createManualClock(start = Date.UTC(2026, 0, 2, 3, 4, 5)): ManualClock {
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  let now = start;
  const next = (until: number) =>
    [...timers]
      .filter(({ at }) => at <= until)
      .reduce(
        (a, b) => (a === undefined || b.at < a.at ? b : a),
        undefined as { readonly at: number; readonly callback: () => void } | undefined,
      );
  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const end = now + ms;
      for (let timer = next(end); timer !== undefined; timer = next(end)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.callback();
      }
      now = end;
    },
  };
}

/** Uuids count up. */
export function createSeededRandom(seed = 1): Random {
  let uuids = 0;
  return {
    next: seededRandom(seed),
    uuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
  };
}

export interface TestServer extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: ObjectStore;
  readonly parts: ServerParts;
  readonly handle: Handle;
  /** The app over plain HTTP, listening on a free port. */
  readonly http: Server;
  readonly port: number;
  readonly errors: object[];
  /** One request past HTTP, as the admin. */
  ask(method: string, url: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: ApiResponse['headers'];
  readonly body: Record<string, unknown>;
}

const generated = new URL('../../api/generated/', import.meta.url);

async function readGenerated<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(name, generated), 'utf8')) as T;
}

function authenticate(request: ApiRequest): { username: string; groups: string[] } | undefined {
  const header = headerOf(request, 'authorization');
  if (header === 'Bearer admin') return { username: 'admin', groups: ['system:masters', 'system:authenticated'] };
  if (header.startsWith('Bearer ')) throw new StatusError('Unauthorized', 'Unauthorized');
  return undefined;
}

export function bytesOf({ body = '' }: ApiResponse): Buffer {
  return typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat([...body]);
}

/** A request that comes over no wire. */
export function requestOf(
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiRequest {
  const mark = url.indexOf('?');
  const bytes =
    body === undefined
      ? Buffer.alloc(0)
      : typeof body === 'string' || Buffer.isBuffer(body)
        ? Buffer.from(body)
        : Buffer.from(JSON.stringify(body));
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: { authorization: 'Bearer admin', ...headers },
    readBody: async () => bytes,
    signal: new AbortController().signal,
  };
}

/** The whole server but TLS, admission and its bootstrap's addresses: a memory store, time that stands still, a seeded random. */
export async function startTestServer(
  options: { readonly store?: ObjectStore; readonly clock?: ManualClock; readonly nodes?: NodeAccess } = {},
): Promise<TestServer> {
  const clock = options.clock ?? createManualClock();
  const random = createSeededRandom();
  const store = options.store ?? (await openMemoryStore({ clock }));
  const errors: object[] = [];
  const log = { error: (fields: object) => void errors.push(fields) };
  const [catalog, schema, protobuf, index] = await Promise.all([
    readGenerated<Catalog>('resources.json'),
    readGenerated<SchemaDocument>('schema.json'),
    readGenerated<ProtobufDocument>('protobuf.json'),
    readGenerated<DocumentIndex>('openapi/index.json'),
  ]);
  const served = servedOf(catalog);
  const enabled = new Set(served.map((gv) => `${gv.group}/${gv.version}`));
  const parts = await openServer({
    store,
    clock,
    random,
    log,
    catalog,
    schema,
    protobuf: () => protobuf,
    isServed: (group, version) => enabled.has(`${group}/${version}`),
    serviceClusterIPRange: '10.96.0.0/16',
    serviceNodePortRange: { first: 30000, last: 32767 },
    minRequestTimeoutSeconds: 1800,
    bootstrap: { securePort: 6443, advertiseAddress: '192.0.2.1', extensionAuthentication: {} },
  });
  const well = ['ping', 'etcd'].map((name) => ({ name, failure: () => undefined }));
  const documents = createDocuments({
    served: () => served,
    index,
    readFile: (file) => readFile(new URL(`openapi/${file}`, generated)),
    serverAddress: () => '192.0.2.1:6443',
    now: () => clock.now(),
    issuer: 'https://issuer.example',
    keys: [],
    checks: { healthz: well, livez: well, readyz: well },
    metrics: () => '# none\n',
  });
  const handle = createHandle(parts, {
    log,
    authenticate,
    isPublic: isPublicPath,
    nonResource: documents,
    virtual: new Map(),
    issuer: { issuer: 'https://issuer.example', apiAudiences: [] } as unknown as TokenIssuer,
    reader: parts.reader,
    admission: () => admitAll,
    ...(options.nodes === undefined ? {} : { nodes: options.nodes }),
  });
  const http = createServer({ maxHeaderSize: 1024 * 1024 }, createApp(handle));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    clock,
    store,
    parts,
    handle,
    http,
    errors,
    port: (http.address() as AddressInfo).port,
    ask: async (method, url, body, headers) => {
      const response = await handle(requestOf(method, url, body, headers));
      const text = bytesOf(response).toString();
      return {
        status: response.status,
        headers: response.headers,
        body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Record<string, unknown>,
      };
    },
    [Symbol.asyncDispose]: async () => {
      http.close();
      http.closeAllConnections();
      await store[Symbol.asyncDispose]();
    },
  };
}
