import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Connection } from '../tables-runner/connection.ts';
import type { Names } from '../tables-runner/normalise.ts';
import { valueAt } from '../tables-runner/path.ts';
import { CaseFailure, type Exchange } from './case.ts';
import { createLeftovers } from './leftovers.ts';
import { parseBody } from './parse-body.ts';
import { type WatchEvent, type WatchOptions, watchEvents } from './watch.ts';

export type { WatchEvent } from './watch.ts';

/** Path in the answer -> value, pattern of a text, or a question that must be answered with true. */
export type Expected = Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly body?: unknown;
  readonly rawBody?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status, or those that are all fine. */
  readonly status?: number | readonly number[];
  readonly has?: Expected;
  readonly unstable?: boolean;
}

export interface CaseAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: unknown;
  at(path: string): unknown;
  textAt(path: string): string;
}

/** What a case works with: requests that check their answers, a namespace and names of its own, and assertions. */
export interface CaseContext {
  readonly rand: string;
  /** The case's own namespace, made at the first call, with its ServiceAccount in place. */
  namespace(): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<CaseAnswer>;
  get(path: string, options?: CallOptions): Promise<CaseAnswer>;
  post(path: string, body: unknown, options?: CallOptions): Promise<CaseAnswer>;
  put(path: string, body: unknown, options?: CallOptions): Promise<CaseAnswer>;
  /** A merge patch unless `type` says otherwise. */
  patch(path: string, body: unknown, options?: CallOptions): Promise<CaseAnswer>;
  delete(path: string, options?: CallOptions): Promise<CaseAnswer>;
  /** Opens a watch, runs `during`, and returns once enough events came; fails after 15 s. */
  watch(path: string, options: WatchOptions): Promise<WatchEvent[]>;
  /** Asks for another protocol; the socket is there when the server agreed. */
  upgrade: Connection['upgrade'];
  /** Repeats until `check` is true; fails after 10 s. */
  eventually(what: string, check: () => Promise<boolean>): Promise<void>;
  ok(claim: unknown, what: string): void;
  equal(actual: unknown, expected: unknown, what: string): void;
  /** Ends our server with SIGKILL and starts it on the same data; only for cases that need `restart`. */
  restart(): Promise<void>;
}

export interface ContextOptions {
  readonly connection: () => Connection;
  readonly restart?: (() => Promise<void>) | undefined;
  readonly namespacesEmptyThemselves: boolean;
}

export interface OpenContext extends AsyncDisposable {
  readonly context: CaseContext;
  readonly names: Names;
  readonly exchanges: readonly Exchange[];
}

const defaultStatus: Readonly<Record<string, number>> = { POST: 201 };

function shown(value: unknown): string {
  const text = value instanceof RegExp ? String(value) : JSON.stringify(value);
  return text === undefined ? '(absent)' : text.length > 600 ? `${text.slice(0, 600)}...` : text;
}

function holds(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return typeof actual === 'string' && expected.test(actual);
  if (typeof expected === 'function') return (expected as (value: unknown) => unknown)(actual) === true;
  return isDeepStrictEqual(actual, expected);
}

export function openContext({ connection, restart, namespacesEmptyThemselves }: ContextOptions): OpenContext {
  // Starts with a letter, so that it may begin any kind of name.
  const rand = `z${randomBytes(4).toString('hex')}`;
  const names: Names = { ns: `conformance-${rand}`, rand };
  const exchanges: Exchange[] = [];
  const leftovers = createLeftovers(names, connection, namespacesEmptyThemselves);
  let made: Promise<string> | undefined;

  const call = async (method: string, path: string, options: CallOptions = {}): Promise<CaseAnswer> => {
    const { body, rawBody, type = 'application/json', headers = {}, unstable = false } = options;
    const { status = defaultStatus[method] ?? 200, has } = options;
    const content = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const sent = { ...(content === undefined ? {} : { 'Content-Type': type }), ...headers };
    const request = { method, path, headers: sent, ...(content === undefined ? {} : { body: content }) };
    const response = await connection().send(request);
    const answer = parseBody(response.text, response.contentType);
    const exchange: Exchange = {
      method,
      path,
      requestType: content === undefined ? '' : type,
      accept: headers['Accept'] ?? '',
      status: response.status,
      contentType: response.contentType,
      warnings: response.warnings,
      body: answer,
      unstable,
      statusAsserted: false,
      bodyAsserted: false,
    };
    exchanges.push(exchange);
    leftovers.note(method, path, response.status, answer);
    const allowed: readonly number[] = typeof status === 'number' ? [status] : status;
    const where = `${method} ${path}`;
    if (!allowed.includes(response.status))
      throw new CaseFailure(`${where}: expected ${allowed.join(' or ')}, got ${response.status}: ${shown(answer)}`);
    exchange.statusAsserted = true;
    for (const [at, expected] of Object.entries(has ?? {})) {
      const actual = at === '' ? answer : valueAt(answer, at);
      if (!holds(actual, expected))
        throw new CaseFailure(`${where}: ${at || 'body'}: expected ${shown(expected)}, got ${shown(actual)}`);
      exchange.bodyAsserted = true;
    }
    return {
      ...response,
      body: answer,
      at: (at) => valueAt(answer, at),
      textAt: (at) => String(valueAt(answer, at) ?? ''),
    };
  };

  const makeNamespace = async (): Promise<string> => {
    const send = (method: string, path: string, body?: string) =>
      connection().send({
        method,
        path,
        headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
    const object = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: names.ns } });
    const { status, text } = await send('POST', '/api/v1/namespaces', object);
    if (status !== 201) throw new CaseFailure(`cannot create namespace ${names.ns}: ${status} ${text}`);
    leftovers.namespaceMade();
    for (let tries = 0; tries < 200; tries++) {
      if ((await send('GET', `/api/v1/namespaces/${names.ns}/serviceaccounts/default`)).status === 200) return names.ns;
      await sleep(20);
    }
    throw new CaseFailure(`ServiceAccount default did not appear in namespace ${names.ns}`);
  };

  const context: CaseContext = {
    rand,
    namespace: () => {
      made ??= makeNamespace();
      return made;
    },
    call,
    get: (path, options) => call('GET', path, options),
    post: (path, body, options) => call('POST', path, { body, ...options }),
    put: (path, body, options) => call('PUT', path, { body, ...options }),
    patch: (path, body, options) => call('PATCH', path, { body, type: 'application/merge-patch+json', ...options }),
    delete: (path, options) => call('DELETE', path, options),
    watch: async (path, options) => {
      const { events, exchange } = await watchEvents(connection(), path, options);
      exchanges.push(exchange);
      return events;
    },
    upgrade: (...asked) => connection().upgrade(...asked),
    eventually: async (what, check) => {
      const end = Date.now() + 10_000;
      while (!(await check())) {
        if (Date.now() > end) throw new CaseFailure(`not within 10 s: ${what}`);
        await sleep(50);
      }
    },
    ok: (claim, what) => {
      if (claim !== true) throw new CaseFailure(what);
    },
    equal: (actual, expected, what) => {
      if (!holds(actual, expected)) throw new CaseFailure(`${what}: expected ${shown(expected)}, got ${shown(actual)}`);
    },
    restart: async () => {
      if (restart === undefined) throw new CaseFailure('this cluster cannot be restarted');
      await restart();
    },
  };
  return { context, names, exchanges, [Symbol.asyncDispose]: leftovers.remove };
}
