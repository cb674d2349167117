import type { GroupVersionResource, KubeObject } from '../../api/object.ts';
import { Informer, type InformerDeps, type InformerScope } from './informer.ts';

/** One informer for each resource and scope, shared by all who ask; each begins when it is first asked for. */
export class Informers {
  readonly #deps: InformerDeps;
  readonly #signal: AbortSignal;
  readonly #informers = new Map<string, { readonly informer: Informer; readonly running: Promise<void> }>();

  /** All end when `signal` aborts. */
  constructor(deps: InformerDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  of<T extends KubeObject>(resource: GroupVersionResource, scope: InformerScope = {}): Informer<T> {
    const { namespace = '', labelSelector = '', fieldSelector = '' } = scope;
    const key = [resource.group, resource.version, resource.resource, namespace, labelSelector, fieldSelector].join(
      '|',
    );
    let entry = this.#informers.get(key);
    if (entry === undefined) {
      const informer = new Informer(resource, scope, this.#deps);
      entry = { informer, running: informer.run(this.#signal) };
      this.#informers.set(key, entry);
    }
    return entry.informer as unknown as Informer<T>;
  }

  all(): Informer[] {
    return [...this.#informers.values()].map(({ informer }) => informer);
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ running }) => running));
  }
}
