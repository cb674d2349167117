import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import { Informer, type InformerDeps, type InformerScope } from './informer.ts';

interface Entry {
  readonly informer: Informer;
  readonly stop: AbortController;
  readonly running: Promise<void>;
}

/** One informer for each resource and scope, shared by all who ask; each begins when it is first asked for. */
export class Informers {
  readonly #deps: InformerDeps;
  readonly #signal: AbortSignal;
  readonly #informers = new Map<string, Entry>();

  /** All end when `signal` aborts. */
  constructor(deps: InformerDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  of<T extends KubeObject>(resource: GroupVersionResource, scope: InformerScope = {}): Informer<T> {
    const key = keyOf(resource, scope);
    let entry = this.#informers.get(key);
    if (entry === undefined) {
      const informer = new Informer(resource, scope, this.#deps);
      const stop = new AbortController();
      entry = { informer, stop, running: informer.run(AbortSignal.any([this.#signal, stop.signal])) };
      this.#informers.set(key, entry);
    }
    return entry.informer as unknown as Informer<T>;
  }

  /** A full one that others have asked for already serves who needs metadata alone. */
  metadataOf(resource: GroupVersionResource): Informer {
    const full = this.#informers.get(keyOf(resource, {}));
    return full?.informer ?? this.of(resource, { metadataOnly: true });
  }

  /** Ends the metadata-only one of a resource that is served no more. */
  forgetMetadataOf(resource: GroupVersionResource): void {
    const key = keyOf(resource, { metadataOnly: true });
    this.#informers.get(key)?.stop.abort();
    this.#informers.delete(key);
  }

  all(): Informer[] {
    return [...this.#informers.values()].map(({ informer }) => informer);
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ running }) => running));
  }
}

function keyOf({ group, version, resource }: GroupVersionResource, scope: InformerScope): string {
  const { namespace = '', labelSelector = '', fieldSelector = '', metadataOnly = false } = scope;
  return [group, version, resource, namespace, labelSelector, fieldSelector, metadataOnly].join('|');
}
