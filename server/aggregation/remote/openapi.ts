import type { Endpoint } from '../../service-resolver.ts';
import type { GroupVersion } from '../api-service.ts';
import type { Backend } from './backend.ts';
import { frontProxyHeaders } from './front-proxy.ts';

/** What an aggregated server describes of itself. */
export interface RemoteDocuments {
  /** Of OpenAPI v3: `apis/example.com/v1` -> where the document is, with its hash. */
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  /** OpenAPI v2, only what is below the group-version. */
  readonly swagger: PartialSwagger | undefined;
  readonly swaggerTag: string;
}

export interface PartialSwagger {
  readonly paths: Readonly<Record<string, object>>;
  readonly definitions: Readonly<Record<string, object>>;
  readonly parameters: Readonly<Record<string, object>>;
}

const timeoutMs = 60_000;
const aggregator = { username: 'system:aggregator', groups: [] };

/** Throws when the server has documents that cannot be read; a server without any is fine. */
export async function fetchDocuments(
  backend: Backend,
  endpoint: Endpoint,
  gv: GroupVersion,
  known: RemoteDocuments | undefined,
): Promise<RemoteDocuments> {
  const [paths, swagger] = await Promise.all([
    fetchPaths(backend, endpoint, known),
    fetchSwagger(backend, endpoint, gv, known),
  ]);
  if (known !== undefined && paths === known.paths && swagger.swagger === known.swagger) return known;
  return { paths, ...swagger };
}

async function fetchPaths(
  backend: Backend,
  endpoint: Endpoint,
  known: RemoteDocuments | undefined,
): Promise<RemoteDocuments['paths']> {
  const headers = { accept: 'application/json', ...frontProxyHeaders(aggregator) };
  const answer = await backend.fetch(endpoint, { path: '/openapi/v3', headers, timeoutMs });
  if (answer.status === 404) return known?.paths ?? {};
  if (answer.status !== 200) throw new Error(`could not get the list of OpenAPI documents: ${answer.status}`);
  const { paths = {} } = JSON.parse(answer.body.toString()) as Partial<RemoteDocuments>;
  return known !== undefined && JSON.stringify(paths) === JSON.stringify(known.paths) ? known.paths : paths;
}

type TaggedSwagger = Pick<RemoteDocuments, 'swagger' | 'swaggerTag'>;

async function fetchSwagger(
  backend: Backend,
  endpoint: Endpoint,
  { group, version }: GroupVersion,
  known: TaggedSwagger | undefined,
): Promise<TaggedSwagger> {
  const { swaggerTag = '' } = known ?? {};
  const headers = {
    accept: 'application/json',
    ...(swaggerTag === '' ? {} : { 'if-none-match': swaggerTag }),
    ...frontProxyHeaders(aggregator),
  };
  const answer = await backend.fetch(endpoint, { path: '/openapi/v2', headers, timeoutMs });
  if (answer.status === 304 && known !== undefined) return known;
  if (answer.status === 404) return { swagger: undefined, swaggerTag: '' };
  if (answer.status !== 200) throw new Error(`failed to retrieve openAPI spec, http error: ${answer.status}`);
  const document = JSON.parse(answer.body.toString()) as Partial<PartialSwagger>;
  return { swagger: below(document, `/apis/${group}/${version}/`), swaggerTag: answer.headers.etag ?? '' };
}

/**
 * The paths with a prefix; definitions and parameters that only other paths refer to go with those. Upstream:
 * FilterSpecByPathsWithoutSideEffects.
 */
function below(document: Partial<PartialSwagger>, prefix: string): PartialSwagger {
  const { paths = {}, definitions = {}, parameters = {} } = document;
  const kept = Object.fromEntries(Object.entries(paths).filter(([path]) => path.startsWith(prefix)));
  const before = referredTo(paths, { definitions, parameters });
  const after = referredTo(kept, { definitions, parameters });
  const filter = (kind: string, all: Readonly<Record<string, object>>) =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => after.has(`${kind}/${name}`) || !before.has(`${kind}/${name}`)),
    );
  return { paths: kept, definitions: filter('definitions', definitions), parameters: filter('parameters', parameters) };
}

function referredTo(paths: object, targets: Omit<PartialSwagger, 'paths'>): ReadonlySet<string> {
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    for (const [, kind = '', name = ''] of JSON.stringify(value).matchAll(/"#\/(definitions|parameters)\/([^"]+)"/g)) {
      const key = `${kind}/${name}`;
      if (found.has(key)) continue;
      found.add(key);
      const target = kind === 'definitions' ? targets.definitions[name] : targets.parameters[name];
      if (target !== undefined) collect(target);
    }
  };
  collect(paths);
  return found;
}
