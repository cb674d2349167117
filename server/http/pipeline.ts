import { isPathSegmentName } from '../../api/names.ts';
import { apiVersionOf } from '../../api/object.ts';
import { badRequest, methodNotSupported, notFoundError, StatusError } from '../../api/status.ts';
import { type Authorizer, forbiddenByAuthorizer } from '../auth/authorizer.ts';
import type { ServedResource } from '../registry/resource.ts';
import type { UserInfo } from '../registry/strategy.ts';
import { checkRouteAccepts } from './accept.ts';
import { attributesOf } from './attributes.ts';
import { isAnsweredByNodes, nodeHandler } from './connect.ts';
import {
  type ErrorLog,
  errorResponse,
  malformedRequest,
  methodNotAllowed,
  notFoundPage,
  unknownResource,
} from './error-response.ts';
import { handleDelete, handleDeleteCollection } from './handlers/delete.ts';
import type { ApiDeps, ResourceCall } from './handlers/handler.ts';
import { handlePatch } from './handlers/patch.ts';
import { handleGet, handleList } from './handlers/read.ts';
import { handleWatch } from './handlers/watch.ts';
import { handleCreate, handleUpdate } from './handlers/write.ts';
import { type Pass, type RequestLimiter, tooManyRequests } from './limiter.ts';
import { type ApiRequest, type ApiResponse, headerOf } from './message.ts';
import { listOptions, Query } from './query.ts';
import { hasBrokenEscape, parsePath, type RequestInfo, type ResourceRequest } from './request-info.ts';
import { scaleHandlers } from './scale.ts';

export type ResourceHandler = (deps: ApiDeps, call: ResourceCall) => Promise<ApiResponse> | ApiResponse;

export interface NonResourceCall {
  readonly request: ApiRequest;
  readonly parts: readonly string[];
  readonly query: Query;
}

export interface PipelineOptions {
  readonly api: ApiDeps;
  readonly log: ErrorLog;
  /** Undefined: nobody. Throws StatusError when the credentials are wrong. Impersonation included. */
  authenticate(request: ApiRequest): Promise<UserInfo | undefined> | UserInfo | undefined;
  isPublic(path: string): boolean;
  /** Who asks without credentials; absent: such requests are refused, but for public paths. */
  readonly anonymous?: UserInfo | undefined;
  /** Absent: everyone may do everything. */
  readonly authorizer?: Authorizer | undefined;
  /** Who is served now, who waits, who is refused; absent: everybody is served. */
  readonly limiter?: RequestLimiter;
  /** Requests that another API server answers; undefined: this one does. */
  remote?(request: ApiRequest, user: UserInfo): Promise<ApiResponse> | undefined;
  /** Discovery, health, metrics …; undefined: not mine. */
  nonResource(call: NonResourceCall): Promise<ApiResponse | undefined> | ApiResponse | undefined;
  /** Resources that are answered and not stored, by `group/version/resource`. */
  readonly virtual: ReadonlyMap<string, VirtualResource>;
  /** Subresources that are more than another strategy, by `resource.group/subresource` and method. */
  readonly subresources: ReadonlyMap<string, Readonly<Record<string, ResourceHandler>>>;
  onFinish?(observation: Observation): void;
}

export interface VirtualResource {
  readonly namespaced: boolean;
  readonly methods: Readonly<Record<string, (call: Omit<ResourceCall, 'served'>) => Promise<ApiResponse>>>;
}

export interface Observation {
  readonly verb: string;
  readonly info: ResourceRequest | undefined;
  readonly code: number;
  readonly seconds: number;
  readonly query: string;
}

const unauthorized = new StatusError('Unauthorized', 'Unauthorized');

/** One request in, one response out; never throws. */
export function createPipeline(options: PipelineOptions): (request: ApiRequest) => Promise<ApiResponse> {
  const { api, log } = options;
  const { clock, random } = api.registry;
  return async (request) => {
    const start = clock.now();
    const observed: { verb: string; info: ResourceRequest | undefined } = { verb: request.method, info: undefined };
    const warnings: string[] = [];
    const trace: Trace = { observed, warnings, headers: {} };
    let response: ApiResponse;
    if (hasBrokenEscape(request.path)) return malformedRequest();
    try {
      response = await admit(options, request, trace);
    } catch (error) {
      response = errorResponse(error, { log, warnings, pretty: isPretty(request), yaml: wantsYaml(api, request) });
    }
    options.onFinish?.({
      ...observed,
      code: response.status,
      seconds: (clock.now() - start) / 1000,
      query: request.query,
    });
    return {
      ...response,
      headers: {
        'audit-id': random.uuid(),
        'cache-control': 'no-cache, private',
        ...trace.headers,
        ...response.headers,
      },
    };
  };
}

