import { createHash } from 'node:crypto';
import type { Document, DocumentIndex } from '../../api/openapi.ts';
import type { ServedGroupVersion } from '../../api/served.ts';
import type { RemoteOpenApi } from '../aggregation/aggregation.ts';
import { methodNotAllowed } from './error-response.ts';
import type { ApiResponse } from './message.ts';
import { acceptedSpec, isNotModified } from './openapi-accept.ts';
import { addDocument, emptySwagger, sortedSwagger } from './openapi-v2.ts';
import { mergeSwagger } from './openapi-v2-merge.ts';
import { type AssembledSwagger, createSwaggerAssembler, type SwaggerAssembler } from './openapi-v2-parts.ts';
import { encodeSwagger } from './openapi-v2-protobuf.ts';
import { type Packed, pack } from './packed.ts';

/** A document that is not in the index: of a custom resource's or an aggregated server's group-version. */
export interface ExtraDocument {
  /** `apis/example.com/v1` */
  readonly path: string;
  /** Upper-case hex SHA-512 of the bytes; absent: made when the index is asked for. */
  readonly hash?: string;
  read(): Promise<Uint8Array>;
}

export interface OpenApiOptions {
  readonly index: DocumentIndex;
  /** Bytes of one of the index's files. */
  read(file: string): Promise<Uint8Array>;
  /** What is served now: the same array as long as nothing changes. */
  served(): readonly ServedGroupVersion[];
  /** The same array as long as nothing changes. */
  extra?(): readonly ExtraDocument[];
  /** Documents of aggregated servers, which answer requests for them themselves; the same object as long as nothing changes. */
  remote?(): RemoteOpenApi | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface OpenApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly accept: string;
  readonly ifNoneMatch: string;
}

/** Answers /openapi/v2, /openapi/v3 and what is below; undefined for other paths. */
export type OpenApi = (request: OpenApiRequest) => Promise<ApiResponse> | undefined;

interface Entry {
  readonly hash: string;
  read(): Promise<Uint8Array>;
}

interface Snapshot {
  readonly served: readonly ServedGroupVersion[];
  readonly extra: readonly ExtraDocument[];
  readonly remote: RemoteOpenApi | undefined;
  readonly entries: Promise<ReadonlyMap<string, Entry>>;
  /** OpenAPI v2, made when first asked for. */
  swagger?: Promise<AssembledSwagger>;
  swaggerProtobuf?: Promise<Packed>;
  readonly since: number;
}

const noExtra: readonly ExtraDocument[] = [];
const roots = ['.well-known/openid-configuration', 'api', 'apis', 'openid/v1/jwks', 'version'];

export function createOpenApi(options: OpenApiOptions): OpenApi {
  const release = options.index.release.replace(/^v(\d+\.\d+).*$/, '$1');
  const assemble = createSwaggerAssembler(release);
  let snapshot: Snapshot | undefined;
  const current = (): Snapshot => {
    const served = options.served();
    const extra = options.extra?.() ?? noExtra;
    const remote = options.remote?.();
    if (snapshot?.served !== served || snapshot.extra !== extra || snapshot.remote !== remote) {
      snapshot = { served, extra, remote, entries: entriesOf(options, served, extra), since: options.now() };
    }
    return snapshot;
  };
  return (request) => {
    const { path } = request;
    if (path === '/openapi/v2') return swaggerAnswer(assemble, release, current(), request);
    if (path === '/openapi/v3' || path === '/openapi/v3/') return indexAnswer(current(), request);
    const name = /^\/openapi\/v3\/(.+)$/.exec(path)?.[1];
    return name === undefined ? undefined : documentAnswer(options, current(), name, request);
  };
}

async function entriesOf(
  options: OpenApiOptions,
  served: readonly ServedGroupVersion[],
  extra: readonly ExtraDocument[],
): Promise<ReadonlyMap<string, Entry>> {
  const paths = new Set(roots);
  for (const { group, version } of served) {
    if (group !== '') paths.add(`apis/${group}`);
    paths.add(group === '' ? `api/${version}` : `apis/${group}/${version}`);
  }
  const entries = new Map<string, Entry>();
  for (const path of paths) {
    const known = options.index.documents[path];
    if (known !== undefined) entries.set(path, { hash: known.hash, read: () => options.read(known.file) });
  }
  for (const document of extra) {
    const hash = document.hash ?? hashOf(await document.read());
    entries.set(document.path, { hash, read: () => document.read() });
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha512').update(bytes).digest('hex').toUpperCase();
}

function urlOf(path: string, hash: string): string {
  return `/openapi/v3/${path}?hash=${hash}`;
}

function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function refuseWrites(request: OpenApiRequest): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
}

