import type { OwnerReference } from '../../../api/object.ts';

/** Where an object is, as owner references say it; the namespace is '' for what has none. */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object of the graph. */
export interface GraphNode {
  identity: Identity;
  /** Somebody names it as owner, but no informer has shown it: it may not exist, or elsewhere. */
  isVirtual: boolean;
  isBeingDeleted: boolean;
  /** It goes after those dependents that block it. */
  isDeletingDependents: boolean;
  owners: readonly OwnerReference[];
  /** Made for the first one: most objects own nothing. */
  dependents?: Set<GraphNode>;
}

export function dependentsOf({ dependents }: GraphNode): GraphNode[] {
  return dependents === undefined ? [] : [...dependents];
}

/** Those that must go before `owner` does. */
export function blockingDependents(owner: GraphNode): GraphNode[] {
  const isBlocking = ({ uid, blockOwnerDeletion }: OwnerReference): boolean =>
    uid === owner.identity.uid && blockOwnerDeletion === true;
  return dependentsOf(owner).filter(({ owners }) => owners.some(isBlocking));
}

export function identityText({ apiVersion, kind, namespace, name, uid }: Identity): string {
  return `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
}

export function referredIdentity(reference: Readonly<OwnerReference>, namespace: string): Identity {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  return { apiVersion, kind, namespace, name, uid };
}

export function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.namespace === b.namespace && isSameCoordinates(a, b);
}

/** Whether a reference means this object, wherever it is. */
export function isSameCoordinates(a: Readonly<OwnerReference>, b: Readonly<OwnerReference>): boolean {
  return a.uid === b.uid && a.name === b.name && a.kind === b.kind && a.apiVersion === b.apiVersion;
}

function compareIdentities(a: Identity, b: Identity): number {
  const keysOf = ({ kind, apiVersion, namespace, name, uid }: Identity): string[] => [
    kind,
    apiVersion,
    namespace,
    name,
    uid,
  ];
  const others = keysOf(b);
  for (const [i, key] of keysOf(a).entries()) {
    const other = others[i] ?? '';
    if (key !== other) return key < other ? -1 : 1;
  }
  return 0;
}

export interface Partition {
  readonly matching: readonly GraphNode[];
  readonly nonmatching: readonly GraphNode[];
}

/** Which dependents mean `owner` by its uid, and which mean another object with it; with two references it may be both. */
export function partitionDependents(dependents: readonly GraphNode[], owner: Identity): Partition {
  const matching: GraphNode[] = [];
  const nonmatching: GraphNode[] = [];
  for (const dependent of dependents) {
    if (owner.namespace !== '' && owner.namespace !== dependent.identity.namespace) {
      nonmatching.push(dependent);
      continue;
    }
    const references = dependent.owners.filter(({ uid }) => uid === owner.uid);
    if (references.some((reference) => isSameCoordinates(reference, owner))) matching.push(dependent);
    if (references.some((reference) => !isSameCoordinates(reference, owner))) nonmatching.push(dependent);
  }
  return { matching, nonmatching };
}

/** Another place where the owner with this uid may be, as its dependents say: the next one after `absent`, so that all have their turn. */
export function alternateIdentity(dependents: readonly GraphNode[], absent: Identity): Identity | undefined {
  const isClusterScoped = absent.namespace === '';
  const candidates = dependents
    .flatMap(({ owners, identity: { namespace } }) =>
      owners.filter(({ uid }) => uid === absent.uid).map((reference) => referredIdentity(reference, namespace)),
    )
    .filter(
      (candidate) =>
        !(isSameCoordinates(candidate, absent) && (isClusterScoped || absent.namespace === candidate.namespace)),
    )
    .map((candidate) =>
      isClusterScoped && candidate.apiVersion === absent.apiVersion && candidate.kind === absent.kind
        ? { ...candidate, namespace: '' }
        : candidate,
    )
    .filter((candidate) => !isSameIdentity(candidate, absent))
    .sort(compareIdentities);
  return candidates.find((candidate) => compareIdentities(absent, candidate) < 0) ?? candidates[0];
}
