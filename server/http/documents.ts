import type { DocumentIndex } from '../../api/openapi.ts';
import type { ServedGroupVersion } from '../../api/served.ts';
import type { RemoteOpenApi } from '../aggregation/aggregation.ts';
import type { ListedGroup } from '../aggregation/api-service.ts';
import { jsonWebKeySet, openIdCacheControl, openIdConfiguration } from '../auth/openid.ts';
import type { VerificationKey } from '../auth/signing-keys.ts';
import { createDiscovery } from './discovery.ts';
import { methodNotAllowed } from './error-response.ts';
import { createHealth, type HealthCheck } from './health.ts';
import { createHealthCounts } from './health-metrics.ts';
import { type ApiResponse, headerOf } from './message.ts';
import { createOpenApi, type ExtraDocument } from './openapi.ts';
import type { NonResourceCall } from './pipeline.ts';

const none: readonly ExtraDocument[] = [];

export interface DocumentsOptions {
  served(): readonly ServedGroupVersion[];
  /** Groups as the plain discovery lists them, in order; absent: those that are served. */
  groups?(): readonly ListedGroup[];
  /** What aggregated servers describe of themselves. */
  remoteOpenApi?(): RemoteOpenApi | undefined;
  /** Documents of custom resources: the same array as long as nothing changes. */
  customOpenApi?(): readonly ExtraDocument[];
  readonly index: DocumentIndex;
  readFile(file: string): Promise<Uint8Array>;
  serverAddress(): string;
  now(): number;
  readonly issuer: string;
  readonly keys: readonly VerificationKey[];
  readonly checks: Readonly<Record<string, readonly HealthCheck[]>>;
  metrics(): Promise<string> | string;
}

/** Indented whatever `pretty` says, as upstream's is. */
function version(release: string): ApiResponse {
  const [major = '', minor = ''] = release.replace(/^v/, '').split('.');
  const body = {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: release,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body, undefined, 2) };
}

/** Everything that is not a resource: discovery, OpenAPI, version, health, metrics, keys. */
export function createDocuments(
  options: DocumentsOptions,
): (call: NonResourceCall) => Promise<ApiResponse | undefined> {
  const discovery = createDiscovery({
    served: () => options.served(),
    serverAddress: () => options.serverAddress(),
    ...(options.groups === undefined ? {} : { groups: () => options.groups?.() ?? [] }),
  });
  const openApi = createOpenApi({
    index: options.index,
    read: (file) => options.readFile(file),
    served: () => options.served(),
    remote: () => options.remoteOpenApi?.(),
    extra: () => options.customOpenApi?.() ?? none,
    now: () => options.now(),
  });
  const counts = createHealthCounts(options.checks);
  const health = createHealth(options.checks, counts.count);
  return async (call) => {
    const { request } = call;
    const { method, path } = request;
    const pretty = call.query.has('pretty')
      ? call.query.bool('pretty')
      : /^(curl|Wget|Mozilla\/5\.0)/.test(headerOf(request, 'user-agent'));
    const accept = headerOf(request, 'accept');
    const ifNoneMatch = headerOf(request, 'if-none-match');
    if (path === '/version' || path === '/version/') {
      if (method !== 'GET') throw methodNotAllowed();
      return version(options.index.release);
    }
    if (path === '/metrics')
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' },
        body: await options.metrics(),
      };
    if (path === '/metrics/slis') return counts.page();
    if (path === '/' || path === '') return root(options);
    const openId = openIdAnswer(options, path);
    if (openId !== undefined) return openId;
    return (
      health(call) ??
      discovery({ method, path, accept, ifNoneMatch, pretty }) ??
      openApi({ method, path, query: request.query, accept, ifNoneMatch })
    );
  };
}

function openIdAnswer(options: DocumentsOptions, path: string): ApiResponse | undefined {
  const headers = { 'cache-control': openIdCacheControl };
  if (path === '/.well-known/openid-configuration') {
    const jwksUri = `https://${options.serverAddress()}/openid/v1/jwks`;
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(openIdConfiguration({ issuer: options.issuer, jwksUri, keys: options.keys })),
    };
  }
  if (path === '/openid/v1/jwks')
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/jwk-set+json' },
      body: JSON.stringify(jsonWebKeySet(options.keys)),
    };
  return undefined;
}

function root(options: DocumentsOptions): ApiResponse {
  const served = options.served();
  const groups = new Set(
    served
      .filter(({ group }) => group !== '')
      .flatMap(({ group, version: v }) => [`/apis/${group}`, `/apis/${group}/${v}`]),
  );
  const health = Object.entries(options.checks).flatMap(([endpoint, checks]) => [
    `/${endpoint}`,
    ...checks.map(({ name }) => `/${endpoint}/${name}`),
  ]);
  const paths = [
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/',
    ...groups,
    ...health,
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/version',
  ].toSorted();
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paths }, undefined, 2),
  };
}
