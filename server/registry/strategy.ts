import type { FieldErrors } from '../../api/field-error.ts';
import type { KubeObject } from '../../api/object.ts';
import type { DecodeMetadata } from '../../api/structural/embedded.ts';

export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a strategy may know of the request; nothing here does I/O. */
export interface StrategyContext {
  /** Milliseconds since the epoch, one reading per request. */
  readonly now: number;
  readonly user: UserInfo;
  readonly namespace: string;
  /** The group-version of the request, e.g. `events.k8s.io/v1`, where it is another than the stored one. */
  readonly apiVersion?: string;
  /** Random UUID, for fields that upstream fills with one. */
  uuid(): string;
  /** Adds a Warning header to the answer, whatever becomes of the write. */
  warn?(text: string): void;
}

/** Synchronous reads of other built-in resources from the server's caches; results are frozen and shared: never modify them. */
export interface ClusterReader {
  /** `resource` is `pods`, `deployments.apps` …; `namespace` is '' for cluster-scoped ones. */
  get<T extends KubeObject>(resource: string, namespace: string, name: string): Readonly<T> | undefined;
  /** All objects, or those of one namespace, in key order. */
  list<T extends KubeObject>(resource: string, namespace?: string): readonly Readonly<T>[];
}

/** Writes by the server on its own behalf (an IPAddress beside its Service …): no authentication, no admission. */
export interface ClusterWriter {
  create<T extends KubeObject>(resource: string, namespace: string, object: T): Promise<Readonly<T>>;
  update<T extends KubeObject>(resource: string, namespace: string, object: T): Promise<Readonly<T>>;
  delete(resource: string, namespace: string, name: string): Promise<void>;
}

/** Changes of the server's own making below strategies, validation and admission, status included. */
export interface ClusterRewriter {
  /** `change` sees the newest state, and is called again when another write came between. Throws NotFound. */
  rewrite<T extends KubeObject>(
    resource: string,
    namespace: string,
    name: string,
    change: (old: Readonly<T>) => T,
    /** '' or the subresource through which a client would write this; absent: nobody comes to manage it. */
    managedAt?: string,
  ): Promise<T>;
}

/** How an update is prepared and checked: the main resource has one, each updatable subresource another. */
export interface UpdateStrategy<T extends KubeObject = KubeObject> {
  /** Copies from `old` what this update may not touch (e.g. status). Generation is handled by the registry: see `Strategy.generation`. */
  prepareForUpdate?(object: T, old: Readonly<T>, context: StrategyContext): void;
  /** All errors, with paths. ObjectMeta's own rules (immutable name, uid, finalizers …) are checked by the registry before. */
  validateUpdate?(object: Readonly<T>, old: Readonly<T>, context: StrategyContext): FieldErrors;
  /** Texts for Warning headers. */
  warningsOnUpdate?(object: Readonly<T>, old: Readonly<T>): readonly string[];
}

/** A side effect that belongs to a write, e.g. an allocated address: committed after the write was stored, reverted when it failed or was a dry run. */
export interface Transaction {
  commit?(): void | Promise<void>;
  revert?(): void | Promise<void>;
}

/** The long-lived things that a strategy's hooks may use; handed over once when the server is wired. */
export interface StrategyDeps {
  readonly reader: ClusterReader;
  readonly writer: ClusterWriter;
  readonly random: { next(): number };
  readonly serviceClusterIPRange: string;
  readonly serviceNodePortRange: { readonly first: number; readonly last: number };
  /** Types the metadata of objects within objects. */
  readonly decodeMetadata?: DecodeMetadata;
}

/**
 * What one resource does differently, in its storage version. Plain data and pure functions; objects are decoded (types are right,
 * canonical: no nulls, no empty optional fields) but nothing else is promised about them.
 */
export interface Strategy<T extends KubeObject = KubeObject> extends UpdateStrategy<T> {
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  /** PUT to a name that does not exist creates it. Default false. */
  readonly allowCreateOnUpdate?: boolean;
  /** PUT without resourceVersion overwrites. Default true. */
  readonly allowUnconditionalUpdate?: boolean;
  /** metadata.generation starts at 1 and grows by 1 when spec changes (upstream keeps it only for some kinds). Default false. */
  readonly generation?: boolean;
  /** Which part of a change raises generation; default: spec. */
  generationChanged?(object: Readonly<T>, old: Readonly<T>): boolean;
  /** Checks metadata.name and generateName prefixes; default: DNS-1123 subdomain. Returns messages. */
  validateName?(name: string, prefix: boolean): readonly string[];
  /** Versioned defaults (SetDefaults_*): idempotent, run after decoding on create and update, before admission. */
  applyDefaults?(object: T): void;
  /** Clears what clients may not set (status …), fills what the server sets. */
  prepareForCreate?(object: T, context: StrategyContext): void;
  validateCreate?(object: Readonly<T>, context: StrategyContext): FieldErrors;
  warningsOnCreate?(object: Readonly<T>): readonly string[];
  /** Updatable subresources that carry the object's own kind: status, resize, ephemeralcontainers, approval, finalize … */
  readonly subresources?: Readonly<Record<string, UpdateStrategy<T>>>;
  /** Present: deletion may be graceful. Returns the seconds to wait (0: now), given what the client asked for (undefined: nothing). */
  gracePeriodSeconds?(object: Readonly<T>, requested: number | undefined): number;
  /** Finalizers that a plain delete of this kind adds or that hold it (namespaces: spec.finalizers). */
  isHeldByFinalizers?(object: Readonly<T>): boolean;
  /** Present: the first request to delete does nothing but what this does to the object, which stays for now. */
  markForDeletion?(object: T, now: number): void;
  /** Runs when deletion begins without removing the object (sets phase Terminating …). */
  prepareForDelete?(object: T): void;
  /** Texts for Warning headers of deletions, of one or of a collection; `namesPropagation`: the client said what becomes of dependents. */
  warningsOnDelete?(namesPropagation: boolean): readonly string[];
  /** Default propagation when the client names none. Default background. */
  readonly defaultPropagation?: 'Background' | 'Orphan' | 'Foreground';
  /**
   * Allocation and other side effects; may change `object`. As upstream's BeginCreate and BeginUpdate: after admission's mutation and
   * BEFORE prepareForCreate/Update and validation, which see what was allocated; a later failure reverts. `dryRun` must leave nothing behind.
   */
  beginCreate?(object: T, deps: StrategyDeps, dryRun: boolean): Promise<Transaction | undefined>;
  beginUpdate?(object: T, old: Readonly<T>, deps: StrategyDeps, dryRun: boolean): Promise<Transaction | undefined>;
  afterDelete?(object: Readonly<T>, deps: StrategyDeps): Promise<void>;
}

/** For tables that hold strategies of many kinds: methods are bivariant, so a `Strategy<Pod>` may stand here. */
export type AnyStrategy = Strategy;
