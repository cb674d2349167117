import type { ApiClient, DeleteOptions } from '../../../api/client.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { KubeObject, OwnerReference } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { DiscoveredResource, Discovery } from '../../client/discovery.ts';
import { NotYet } from '../../framework/controller.ts';
import { retryOnConflict } from '../../framework/retry-on-conflict.ts';
import { isConflict, unlessMissing } from '../../framework/status-cause.ts';
import { type Identity, identityText } from './node.ts';

export type Propagation = NonNullable<DeleteOptions['propagationPolicy']>;

/** A cluster-wide object names an owner that lives in some namespace: nobody can say which. */
export class OwnerOutOfReach extends Error {}

interface Place {
  readonly resource: DiscoveredResource;
  readonly namespace: string;
}

/** Reads and writes objects of any kind by what owner references say of them. */
export class OwnedObjects {
  readonly #client: ApiClient;
  readonly #discovery: Discovery;

  constructor(client: ApiClient, discovery: Discovery) {
    this.#client = client;
    this.#discovery = discovery;
  }

  isNamespaced({ apiVersion, kind }: Pick<Identity, 'apiVersion' | 'kind'>): boolean {
    return this.#resourceOf(apiVersion, kind).namespaced;
  }

  /** Undefined: there is none. */
  async get(identity: Identity): Promise<Readonly<KubeObject> | undefined> {
    const { resource, namespace } = this.#placeOf(identity);
    return unlessMissing(this.#client.get(resource, namespace, identity.name));
  }

  /** Only while its owners are those of `latest`. False: it is gone already. */
  async delete(identity: Identity, latest: Readonly<KubeObject>, propagationPolicy: Propagation): Promise<boolean> {
    const { uid, name } = identity;
    const { resource, namespace } = this.#placeOf(identity);
    const { resourceVersion, ownerReferences } = latest.metadata ?? {};
    const attempt = async (preconditions: NonNullable<DeleteOptions['preconditions']>): Promise<boolean> => {
      const asked = this.#client.delete(resource, namespace, name, { preconditions, propagationPolicy });
      return (await unlessMissing(asked.then(() => true))) ?? false;
    };
    if (resourceVersion === undefined) return attempt({ uid });
    try {
      return await attempt({ uid, resourceVersion });
    } catch (error) {
      if (!isConflict(error)) throw error;
      const live = await this.get(identity);
      if (live === undefined) return false;
      const isUnrelated =
        live.metadata?.uid === uid &&
        live.metadata.resourceVersion !== resourceVersion &&
        semanticEqual(live.metadata.ownerReferences, ownerReferences);
      // Changes that do not concern owners shall not keep an object alive.
      if (isUnrelated) return attempt({ uid });
      throw error;
    }
  }

  /** Takes the references to these owners off. */
  async disown(identity: Identity, owners: readonly string[]): Promise<void> {
    const ownerReferences = owners.map((uid) => ({ $patch: 'delete', uid }));
    await this.#patchOwners(identity, ownerReferences, (references) =>
      references.filter(({ uid }) => !owners.includes(uid ?? '')),
    );
  }

  /** Its owners do not wait for it any more. */
  async unblock(identity: Identity, owners: readonly OwnerReference[]): Promise<void> {
    const blocking = owners.filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
    const unblocked = blocking.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    await this.#patchOwners(identity, unblocked, (references) =>
      references.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
    );
  }

  async removeFinalizer(identity: Identity, finalizer: string): Promise<void> {
    const { resource, namespace } = this.#placeOf(identity);
    const target = { resource, namespace, name: identity.name, type: 'application/merge-patch+json' } as const;
    try {
      await retryOnConflict(async () => {
        const { metadata } = (await this.get(identity)) ?? {};
        if (metadata?.finalizers?.includes(finalizer) !== true) return;
        const finalizers = metadata.finalizers.filter((one) => one !== finalizer);
        const { resourceVersion } = metadata;
        await unlessMissing(this.#client.patch(target, { metadata: { resourceVersion, finalizers } }));
      });
    } catch (error) {
      if (isConflict(error)) throw new NotYet(identityText(identity));
      throw error;
    }
  }

  /** A strategic merge patch; custom resources know none, and get the whole list. */
  async #patchOwners(
    identity: Identity,
    ownerReferences: readonly object[],
    change: (references: readonly OwnerReference[]) => readonly OwnerReference[],
  ): Promise<void> {
    const { resource, namespace } = this.#placeOf(identity);
    const target = { resource, namespace, name: identity.name } as const;
    const { uid } = identity;
    try {
      await this.#client.patch(
        { ...target, type: 'application/strategic-merge-patch+json' },
        { metadata: { uid, ownerReferences } },
      );
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'UnsupportedMediaType')) throw error;
      const live = await this.#client.get(resource, namespace, identity.name);
      const { resourceVersion } = live.metadata ?? {};
      const changed = change(live.metadata?.ownerReferences ?? []);
      await this.#client.patch(
        { ...target, type: 'application/merge-patch+json' },
        { metadata: { resourceVersion, uid, ownerReferences: changed } },
      );
    }
  }

  #resourceOf(apiVersion: string, kind: string): DiscoveredResource {
    const resource = this.#discovery.known(apiVersion, kind);
    if (resource === undefined) throw new NotYet(`unable to get REST mapping for ${apiVersion}/${kind}.`);
    return resource;
  }

  #placeOf({ apiVersion, kind, namespace }: Identity): Place {
    const resource = this.#resourceOf(apiVersion, kind);
    if (!resource.namespaced) return { resource, namespace: '' };
    if (namespace === '') throw new OwnerOutOfReach(`${apiVersion}/${kind}`);
    return { resource, namespace };
  }
}
