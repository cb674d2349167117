import { apiVersionOf, groupResourceName, type KubeObject } from '../../../api/object.ts';
import type { QuotaEvaluator } from '../../../api/quota/evaluator.ts';
import { quotaEvaluatorFor } from '../../../api/quota/evaluators.ts';
import type { Discovered, DiscoveredResource } from '../../client/discovery.ts';
import type { Informer } from '../../client/informer.ts';
import type { Informers } from '../../client/informers.ts';

/** How objects of one resource changed what quotas of their namespace count. */
export type Replenished = (evaluator: QuotaEvaluator, namespace: string, isGrowth: boolean) => void;

interface Monitor {
  readonly informer: Informer;
  readonly subscription: Disposable;
}

export interface Quotable {
  readonly resource: DiscoveredResource;
  readonly evaluator: QuotaEvaluator;
}

/** What is counted by more than its number, and so by more than metadata. */
const whole: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'persistentvolumeclaims',
  'resourceclaims.resource.k8s.io',
]);
const verbs = ['create', 'list', 'watch', 'delete'];

/** The resources that quotas can count, watched once a quota counts them. */
export class QuotableResources {
  readonly #informers: Informers;
  readonly #replenished: Replenished;
  readonly #monitors = new Map<string, Monitor>();
  #quotable: ReadonlyMap<string, Quotable> = new Map();

  constructor(informers: Informers, replenished: Replenished) {
    this.#informers = informers;
    this.#replenished = replenished;
  }

  sync({ resources, failures }: Discovered): void {
    const quotable = new Map<string, Quotable>();
    for (const resource of resources) {
      if (!resource.namespaced || !resource.isPreferred || !verbs.every((verb) => resource.verbs.includes(verb)))
        continue;
      const evaluator = quotaEvaluatorFor(groupResourceName(resource));
      if (evaluator !== undefined) quotable.set(groupResourceName(resource), { resource, evaluator });
    }
    for (const [name, one] of this.#quotable)
      if (!quotable.has(name) && failures.has(apiVersionOf(one.resource))) quotable.set(name, one);
    for (const [name, { subscription }] of this.#monitors) {
      if (quotable.has(name)) continue;
      subscription[Symbol.dispose]();
      this.#monitors.delete(name);
    }
    this.#quotable = quotable;
  }

  /** What uses some of these names. */
  among(names: readonly string[]): Quotable[] {
    return [...this.#quotable.values()].filter(({ evaluator }) => evaluator.resourcesAmong(names).length > 0);
  }

  /** Watched from now on. */
  informerOf({ resource, evaluator }: Quotable): Informer {
    const name = groupResourceName(resource);
    const present = this.#monitors.get(name);
    if (present !== undefined) return present.informer;
    const isWhole = whole.has(name);
    const informer = isWhole ? this.#informers.of(resource) : this.#informers.metadataOf(resource);
    const tell = ({ metadata }: Readonly<KubeObject>, isGrowth: boolean): void =>
      this.#replenished(evaluator, metadata?.namespace ?? '', isGrowth);
    const subscription = informer.subscribe({
      added: (object) => tell(object, true),
      ...(isWhole ? { updated: (object: Readonly<KubeObject>) => tell(object, true) } : {}),
      deleted: (object) => tell(object, false),
    });
    this.#monitors.set(name, { informer, subscription });
    return informer;
  }
}
