import type { Kubelet } from './kubelet.ts';
import type { NodePlace, NodePlaces } from './node-places.ts';
import type { Node, NodeOptions } from './node-status.ts';
import { internalAddress, isRequested, requestedOptions, type UsualNode } from './requested-node.ts';

export interface AddedNodesDeps {
  readonly places: NodePlaces;
  readonly usual: UsualNode;
  isFree(place: NodePlace, name: string): boolean;
  /** Makes the kubelet and lets it begin; it works until `signal` aborts. */
  begin(options: NodeOptions, signal: AbortSignal): Kubelet;
  /** The node has been deleted: nobody finds its kubelet any more. */
  leave(name: string): void;
  /** Nothing of it runs now. */
  gone(name: string): void;
  onError(error: unknown): void;
}

interface Added {
  readonly place: NodePlace;
  readonly closed: AbortController;
  kubelet?: Kubelet;
}

/** Kubelets of nodes that somebody creates, and deletes, while the cluster runs. */
export class AddedNodes {
  readonly #deps: AddedNodesDeps;
  readonly #running = new Map<string, Added>();
  /** A node may come again before the one of its name has ended. */
  readonly #ending = new Map<string, Promise<void>>();

  constructor(deps: AddedNodesDeps) {
    this.#deps = deps;
  }

  /** A node came or changed. */
  see(node: Readonly<Node>): void {
    const { name = '' } = node.metadata ?? {};
    if (this.#running.has(name) || !isRequested(node)) return;
    const { places, isFree, onError } = this.#deps;
    const place = places.take(internalAddress(node), (one) => isFree(one, name));
    if (place === undefined) {
      onError(new Error(`no addresses left for node ${name}`));
      return;
    }
    const added: Added = { place, closed: new AbortController() };
    this.#running.set(name, added);
    const before = this.#ending.get(name);
    if (before === undefined) this.#begin(node, added);
    else void before.then(() => this.#begin(node, added));
  }

  /** A node has gone. */
  end(name: string): void {
    const added = this.#running.get(name);
    if (added === undefined) return;
    this.#running.delete(name);
    added.closed.abort();
    this.#deps.leave(name);
    const ending = this.#end(name, added, this.#ending.get(name)).catch(this.#deps.onError);
    this.#ending.set(name, ending);
    void ending.then(() => {
      if (this.#ending.get(name) === ending) this.#ending.delete(name);
    });
  }

  /** The process ends. */
  close(): void {
    for (const { closed, kubelet } of this.#running.values()) {
      closed.abort();
      kubelet?.close();
    }
  }

  #begin(node: Readonly<Node>, added: Added): void {
    const { signal } = added.closed;
    if (signal.aborted) return;
    added.kubelet = this.#deps.begin(requestedOptions(node, added.place, this.#deps.usual), signal);
  }

  async #end(name: string, { kubelet, place }: Added, before: Promise<void> | undefined): Promise<void> {
    await before;
    if (kubelet !== undefined) {
      await kubelet.end();
      this.#deps.gone(name);
    }
    this.#deps.places.release(place);
  }
}