function isPretty(request: ApiRequest): boolean {
  const agent = headerOf(request, 'user-agent');
  return request.query.includes('pretty=')
    ? !/pretty=(0|false)/.test(request.query)
    : /^(curl|Wget|Mozilla\/5\.0)/.test(agent);
}

function wantsYaml(api: ApiDeps, request: ApiRequest): boolean {
  const accept = headerOf(request, 'accept');
  if (!accept.includes('yaml')) return false;
  try {
    return api.negotiate(accept).format === 'yaml';
  } catch {
    return false;
  }
}

interface Trace {
  readonly observed: { verb: string; info: ResourceRequest | undefined };
  readonly warnings: string[];
  /** Set at the door: they go with whatever answer. */
  headers: Readonly<Record<string, string>>;
}

interface Entered {
  readonly request: ApiRequest;
  readonly user: UserInfo | undefined;
  readonly info: RequestInfo;
  readonly query: Query;
}

/** Who asks, and whether it is their turn. */
async function admit(options: PipelineOptions, request: ApiRequest, trace: Trace): Promise<ApiResponse> {
  const user = (await options.authenticate(request)) ?? options.anonymous;
  if (user === undefined && !options.isPublic(request.path)) throw unauthorized;
  const info = parsePath(request.path);
  const entered: Entered = { request, user, info, query: new Query(request.query) };
  const asked = options.limiter?.enter(entered);
  const pass: Pass | undefined = asked instanceof Promise ? await asked : asked;
  if (pass === undefined) return route(options, entered, trace);
  trace.headers = pass.headers;
  if (pass.retryAfter !== undefined) {
    if (info.isResource) trace.observed.info = info;
    return tooManyRequests(pass.retryAfter);
  }
  try {
    return await route(options, entered, trace);
  } finally {
    pass.leave();
  }
}

async function route(options: PipelineOptions, entered: Entered, trace: Trace): Promise<ApiResponse> {
  const { request, user, info, query } = entered;
  if (options.authorizer !== undefined && user !== undefined) {
    if (info.isResource) trace.observed.info = info;
    const asked = attributesOf(request, user, info);
    const decided = options.authorizer.authorize(asked);
    // Most decisions are there at once.
    const { decision, reason } = decided instanceof Promise ? await decided : decided;
    if (decision !== 'allow') throw forbiddenByAuthorizer(asked, reason);
  }
  const elsewhere = user === undefined ? undefined : options.remote?.(request, user);
  if (elsewhere !== undefined) return elsewhere;
  const answer =
    info.isResource && user !== undefined
      ? await routeResource(options, { request, info, query, user, warnings: trace.warnings }, trace)
      : undefined;
  if (answer !== undefined) return answer;
  const parts = info.isResource ? request.path.split('/').filter((part) => part !== '') : info.parts;
  const answered = await options.nonResource({ request, parts, query });
  if (answered !== undefined) return answered;
  if (isBelowApi(options.api, parts, request.path)) throw unknownResource();
  return notFoundPage();
}

/** Below the roots of upstream's web services even an unknown path gets a Status. */
function isBelowApi(api: ApiDeps, [root, group]: readonly string[], path: string): boolean {
  if (path.startsWith('/api/') || path.startsWith('/version/')) return true;
  return (
    root === 'apis' &&
    path.startsWith('/apis/') &&
    api.resources.all.some(
      ({ definition, custom }) => custom === undefined && definition.group !== '' && definition.group === group,
    )
  );
}

