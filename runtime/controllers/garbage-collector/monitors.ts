import { apiVersionOf, groupResourceName, type KubeObject } from '../../../api/object.ts';
import type { Discovered, DiscoveredResource } from '../../client/discovery.ts';
import type { Informer } from '../../client/informer.ts';
import type { Informers } from '../../client/informers.ts';
import type { OwnershipGraph } from './graph.ts';

/** Too many that live too short. */
const ignored: ReadonlySet<string> = new Set(['events', 'events.events.k8s.io']);

interface Monitor {
  readonly resource: DiscoveredResource;
  readonly informer: Informer;
  readonly subscription: Disposable;
}

function isCollected(resource: DiscoveredResource): boolean {
  return (
    resource.isPreferred &&
    ['delete', 'list', 'watch'].every((verb) => resource.verbs.includes(verb)) &&
    !ignored.has(groupResourceName(resource))
  );
}

/** Feeds the graph with all that can be watched and deleted, as the set of resources changes. */
export class Monitors {
  readonly #informers: Informers;
  readonly #graph: OwnershipGraph;
  readonly #monitors = new Map<string, Monitor>();

  constructor(informers: Informers, graph: OwnershipGraph) {
    this.#informers = informers;
    this.#graph = graph;
  }

  /** Whether there are others than before. */
  sync({ resources, failures }: Discovered): boolean {
    const wanted = new Map<string, DiscoveredResource>();
    for (const resource of resources) {
      if (isCollected(resource)) wanted.set(`${apiVersionOf(resource)}/${resource.resource}`, resource);
    }
    let hasChanged = false;
    for (const [key, monitor] of this.#monitors) {
      // What a silent server serves is still there.
      if (wanted.has(key) || failures.has(apiVersionOf(monitor.resource))) continue;
      hasChanged = true;
      this.#end(key, monitor);
    }
    for (const [key, resource] of wanted) {
      if (this.#monitors.has(key)) continue;
      hasChanged = true;
      this.#monitors.set(key, this.#begin(resource));
    }
    return hasChanged;
  }

  /** Servers that do not answer keep nobody waiting. */
  async whenSynced(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map(({ informer }) => informer.whenTried()));
  }

  #begin(resource: DiscoveredResource): Monitor {
    const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    const graph = this.#graph;
    const informer = this.#informers.metadataOf(resource);
    const subscription = informer.subscribe({
      added: (object) => graph.observe(type, object),
      updated: (object, old) => {
        if (concernsGraph(object, old)) graph.observe(type, object, old);
      },
      deleted: ({ metadata }) => graph.forget(metadata?.uid ?? ''),
    });
    return { resource, informer, subscription };
  }

  /** What it has shown stays in the graph: the objects may live on in another version. */
  #end(key: string, { resource, subscription }: Monitor): void {
    subscription[Symbol.dispose]();
    this.#monitors.delete(key);
    this.#informers.forgetMetadataOf(resource);
  }
}

function concernsGraph({ metadata = {} }: Readonly<KubeObject>, { metadata: old = {} }: Readonly<KubeObject>): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  const [references = [], oldReferences = []] = [metadata.ownerReferences, old.ownerReferences];
  return references.length > 0 || oldReferences.length > 0;
}
