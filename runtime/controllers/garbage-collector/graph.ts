import { semanticEqual } from '../../../api/equal.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from '../../../api/object.ts';
import type { AbsentOwners } from './absent-owners.ts';
import {
  alternateIdentity,
  dependentsOf,
  type GraphNode,
  type Identity,
  isSameCoordinates,
  isSameIdentity,
  partitionDependents,
  referredIdentity,
} from './node.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** What the graph wants looked at. */
export interface GraphWork {
  /** Whether this node may go, or must. */
  consider(uid: string): void;
  /** The same, not at once. */
  considerLater(uid: string): void;
  orphan(uid: string): void;
  /** A reference to an object of another namespace. */
  complain(dependent: Identity, owner: Identity): void;
}

type Metadata = Readonly<ObjectMeta>;

function startsDeletionWith(finalizer: string, metadata: Metadata, old: Metadata | undefined): boolean {
  const isAtIt = (meta: Metadata): boolean =>
    meta.deletionTimestamp !== undefined && meta.finalizers?.includes(finalizer) === true;
  return isAtIt(metadata) && !(old !== undefined && isAtIt(old));
}

/** Who owns whom, by uid, as informers tell it and references claim it. */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #work: GraphWork;
  readonly #absent: AbsentOwners;

  constructor(work: GraphWork, absent: AbsentOwners) {
    this.#work = work;
    this.#absent = absent;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An informer has shown an object, or how it changed. */
  observe(
    type: { readonly apiVersion: string; readonly kind: string },
    { metadata = {} }: Readonly<KubeObject>,
    old?: Readonly<KubeObject>,
  ): void {
    const identity = identityOf(type, metadata);
    let node = this.#nodes.get(identity.uid);
    if (node === undefined) {
      node = {
        identity,
        isVirtual: false,
        isBeingDeleted: metadata.deletionTimestamp !== undefined,
        isDeletingDependents:
          metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foregroundFinalizer) === true,
        owners: metadata.ownerReferences ?? [],
      };
      this.#nodes.set(identity.uid, node);
      this.#addToOwners(node, node.owners);
    } else {
      if (node.isVirtual) this.#materialize(node, identity);
      this.#changeOwners(node, metadata.ownerReferences ?? []);
      if (metadata.deletionTimestamp !== undefined) node.isBeingDeleted = true;
    }
    this.#transit(node, metadata, old?.metadata);
  }

  /** An informer has shown the end of an object. */
  forget(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node !== undefined) this.#remove(node);
  }

  /** The server says that nothing is at this place, or another object. */
  confirmAbsent(identity: Identity): void {
    const node = this.#nodes.get(identity.uid);
    if (node === undefined) return;
    const { matching, nonmatching } = partitionDependents(dependentsOf(node), identity);
    const isElsewhere = node.isVirtual ? nonmatching.length > 0 : !isSameIdentity(node.identity, identity);
    if (!isElsewhere) {
      this.#remove(node);
      return;
    }
    if (matching.length > 0) {
      this.#absent.add(identity);
      for (const dependent of matching) this.#work.consider(dependent.identity.uid);
    }
    if (!node.isVirtual || !isSameIdentity(node.identity, identity)) return;
    const other = alternateIdentity(nonmatching, identity);
    if (other === undefined) return;
    node.identity = other;
    this.#work.considerLater(other.uid);
  }

  #materialize(node: GraphNode, identity: Identity): void {
    node.isVirtual = false;
    if (isSameIdentity(node.identity, identity)) return;
    for (const dependent of partitionDependents(dependentsOf(node), identity).nonmatching) {
      if (identity.namespace !== '' && dependent.identity.namespace !== identity.namespace)
        this.#complain(dependent, identity.uid);
      this.#work.consider(dependent.identity.uid);
    }
    node.identity = identity;
  }

  #changeOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const old = new Map(node.owners.map((owner) => [owner.uid, owner]));
    const added = owners.filter(({ uid }) => !old.has(uid));
    const removed = node.owners.filter(({ uid }) => !owners.some((owner) => owner.uid === uid));
    const unblocked = owners.filter(
      ({ uid, blockOwnerDeletion }) => old.get(uid)?.blockOwnerDeletion === true && blockOwnerDeletion !== true,
    );
    const isSame = added.length === 0 && removed.length === 0 && semanticEqual(owners, node.owners);
    if (isSame) return;
    for (const { uid = '' } of [...removed.filter((owner) => owner.blockOwnerDeletion === true), ...unblocked])
      if (this.#nodes.has(uid)) this.#work.consider(uid);
    node.owners = owners;
    this.#addToOwners(node, added);
    for (const { uid = '' } of removed) this.#nodes.get(uid)?.dependents?.delete(node);
  }

  #addToOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const { namespace, uid } = node.identity;
    let isDoubtful = false;
    for (const reference of owners) {
      const known = this.#nodes.get(reference.uid ?? '');
      const owner = known ?? virtualNode(referredIdentity(reference, namespace));
      owner.dependents ??= new Set();
      owner.dependents.add(node);
      if (known === undefined) {
        this.#nodes.set(owner.identity.uid, owner);
        this.#work.consider(owner.identity.uid);
      } else if (!isDoubtful) isDoubtful = this.#isDoubtful(node, reference, owner);
    }
    if (isDoubtful) this.#work.consider(uid);
  }

  /** A reference that may mean another object than the one that has its uid. */
  #isDoubtful(node: GraphNode, reference: OwnerReference, owner: GraphNode): boolean {
    const isElsewhere = owner.identity.namespace !== node.identity.namespace;
    if (owner.identity.namespace !== '' && isElsewhere) {
      if (!owner.isVirtual) this.#complain(node, owner.identity.uid);
      return true;
    }
    if (!isSameCoordinates(reference, owner.identity)) return true;
    return isElsewhere && owner.isVirtual;
  }

  #complain(dependent: GraphNode, uid: string): void {
    const reference = dependent.owners.find((owner) => owner.uid === uid);
    if (reference === undefined) return;
    this.#work.complain(dependent.identity, referredIdentity(reference, dependent.identity.namespace));
  }

  #transit(node: GraphNode, metadata: Metadata, old: Metadata | undefined): void {
    const { uid } = node.identity;
    if (startsDeletionWith(orphanFinalizer, metadata, old)) {
      this.#work.orphan(uid);
      return;
    }
    if (!startsDeletionWith(foregroundFinalizer, metadata, old)) return;
    node.isDeletingDependents = true;
    for (const dependent of dependentsOf(node)) this.#work.consider(dependent.identity.uid);
    this.#work.consider(uid);
  }

  #remove(node: GraphNode): void {
    this.#nodes.delete(node.identity.uid);
    for (const { uid = '' } of node.owners) {
      const owner = this.#nodes.get(uid);
      owner?.dependents?.delete(node);
      if (owner?.isDeletingDependents === true) this.#work.consider(uid);
    }
    const dependents = dependentsOf(node);
    if (dependents.length > 0) this.#absent.add(node.identity);
    for (const dependent of dependents) this.#work.consider(dependent.identity.uid);
  }
}

function virtualNode(identity: Identity): GraphNode {
  return { identity, isVirtual: true, isBeingDeleted: false, isDeletingDependents: false, owners: [] };
}

function identityOf(type: { readonly apiVersion: string; readonly kind: string }, metadata: Metadata): Identity {
  const { apiVersion, kind } = type;
  const { namespace = '', name = '', uid = '' } = metadata;
  return { apiVersion, kind, namespace, name, uid };
}