/** What upstream says to everyone who still uses them. */
const deprecations: Readonly<Record<string, string>> = {
  '/v1/componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
  '/v1/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

async function routeResource(
  options: PipelineOptions,
  call: Omit<ResourceCall, 'served'>,
  trace: Trace,
): Promise<ApiResponse | undefined> {
  const { info, request } = call;
  const { api } = options;
  trace.observed.info = info;
  const key = `${info.group}/${info.version}/${info.resource}`;
  const deprecation = deprecations[key];
  if (deprecation !== undefined) call.warnings.push(deprecation);
  const virtual = options.virtual.get(key);
  if (virtual !== undefined && info.subresource === '') {
    const suffix = info.name === '' ? '' : ' name';
    const answer = virtual.methods[`${request.method}${suffix}`];
    if (answer === undefined)
      throw Object.keys(virtual.methods).some((method) => method.endsWith(' name') === (suffix !== ''))
        ? methodNotAllowed()
        : unknownResource();
    return answer(call);
  }
  const served = api.resources.served(info.group, info.version, info.resource);
  if (served === undefined) {
    // An unknown group-version is no API at all; in a known one the resource is missing.
    const known = api.resources.all.some(
      ({ definition, custom }) =>
        custom === undefined && definition.group === info.group && definition.version === info.version,
    );
    if (known) throw unknownResource();
    return undefined;
  }
  if (served.custom !== undefined) {
    if (
      !isInScope(served, info) ||
      (!isListed(info, request.method) && served.definition.namespaced && info.namespace === '')
    )
      return undefined;
    call.warnings.push(...served.custom.warnings);
    await served.stored.form?.caughtUp?.();
  }
  checkScope(served, info);
  const handler = info.subresource === '' ? handlerOf(call, served, trace) : subresourceHandler(options, call, served);
  if (!isAnsweredByNodes(served.stored.group, info.subresource))
    checkRouteAccepts(headerOf(request, 'accept'), request.method === 'GET' && (info.name === '' || info.isWatchPath));
  if (info.name !== '' && isPathSegmentName(info.name).length > 0) {
    throw badRequest(`Name parameter invalid: ${JSON.stringify(info.name)}: ${isPathSegmentName(info.name).join(';')}`);
  }
  return handler(api, { ...call, served });
}

/** Cluster-wide paths of namespaced resources only list and watch; namespaces in paths of cluster-scoped ones lead nowhere. */
function checkScope(served: ServedResource, info: ResourceRequest): void {
  if (!isInScope(served, info)) throw unknownResource();
}

/** Of namespaced custom resources only lists and watches go across namespaces. */
function isListed(info: ResourceRequest, method: string): boolean {
  return method === 'GET' && (info.name === '' || info.isWatchPath);
}

function isInScope({ definition }: ServedResource, info: ResourceRequest): boolean {
  if (!definition.namespaced) return info.namespace === '';
  return info.namespace !== '' || info.name === '' || info.isWatchPath;
}

function handlerOf(call: Omit<ResourceCall, 'served'>, served: ServedResource, trace: Trace): ResourceHandler {
  const { info, request, query } = call;
  const can = (verb: string): void => {
    trace.observed.verb = verb;
    if (!served.definition.verbs.includes(verb)) throw methodNotAllowed();
  };
  const isCollection = info.name === '' || info.isWatchPath;
  const isScoped = !served.stored.namespaced || info.namespace !== '';
  if (info.isWatchPath && request.method !== 'GET') throw methodNotAllowed();
  switch (request.method) {
    case 'GET': {
      if (!isCollection) {
        can('get');
        return handleGet;
      }
      return (deps, full) => {
        const list = listOptions(query, info.isWatchPath);
        can(list.watch ? 'watch' : 'list');
        return list.watch ? handleWatch(deps, full, list) : handleList(deps, full, list);
      };
    }
    case 'POST':
      if (!isCollection || !isScoped) throw methodNotAllowed();
      can('create');
      return handleCreate;
    case 'PUT':
      if (isCollection) throw methodNotAllowed();
      can('update');
      return handleUpdate;
    case 'PATCH':
      if (isCollection) throw methodNotAllowed();
      can('patch');
      return handlePatch;
    case 'DELETE':
      if (!isScoped) throw methodNotAllowed();
      can(isCollection ? 'deletecollection' : 'delete');
      return isCollection ? handleDeleteCollection : handleDelete;
    default:
      throw methodNotAllowed();
  }
}

const verbOfMethod: Readonly<Record<string, string>> = {
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  POST: 'create',
  DELETE: 'delete',
};

function subresourceHandler(
  options: PipelineOptions,
  call: Omit<ResourceCall, 'served'>,
  served: ServedResource,
): ResourceHandler {
  const { info, request } = call;
  const definition = served.definition.subresources?.find(({ name }) => name === info.subresource);
  const { custom } = served;
  if (definition === undefined)
    throw custom === undefined ? unknownResource() : notFoundError(served.definition, info.name);
  const verb = verbOfMethod[request.method] ?? '';
  const name = `${served.stored.resource}${served.stored.group === '' ? '' : `.${served.stored.group}`}/${info.subresource}`;
  if (custom !== undefined && !definition.verbs.includes(verb)) throw methodNotSupported(served.definition, verb);
  const isCustomScale = custom !== undefined && info.subresource === 'scale';
  const special = isCustomScale ? scaleHandlers : options.subresources.get(name);
  if (special !== undefined) {
    const handler = special[request.method];
    if (handler === undefined) throw methodNotAllowed();
    return handler;
  }
  const ofNode = nodeHandler(name, request.method);
  if (ofNode !== undefined) return ofNode;
  if (!definition.verbs.includes(verb)) throw methodNotAllowed();
  const sameKind = definition.kind === served.definition.kind;
  if (sameKind && verb === 'get') return handleGet;
  if (sameKind && verb === 'update') return handleUpdate;
  if (sameKind && verb === 'patch') return handlePatch;
  throw new StatusError(
    'MethodNotAllowed',
    `the subresource ${info.subresource} of ${apiVersionOf(served.definition)} ${info.resource} is not implemented by this server`,
  );
}
