import type { Clock, Random } from '../../api/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Caches } from '../watch/caches.ts';
import type { Manage } from './field-management.ts';
import type { StoredResource } from './resource.ts';
import type { StrategyContext, StrategyDeps, UserInfo } from './strategy.ts';

/** What the writing functions need; made once when the server is wired. */
export interface RegistryDeps {
  readonly store: ObjectStore;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly random: Random;
  readonly strategyDeps: StrategyDeps;
  /** Who manages what the server itself writes, by its name or another; without it nobody does. */
  readonly own?: (stored: StoredResource, subresource: string, manager?: string) => Manage;
}

export type WriteOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One write as admission sees it, before and after the registry's own rules. */
export interface Admission {
  /** May change `object`. Throws StatusError. */
  mutate(
    operation: WriteOperation,
    object: KubeObject | undefined,
    old: Readonly<KubeObject> | undefined,
  ): Promise<void> | void;
  validate(
    operation: WriteOperation,
    object: Readonly<KubeObject> | undefined,
    old: Readonly<KubeObject> | undefined,
  ): Promise<void> | void;
}

/** Admission of writes that the server does on its own behalf. */
export const admitAll: Admission = { mutate: () => undefined, validate: () => undefined };

export interface WriteRequest {
  readonly user: UserInfo;
  /** The namespace of the URL, '' for cluster-scoped resources. */
  readonly namespace: string;
  readonly dryRun: boolean;
  /** '' for the resource itself. */
  readonly subresource: string;
  /** `v1`, `apps/v1`: the version the client speaks; the server's own writes have none. */
  readonly apiVersion?: string;
  readonly admission: Admission;
  /** Says who manages which field; without it managers stay as they are stored. */
  readonly manage?: Manage;
  /** Adds a Warning header. */
  warn(text: string): void;
}

/** What a write leaves: the object and its bytes in the stored version. */
export interface Written {
  readonly object: Readonly<KubeObject>;
  readonly value: Uint8Array;
  readonly created: boolean;
}

export function strategyContext(deps: RegistryDeps, request: WriteRequest): StrategyContext {
  const { user, namespace, apiVersion } = request;
  return {
    now: deps.clock.now(),
    user,
    namespace,
    uuid: () => deps.random.uuid(),
    warn: (text) => request.warn(text),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

export function currentObject(stored: StoredResource, key: string): Readonly<KubeObject> | undefined {
  const entry = stored.cache.entries.get(key);
  return entry === undefined ? undefined : stored.cache.objectOf(entry);
}
