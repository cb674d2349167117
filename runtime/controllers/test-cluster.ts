import type { ApiClient, PatchTarget } from '../../api/client.ts';
import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { WatchEvent } from '../../api/watch.ts';
import { Discovery } from '../client/discovery.ts';
import { Informers } from '../client/informers.ts';
import { keyOf } from '../client/object-key.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { noMetrics } from '../framework/metrics.ts';
import { type ControllerManagerOptions, defaultOptions } from '../framework/options.ts';

type Json = Record<string, unknown>;

/** A cluster in memory, with a clock that tests move: enough for one controller at a time. */
export interface TestCluster {
  readonly context: ControllerContext;
  /** `reason: message` of each event. */
  readonly events: string[];
  readonly errors: unknown[];
  put(resource: string, object: object): void;
  get<T>(resource: string, key: string): T | undefined;
  /** Moves the clock in steps and lets what is due happen. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** The next writes to a resource fail. */
  failNext(resource: string, count: number): void;
  close(): void;
}

function merged(old: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) {
    const items = patch as Json[];
    if (!Array.isArray(old) || items.some((item) => typeof item !== 'object' || item['type'] === undefined))
      return patch;
    const kept = (old as Json[]).map((item) => ({ ...item, ...items.find(({ type }) => type === item['type']) }));
    return [...kept, ...items.filter(({ type }) => !kept.some((item: Json) => item['type'] === type))];
  }
  if (typeof patch !== 'object' || patch === null) return patch;
  const result: Json = { ...(old as Json | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    const [, list] = /^\$deleteFromPrimitiveList\/(.+)$/.exec(key) ?? [];
    if (list !== undefined)
      result[list] = (result[list] as unknown[]).filter((item) => !(value as unknown[]).includes(item));
    else if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

export function openTestCluster(options: Partial<ControllerManagerOptions> = {}): TestCluster {
  const objects = new Map<string, Map<string, KubeObject>>();
  const watchers = new Set<(resource: string, event: WatchEvent) => void>();
  const failures = new Map<string, number>();
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const stop = new AbortController();
  const events: string[] = [];
  const errors: unknown[] = [];
  let now = Date.UTC(2026, 0, 1);
  let revision = 0;

  const all = (resource: string): Map<string, KubeObject> => {
    const found = objects.get(resource) ?? new Map<string, KubeObject>();
    objects.set(resource, found);
    return found;
  };
  const store = (resource: string, object: KubeObject): KubeObject => {
    const key = keyOf(object);
    const old = all(resource).get(key);
    const { uid = old?.metadata?.uid ?? key } = object.metadata ?? {};
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(++revision) } };
    all(resource).set(key, stored);
    for (const tell of watchers) tell(resource, { type: old === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return stored;
  };
  const present = (resource: string, key: string): KubeObject => {
    const object = all(resource).get(key);
    if (object === undefined) throw new StatusError('NotFound', `${resource} "${key}" not found`);
    return object;
  };
  const guard = (resource: string): void => {
    const left = failures.get(resource) ?? 0;
    if (left === 0) return;
    failures.set(resource, left - 1);
    throw new StatusError('InternalError', 'told to fail');
  };
  const named = (namespace: string, name: string): string => keyOf({ metadata: { namespace, name } });
  const client: ApiClient = {
    get: async <T extends KubeObject>({ resource }: GroupVersionResource, namespace: string, name: string) =>
      present(resource, named(namespace, name)) as T,
    list: () => Promise.reject(new Error('not used')),
    request: () => Promise.reject(new Error('not used')),
    create: async <T extends KubeObject>({ resource }: GroupVersionResource, _namespace: string, object: T) => {
      guard(resource);
      return store(resource, object) as T;
    },
    update: async <T extends KubeObject>({ resource }: GroupVersionResource, _namespace: string, object: T) => {
      guard(resource);
      return store(resource, object) as T;
    },
    patch: async <T extends KubeObject>({ resource, namespace, name }: PatchTarget, patch: unknown) => {
      guard(resource.resource);
      return store(
        resource.resource,
        merged(present(resource.resource, named(namespace, name)), patch) as KubeObject,
      ) as T;
    },
    delete: async ({ resource }, namespace, name) => {
      const object = present(resource, named(namespace, name));
      all(resource).delete(named(namespace, name));
      for (const tell of watchers) tell(resource, { type: 'DELETED', object });
    },
    async *watch<T extends KubeObject>({ resource }: GroupVersionResource, _options: object, signal: AbortSignal) {
      const queue: WatchEvent[] = [...all(resource).values()].map((object) => ({ type: 'ADDED', object }));
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      queue.push({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(revision), annotations } } });
      let wake = (): void => undefined;
      const tell = (of: string, event: WatchEvent): void => {
        if (of === resource) queue.push(event);
        wake();
      };
      watchers.add(tell);
      signal.addEventListener('abort', () => wake(), { once: true });
      while (!signal.aborted) {
        for (let event = queue.shift(); event !== undefined; event = queue.shift()) yield event as WatchEvent<T>;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
  const clock = {
    now: () => now,
    after: (ms: number, callback: () => void) => {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    context: {
      client,
      informers: new Informers({ client, clock, onError: (error) => errors.push(error) }, stop.signal),
      clock,
      discovery: new Discovery(client),
      random: { next: () => 0.5, uuid: () => 'uuid' },
      options: { ...defaultOptions, rootCA: '', ...options },
      metrics: noMetrics,
      recorder: () => ({ record: (_about, _type, reason, message) => void events.push(`${reason}: ${message}`) }),
      onError: (error) => void errors.push(error),
    },
    events,
    errors,
    put: (resource, object) => void store(resource, object),
    get: <T>(resource: string, key: string) => all(resource).get(key) as T | undefined,
    pass: async (ms, stepMs = 1000) => {
      await settle();
      for (const end = now + ms; now < end; ) {
        now = Math.min(end, now + stepMs);
        for (const timer of [...timers].filter(({ at }) => at <= now)) if (timers.delete(timer)) timer.callback();
        await settle();
      }
    },
    failNext: (resource, count) => void failures.set(resource, count),
    close: () => stop.abort(),
  };
}