async function indexAnswer(snapshot: Snapshot, request: OpenApiRequest): Promise<ApiResponse> {
  refuseWrites(request);
  if (request.path.endsWith('/')) return { status: 404, headers: {} };
  const paths = [...(await snapshot.entries)].map(([path, { hash }]) => [
    path,
    { serverRelativeURL: urlOf(path, hash) },
  ]);
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'last-modified': httpDate(snapshot.since) };
  const remote = Object.entries(snapshot.remote?.paths ?? {});
  const sorted =
    remote.length === 0 ? paths : [...paths, ...remote].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return { status: 200, headers, body: JSON.stringify({ paths: Object.fromEntries(sorted) }) };
}

const yearMs = 365 * 24 * 3600 * 1000;

async function documentAnswer(
  options: OpenApiOptions,
  snapshot: Snapshot,
  path: string,
  request: OpenApiRequest,
): Promise<ApiResponse> {
  refuseWrites(request);
  const entry = (await snapshot.entries).get(path);
  if (entry === undefined) return { status: 404, headers: {} };
  if (acceptedSpec(request.accept, 'v3') !== 'json') return notAcceptable;
  const etag = `"${entry.hash}"`;
  const wanted = new URLSearchParams(request.query).get('hash') ?? '';
  const headers: Record<string, string> = { 'content-type': 'application/json', etag, vary: 'Accept' };
  if (wanted !== '' && wanted !== entry.hash) {
    return { status: 301, headers: { ...headers, location: urlOf(path, entry.hash) } };
  }
  if (wanted !== '') {
    headers['cache-control'] = 'public, immutable';
    headers['expires'] = httpDate(options.now() + yearMs).replace('GMT', 'UTC');
  }
  if (isNotModified(request.ifNoneMatch, etag)) return notModified(headers);
  headers['last-modified'] = httpDate(snapshot.since);
  return { status: 200, headers, body: await entry.read() };
}

const notAcceptable: ApiResponse = { status: 406, headers: { vary: 'Accept' } };

function notModified({ 'content-type': _, ...headers }: Record<string, string>): ApiResponse {
  return { status: 304, headers };
}

async function swaggerAnswer(
  assemble: SwaggerAssembler,
  release: string,
  snapshot: Snapshot,
  request: OpenApiRequest,
): Promise<ApiResponse> {
  refuseWrites(request);
  const form = acceptedSpec(request.accept, 'v2');
  if (form === undefined) return { status: 406, headers: { vary: ['Accept-Encoding', 'Accept'] } };
  snapshot.swagger ??= buildSwagger(assemble, release, snapshot);
  const swagger = await snapshot.swagger;
  const etag = `"${swagger.hash}"`;
  const vary = ['Accept-Encoding', 'Accept'];
  // Both forms have the tag of the JSON one: Vary keeps them apart.
  if (isNotModified(request.ifNoneMatch, etag)) return { status: 304, headers: { etag, vary } };
  const type = form === 'json' ? 'application/json' : 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  const headers = { 'content-type': type, etag, vary, 'last-modified': httpDate(snapshot.since) };
  if (form === 'json') return { status: 200, headers, packed: swagger.json };
  snapshot.swaggerProtobuf ??= swagger.protobuf();
  return { status: 200, headers, packed: await snapshot.swaggerProtobuf };
}

/** Reads one document after the other, so that only one is in memory and other requests get their turn. */
async function buildSwagger(
  assemble: SwaggerAssembler,
  release: string,
  snapshot: Snapshot,
): Promise<AssembledSwagger> {
  if ((snapshot.remote?.swaggers ?? []).length === 0) return assemble((await snapshot.entries).values());
  const swagger = emptySwagger(release);
  for (const { read } of (await snapshot.entries).values()) {
    addDocument(swagger, JSON.parse(Buffer.from(await read()).toString()) as Document);
  }
  for (const remote of snapshot.remote?.swaggers ?? []) mergeSwagger(swagger, remote);
  const sorted = sortedSwagger(swagger);
  const json = Buffer.from(JSON.stringify(sorted));
  return { json: await pack(json), hash: hashOf(json), protobuf: () => pack(encodeSwagger(sorted)) };
}
