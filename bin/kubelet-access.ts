import type { TLSSocket } from 'node:tls';
import type { ApiClient } from '../api/client.ts';
import type { Clock } from '../api/clock.ts';
import { rawRequestOf } from '../server/http/app.ts';
import { type ApiRequest, type ApiResponse, headerOf } from '../server/http/message.ts';
import { isPermitted, type ReviewedUser, userOfToken } from './delegated-reviews.ts';

export interface KubeletAccessOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Whether those who do not say who they are are `system:anonymous`, or nobody. */
  readonly isAnonymousAllowed: boolean;
  readonly mode: 'Webhook' | 'AlwaysAllow';
}

/** Undefined: may pass. Else the answer. */
export type KubeletAccess = (request: ApiRequest, node: string) => Promise<ApiResponse | undefined>;

/** As a kubelet remembers what it was told. */
const tokenMs = 2 * 60_000;
const allowedMs = 5 * 60_000;
const deniedMs = 30_000;
const maxRemembered = 1024;

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Which subresources of the node a path stands for: any of them will do. Upstream: GetRequestAttributes. */
export function subresourcesOf(path: string): readonly string[] {
  const [, first = ''] = path.split('/');
  switch (first) {
    case 'pods':
    case 'runningpods':
      return ['pods', 'proxy'];
    case 'healthz':
    case 'configz':
      return [first, 'proxy'];
    case 'stats':
    case 'metrics':
    case 'checkpoint':
    case 'statusz':
      return [first];
    case 'logs':
      return ['log'];
    case 'flagz':
      return ['configz'];
    default:
      return ['proxy'];
  }
}

/** Remembers answers for a while; concurrent questions of one kind are asked once. */
function createMemory<T>(clock: Clock, lifetimeOf: (value: T) => number) {
  const known = new Map<string, { readonly until: number; readonly value: T }>();
  const asking = new Map<string, Promise<T>>();
  return (key: string, ask: () => Promise<T>): Promise<T> => {
    const found = known.get(key);
    if (found !== undefined && found.until > clock.now()) return Promise.resolve(found.value);
    const running = asking.get(key);
    if (running !== undefined) return running;
    const asked = ask()
      .then((value) => {
        known.delete(key);
        known.set(key, { value, until: clock.now() + lifetimeOf(value) });
        const [oldest] = known.keys();
        if (known.size > maxRemembered && oldest !== undefined) known.delete(oldest);
        return value;
      })
      .finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  };
}

function ofCertificate(request: ApiRequest): ReviewedUser | undefined {
  const socket = rawRequestOf(request)?.socket as Partial<TLSSocket> | undefined;
  if (socket?.authorized !== true) return undefined;
  const subject = socket.getPeerCertificate?.().subject as { CN?: string; O?: string | string[] } | undefined;
  if (subject?.CN === undefined) return undefined;
  return { username: subject.CN, groups: [...[subject.O ?? []].flat(), 'system:authenticated'] };
}

function text(status: number, body: string): ApiResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** Who comes, by certificate or by asking the API server, and whether the API server lets them. */
export function createKubeletAccess({ client, clock, isAnonymousAllowed, mode }: KubeletAccessOptions): KubeletAccess {
  const users = createMemory<ReviewedUser | undefined>(clock, () => tokenMs);
  const decisions = createMemory<boolean>(clock, (isAllowed) => (isAllowed ? allowedMs : deniedMs));

  const userOf = async (request: ApiRequest): Promise<ReviewedUser | undefined> => {
    const certified = ofCertificate(request);
    if (certified !== undefined) return certified;
    const token = /^Bearer (.+)$/i.exec(headerOf(request, 'authorization'))?.[1];
    if (token !== undefined) return users(token, () => userOfToken(client, token));
    return isAnonymousAllowed ? { username: 'system:anonymous', groups: ['system:unauthenticated'] } : undefined;
  };

  return async (request, node) => {
    let user: ReviewedUser | undefined;
    try {
      user = await userOf(request);
    } catch {
      // As a kubelet has it: whoever cannot be told is nobody.
    }
    if (user === undefined) return text(401, 'Unauthorized');
    if (mode === 'AlwaysAllow') return undefined;
    const { username } = user;
    const verb = verbs[request.method] ?? '';
    const subresources = subresourcesOf(request.path);
    const about = `user=${username}, verb=${verb}, resource=nodes`;
    for (const subresource of subresources) {
      const asked = { verb, version: 'v1', resource: 'nodes', subresource, name: node };
      try {
        const key = JSON.stringify([username, user.groups, asked]);
        if (await decisions(key, () => isPermitted(client, user, { resourceAttributes: asked }))) return undefined;
      } catch {
        return text(500, `Authorization error (${about}, subresource=${subresource})`);
      }
    }
    return text(403, `Forbidden (${about}, subresource(s)=[${subresources.join(' ')}])\n`);
  };
}
