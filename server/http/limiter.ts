import type { FlowController } from '../flow-control/flow-controller.ts';
import type { RequestDigest, ResourceTarget } from '../flow-control/flow-rules.ts';
import { createInFlightLimit } from '../flow-control/in-flight-limit.ts';
import { type ListShape, type ResourceSize, widthOfList } from '../flow-control/work-width.ts';
import type { UserInfo } from '../registry/strategy.ts';
import type { ApiRequest, ApiResponse } from './message.ts';
import type { Query } from './query.ts';
import { type RequestInfo, type ResourceRequest, requestVerbs } from './request-info.ts';

export interface LimitedCall {
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly query: Query;
  readonly user: UserInfo | undefined;
}

/** What a request is told at the door. */
export interface Pass {
  readonly headers: Readonly<Record<string, string>>;
  /** Present: refused, to come back after so many seconds. */
  readonly retryAfter?: number;
  leave(): void;
}

/** Who may be served now; undefined: nobody counts it. */
export interface RequestLimiter {
  enter(call: LimitedCall): Pass | undefined | Promise<Pass | undefined>;
}

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);
const anonymous: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

function resourceVerb(method: string, info: ResourceRequest, query: Query): string {
  const verb = requestVerbs[method] ?? '';
  if (info.isWatchPath) return 'watch';
  if (info.name !== '') return verb;
  if (verb === 'get') return query.bool('watch') ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

function digestOf({ request, info, query, user = anonymous }: LimitedCall): RequestDigest {
  const { method, path } = request;
  if (!info.isResource) return { user, verb: method.toLowerCase(), path, target: undefined };
  return { user, path, verb: resourceVerb(method, info, query), target: targetOf(info) };
}

function targetOf({ group, resource, subresource, namespace, name }: ResourceRequest): ResourceTarget {
  return { group, resource, subresource, namespace: resource === 'namespaces' && group === '' ? name : namespace };
}

/** Streams in both directions have no end that one could wait for. A watch has: its beginning. */
function isLongRunning({ verb, path, target }: RequestDigest): boolean {
  return target === undefined ? path.startsWith('/debug/pprof/') : isStream(verb, target);
}

function isStream(verb: string, { subresource }: ResourceTarget): boolean {
  return verb === 'proxy' || longRunningSubresources.has(subresource);
}

export function tooManyRequests(retryAfter: number): ApiResponse {
  return {
    status: 429,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'retry-after': String(retryAfter),
    },
    body: 'Too many requests, please try again later.\n',
  };
}

function shapeOf({ info, query }: LimitedCall, verb: string): ListShape {
  const limit = Number(query.get('limit'));
  const fieldSelector = query.get('fieldSelector');
  return {
    isWatch: verb === 'watch',
    isOfOneObject: (info.isResource && info.name !== '') || /(^|,)metadata\.name==?[^,]/.test(fieldSelector),
    limit: Number.isFinite(limit) ? limit : 0,
    hasSelector: fieldSelector !== '' || query.get('labelSelector') !== '',
    continueToken: query.get('continue'),
    resourceVersion: query.get('resourceVersion'),
    resourceVersionMatch: query.get('resourceVersionMatch'),
    sendInitialEvents: query.bool('sendInitialEvents'),
  };
}

/** What a request may take of the minute that it is given. */
function waitLimitOf(query: Query, verb: string, defaultMs: number): number {
  const [, amount, unit] = /^(\d+)(s|m)?$/.exec(query.get('timeout')) ?? [];
  if (amount === undefined || verb === 'watch') return defaultMs;
  return Math.min(60_000, (Number(amount) * (unit === 'm' ? 60_000 : 1000)) / 4);
}

export interface FairLimiterOptions {
  readonly flows: FlowController;
  readonly now: () => number;
  /** A quarter of the time that a request may take. */
  readonly waitLimitMs: number;
  sizeOf(target: ResourceTarget): ResourceSize | undefined;
}

/** API priority and fairness at the door of the pipeline. */
export function createFairLimiter(options: FairLimiterOptions): RequestLimiter {
  const { flows } = options;
  return {
    enter(call) {
      const digest = digestOf(call);
      if (isLongRunning(digest)) return undefined;
      const { verb, target } = digest;
      const flow = flows.classify(digest);
      const { headers, level } = flow;
      const isList = target !== undefined && target.subresource === '' && (verb === 'list' || verb === 'watch');
      const width = isList ? widthOfList(shapeOf(call, verb), options.sizeOf(target), level.maxSeats) : 1;
      const entered = flows.enter(flow, {
        width,
        waitLimitMs: waitLimitOf(call.query, verb, options.waitLimitMs),
        caller: call.request,
      });
      const refused = (): Pass => ({
        headers,
        retryAfter: level.retryAfter.refuse(options.now()),
        leave: () => undefined,
      });
      if (entered instanceof Promise)
        return entered.then((seat) => (seat === undefined ? refused() : { headers, leave: seat.leave }));
      return entered === undefined ? refused() : { headers, leave: entered.leave };
    },
  };
}

/** Two plain bounds on requests in flight, for servers without priority and fairness. */
export function createPlainLimiter(limits: { readonly readOnly: number; readonly mutating: number }): RequestLimiter {
  const readOnly = createInFlightLimit(limits.readOnly);
  const mutating = createInFlightLimit(limits.mutating);
  return {
    enter(call) {
      const digest = digestOf(call);
      if (digest.verb === 'watch' || isLongRunning(digest)) return undefined;
      const limit = ['get', 'list'].includes(digest.verb) ? readOnly : mutating;
      const leave = limit.enter();
      if (leave !== undefined) return { headers: {}, leave };
      if (digest.user.groups.includes('system:masters')) return undefined;
      return { headers: {}, retryAfter: 1, leave: () => undefined };
    },
  };
}
