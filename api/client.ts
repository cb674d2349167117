import type { GroupVersionResource, KubeObject } from './object.ts';
import type { WatchEvent } from './watch.ts';

export interface ListOptions {
  /** '' or absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  /** The reader looks at nothing but metadata: the rest need not come over the wire. */
  readonly metadataOnly?: boolean;
}

export interface ObjectList<T extends KubeObject> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly Readonly<T>[];
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WriteOptions {
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** An apply takes fields over from other managers. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

/**
 * How everything in runtime/ talks to a cluster. Failures are thrown as StatusError, absence of a named object as NotFound.
 * Objects handed out may be shared and frozen: copy before changing.
 */
export interface ApiClient {
  get<T extends KubeObject>(resource: GroupVersionResource, namespace: string, name: string): Promise<Readonly<T>>;
  list<T extends KubeObject>(resource: GroupVersionResource, options?: ListOptions): Promise<ObjectList<T>>;
  /** Ends quietly when `signal` aborts or the server ends the stream; throws StatusError Expired when the revision is too old. */
  watch<T extends KubeObject>(
    resource: GroupVersionResource,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(
    resource: GroupVersionResource,
    namespace: string,
    object: T,
    options?: WriteOptions,
  ): Promise<Readonly<T>>;
  update<T extends KubeObject>(
    resource: GroupVersionResource,
    namespace: string,
    object: T,
    options?: WriteOptions,
  ): Promise<Readonly<T>>;
  patch<T extends KubeObject>(target: PatchTarget, patch: unknown, options?: WriteOptions): Promise<Readonly<T>>;
  delete(resource: GroupVersionResource, namespace: string, name: string, options?: DeleteOptions): Promise<void>;
  /** Any other JSON request, by path and query: discovery, collections, scales, bindings, evictions, tokens. Upstream's Status is thrown as StatusError. */
  request<T>(method: string, path: string, body?: unknown, contentType?: string, accept?: string): Promise<T>;
}

export interface PatchTarget {
  readonly resource: GroupVersionResource;
  readonly namespace: string;
  readonly name: string;
  readonly type: PatchType;
}
