import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import type { FollowedObject, FollowedObjects } from './followed-objects.ts';

/** The objects that one pod's volumes are made of, followed as long as the pod is there. */
export class PodObjects {
  readonly #namespace: string;
  readonly #all: FollowedObjects;
  readonly #followed = new Map<string, Promise<FollowedObject<KubeObject>>>();
  #isClosed = false;

  constructor(namespace: string, all: FollowedObjects) {
    this.#namespace = namespace;
    this.#all = all;
  }

  /** Known from then on. Throws what keeps it from being known. */
  async follow<T extends KubeObject>(resource: GroupVersionResource, name: string): Promise<FollowedObject<T>> {
    const key = `${resource.resource}/${name}`;
    let following = this.#followed.get(key);
    if (following === undefined) {
      following = this.#all.follow<KubeObject>(resource, this.#namespace, name);
      this.#followed.set(key, following);
    }
    try {
      const followed = await following;
      if (this.#isClosed) followed.stop();
      return followed as FollowedObject<T>;
    } catch (error) {
      this.#followed.delete(key);
      throw error;
    }
  }

  /** Resolves when any of them changes, or `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    const followed = await Promise.allSettled(this.#followed.values());
    if (signal.aborted) return;
    const subscriptions = followed.map((one) => (one.status === 'fulfilled' ? one.value.onChange(resolve) : undefined));
    await promise;
    for (const subscription of subscriptions) subscription?.[Symbol.dispose]();
  }

  close(): void {
    this.#isClosed = true;
    for (const following of this.#followed.values())
      void following.then(
        (followed) => followed.stop(),
        () => undefined,
      );
    this.#followed.clear();
  }
}
