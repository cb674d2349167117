import type { ApiClient } from '../../api/client.ts';
import {
  apiVersionOf,
  type GroupVersionKind,
  type GroupVersionResource,
  type KubeObject,
  type OwnerReference,
} from '../../api/object.ts';
import { StatusError } from '../../api/status.ts';
import type { Informer } from '../client/informer.ts';
import { isNotFound } from '../framework/status-cause.ts';

/** The one owner that manages an object. */
export function controllerOf(object: Readonly<KubeObject>): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

export function isControlledBy(object: Readonly<KubeObject>, owner: Readonly<KubeObject>): boolean {
  const uid = controllerOf(object)?.uid;
  return uid !== undefined && uid === owner.metadata?.uid;
}

/** The reference that makes `owner` the controller of an object. */
export function controllerRef(owner: Readonly<KubeObject>, gvk: GroupVersionKind): OwnerReference {
  return {
    apiVersion: apiVersionOf(gvk),
    kind: gvk.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    blockOwnerDeletion: true,
    controller: true,
  };
}

const controllerIndex = 'controller';

/** Lets `ownedBy` and `orphansOf` find an informer's objects by their controller. */
export function indexByController<T extends KubeObject>(informer: Informer<T>): void {
  informer.index(controllerIndex, (object) => [controllerOf(object)?.uid ?? orphanKey(object.metadata?.namespace)]);
}

function orphanKey(namespace = ''): string {
  return `orphans of ${namespace}`;
}

export function ownedBy<T extends KubeObject>(informer: Informer<T>, owner: Readonly<KubeObject>): Readonly<T>[] {
  return informer.by(controllerIndex, owner.metadata?.uid ?? '');
}

/** Objects of a namespace that nobody controls. */
export function orphansOf<T extends KubeObject>(informer: Informer<T>, namespace: string): Readonly<T>[] {
  return informer.by(controllerIndex, orphanKey(namespace));
}

/** Those that `claim` has to look at. */
export function ownedOrOrphans<T extends KubeObject>(
  informer: Informer<T>,
  owner: Readonly<KubeObject>,
): Readonly<T>[] {
  return [...ownedBy(informer, owner), ...orphansOf(informer, owner.metadata?.namespace ?? '')];
}

export interface Claim<T extends KubeObject> {
  readonly client: ApiClient;
  readonly owner: Readonly<KubeObject>;
  readonly ownerKind: GroupVersionKind;
  readonly ownerResource: GroupVersionResource;
  /** Of the objects that are claimed. */
  readonly resource: GroupVersionResource;
  readonly matches: (object: Readonly<T>) => boolean;
  /** Come with the reference and go with it. */
  readonly finalizers?: readonly string[];
}

/**
 * Those of `objects` that belong to the owner: orphans that match are adopted, its own that do not match any more are released. An owner
 * that is being deleted does neither. All are tried before the first failure is thrown.
 */
export async function claim<T extends KubeObject>(
  claim: Claim<T>,
  objects: readonly Readonly<T>[],
): Promise<Readonly<T>[]> {
  const isLeaving = claim.owner.metadata?.deletionTimestamp !== undefined;
  const claimed: Readonly<T>[] = [];
  const failures: unknown[] = [];
  let allowed: Promise<void> | undefined;
  const mayAdopt = (): Promise<void> => {
    allowed ??= refuseIfDeleted(claim);
    return allowed;
  };
  for (const object of objects) {
    const present = controllerOf(object);
    const isOwn = present !== undefined && present.uid === claim.owner.metadata?.uid;
    if (present !== undefined && !isOwn) continue;
    const isMatch = claim.matches(object);
    if (isOwn && isMatch) claimed.push(object);
    else if ((isOwn || isMatch) && !isLeaving) {
      try {
        if (isOwn) await release(claim, object);
        else if (await adopt(claim, object, mayAdopt)) claimed.push(object);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
  return claimed;
}

/** The informer may not have seen that the owner goes: adopting for it then would keep orphans from those who come after. */
export async function refuseIfDeleted(
  claim: Pick<Claim<KubeObject>, 'client' | 'owner' | 'ownerResource'>,
): Promise<void> {
  const { client, owner, ownerResource } = claim;
  const { namespace = '', name = '', uid } = owner.metadata ?? {};
  const fresh = await client.get(ownerResource, namespace, name);
  if (fresh.metadata?.uid !== uid) {
    throw new StatusError('Conflict', `original ${ownerResource.resource} ${namespace}/${name} is gone`);
  }
  if (fresh.metadata?.deletionTimestamp !== undefined) {
    throw new StatusError('Conflict', `${namespace}/${name} has just been deleted`);
  }
}

async function adopt<T extends KubeObject>(
  claim: Claim<T>,
  object: Readonly<T>,
  mayAdopt: () => Promise<void>,
): Promise<boolean> {
  if (object.metadata?.deletionTimestamp !== undefined) return false;
  await mayAdopt();
  const { owner, ownerKind, finalizers } = claim;
  const patch = {
    metadata: {
      uid: object.metadata?.uid,
      ownerReferences: [controllerRef(owner, ownerKind)],
      ...(finalizers === undefined ? {} : { finalizers }),
    },
  };
  try {
    await patchMeta(claim, object, patch);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** It may have gone, or have come again under the same name: then there is nothing to release. */
async function release<T extends KubeObject>(claim: Claim<T>, object: Readonly<T>): Promise<void> {
  const { owner, finalizers } = claim;
  const patch = {
    metadata: {
      uid: object.metadata?.uid,
      ownerReferences: [{ $patch: 'delete', uid: owner.metadata?.uid }],
      ...(finalizers === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': finalizers }),
    },
  };
  try {
    await patchMeta(claim, object, patch);
  } catch (error) {
    if (!isNotFound(error) && !(error instanceof StatusError && error.reason === 'Invalid')) throw error;
  }
}

async function patchMeta<T extends KubeObject>(
  { client, resource }: Claim<T>,
  object: Readonly<T>,
  patch: unknown,
): Promise<void> {
  const { namespace = '', name = '' } = object.metadata ?? {};
  await client.patch({ resource, namespace, name, type: 'application/strategic-merge-patch+json' }, patch);
}
