import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import type { GroupVersionResource, KubeObject } from '../../../api/object.ts';
import { Informer } from '../../client/informer.ts';
import type { Informers } from '../../client/informers.ts';
import { unlessMissing } from '../../framework/status-cause.ts';

/** One object, as it is by now. */
export interface FollowedObject<T extends KubeObject> {
  /** Undefined: there is no such object. */
  current(): Readonly<T> | undefined;
  /** Calls back whenever it came, changed or went. */
  onChange(callback: () => void): Disposable;
  stop(): void;
}

interface Entry {
  readonly informer: Informer;
  readonly stop: AbortController;
  users: number;
}

export interface FollowedObjectsDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly informers: Pick<Informers, 'of'>;
  onError(error: unknown): void;
}

/** Every namespace has one and nearly every pod mounts it: one watch for all, which their publisher has, too. */
const rootCertificates = 'kube-root-ca.crt';

/** Follows just those objects that volumes are made of: one watch for each, as long as anybody uses it. */
export class FollowedObjects {
  readonly #deps: FollowedObjectsDeps;
  readonly #entries = new Map<string, Entry>();

  constructor(deps: FollowedObjectsDeps) {
    this.#deps = deps;
  }

  /** How many objects have a watch of their own. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves when it is known whether there is such an object; throws what keeps it from being known. */
  async follow<T extends KubeObject>(
    resource: GroupVersionResource,
    namespace: string,
    name: string,
  ): Promise<FollowedObject<T>> {
    const key = `${namespace}/${name}`;
    const { informer, release } = await this.#informerOf<T>(resource, namespace, name);
    if (!informer.hasSynced) await informer.whenTried();
    // What is not there may be newer than what is known here.
    let first: Readonly<T> | undefined;
    if (informer.get(key) === undefined) {
      try {
        first = await unlessMissing(this.#deps.client.get<T>(resource, namespace, name));
      } catch (error) {
        release();
        throw error;
      }
    }
    return {
      current: () => {
        const found = informer.get(key);
        if (found !== undefined) first = undefined;
        return found ?? first;
      },
      onChange: (callback) => {
        const about =
          (isGone: boolean) =>
          ({ metadata }: Readonly<T>, isInitial?: unknown) => {
            if (isInitial === true || metadata?.name !== name || metadata.namespace !== namespace) return;
            if (isGone) first = undefined;
            callback();
          };
        return informer.subscribe({ added: about(false), updated: about(false), deleted: about(true) });
      },
      stop: release,
    };
  }

  async #informerOf<T extends KubeObject>(resource: GroupVersionResource, namespace: string, name: string) {
    const { client, clock, informers, onError } = this.#deps;
    if (name === rootCertificates && resource.resource === 'configmaps') {
      const informer = informers.of<T>(resource, { fieldSelector: `metadata.name=${name}` });
      if (!informer.hasSynced) await informer.whenTried();
      // Who may read its own pods' alone follows each by itself.
      if (informer.hasSynced) return { informer, release: () => undefined };
    }
    const key = `${resource.resource}/${namespace}/${name}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const scope = { namespace, fieldSelector: `metadata.name=${name}` };
      entry = {
        informer: new Informer(resource, scope, { client, clock, onError }),
        stop: new AbortController(),
        users: 0,
      };
      this.#entries.set(key, entry);
      void entry.informer.run(entry.stop.signal);
    }
    const used = entry;
    used.users++;
    const release = (): void => {
      if (--used.users > 0) return;
      used.stop.abort();
      this.#entries.delete(key);
    };
    return { informer: used.informer as unknown as Informer<T>, release };
  }
}
