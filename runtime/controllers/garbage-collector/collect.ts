import type { KubeObject, OwnerReference } from '../../../api/object.ts';
import { NotYet } from '../../framework/controller.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import type { AbsentOwners } from './absent-owners.ts';
import { foregroundFinalizer, type OwnershipGraph, orphanFinalizer } from './graph.ts';
import { blockingDependents, dependentsOf, type GraphNode, type Identity, referredIdentity } from './node.ts';
import { type OwnedObjects, OwnerOutOfReach, type Propagation } from './objects.ts';

export interface Collecting {
  readonly graph: OwnershipGraph;
  readonly absent: AbsentOwners;
  readonly objects: OwnedObjects;
  consider(uid: string): void;
}

interface Owners {
  readonly solid: readonly OwnerReference[];
  readonly dangling: readonly OwnerReference[];
  /** Being deleted in the foreground: they wait for their dependents. */
  readonly waiting: readonly OwnerReference[];
}

/** Decides about one object: it goes when none of its owners is left, or when they wait for it. */
export async function collect(collecting: Collecting, uid: string): Promise<void> {
  const node = collecting.graph.get(uid);
  if (node === undefined) return;
  try {
    await decide(collecting, node);
  } catch (error) {
    if (error instanceof OwnerOutOfReach) return;
    throw error;
  }
  // Until an informer has shown it, nobody would tell of its end.
  if (node.isVirtual && collecting.graph.get(uid) === node) throw new NotYet(uid);
}

async function decide(collecting: Collecting, node: GraphNode): Promise<void> {
  const { graph, objects } = collecting;
  const { identity } = node;
  if (node.isBeingDeleted && !node.isDeletingDependents) return;
  if (!node.isVirtual && !node.isDeletingDependents && node.owners.length === 0) return;
  const latest = await objects.get(identity);
  if (latest?.metadata?.uid !== identity.uid) {
    graph.confirmAbsent(identity);
    return;
  }
  if (node.isDeletingDependents) {
    await finishForeground(collecting, node);
    return;
  }
  const references = latest.metadata.ownerReferences ?? [];
  if (references.length === 0) return;
  const { solid, dangling, waiting } = await classify(collecting, identity, references);
  if (solid.length > 0) {
    const gone = [...dangling, ...waiting].map((owner) => owner.uid ?? '');
    if (gone.length > 0) await unlessMissing(objects.disown(identity, gone));
    return;
  }
  if (waiting.length > 0 && dependentsOf(node).length > 0) {
    // A circle of owners that wait for each other would never end.
    if (dependentsOf(node).some(({ isDeletingDependents }) => isDeletingDependents))
      await objects.unblock(identity, node.owners);
    if (!(await objects.delete(identity, latest, 'Foreground'))) graph.confirmAbsent(identity);
    return;
  }
  if (!(await objects.delete(identity, latest, propagationOf(latest)))) graph.confirmAbsent(identity);
}

/** What a deletion that has begun already asked for. */
function propagationOf({ metadata }: Readonly<KubeObject>): Propagation {
  if (metadata?.finalizers?.includes(orphanFinalizer)) return 'Orphan';
  return metadata?.finalizers?.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

async function finishForeground({ objects, consider }: Collecting, node: GraphNode): Promise<void> {
  const blocking = blockingDependents(node);
  if (blocking.length === 0) {
    await objects.removeFinalizer(node.identity, foregroundFinalizer);
    return;
  }
  for (const { identity, isDeletingDependents } of blocking) if (!isDeletingDependents) consider(identity.uid);
}

async function classify(
  collecting: Collecting,
  dependent: Identity,
  references: readonly OwnerReference[],
): Promise<Owners> {
  const solid: OwnerReference[] = [];
  const dangling: OwnerReference[] = [];
  const waiting: OwnerReference[] = [];
  for (const reference of references) {
    const owner = await ownerOf(collecting, dependent, reference);
    if (owner === undefined) dangling.push(reference);
    else if (
      owner.metadata?.deletionTimestamp !== undefined &&
      owner.metadata.finalizers?.includes(foregroundFinalizer) === true
    )
      waiting.push(reference);
    else solid.push(reference);
  }
  return { solid, dangling, waiting };
}

/** Undefined: it does not exist (any more), or has another uid. */
async function ownerOf(
  { absent, objects }: Collecting,
  dependent: Identity,
  reference: OwnerReference,
): Promise<Readonly<KubeObject> | undefined> {
  const inCluster = referredIdentity(reference, '');
  const inNamespace = referredIdentity(reference, dependent.namespace);
  if (absent.has(inCluster) || absent.has(inNamespace)) return undefined;
  const isNamespaced = objects.isNamespaced(inCluster);
  if (isNamespaced && dependent.namespace === '') throw new OwnerOutOfReach(dependent.name);
  const identity = isNamespaced ? inNamespace : inCluster;
  const owner = await objects.get(identity);
  if (owner !== undefined && owner.metadata?.uid === identity.uid) return owner;
  absent.add(identity);
  return undefined;
}

/** Its dependents lose it as owner and live on; then it may go. */
export async function orphan({ graph, objects }: Collecting, uid: string): Promise<void> {
  const node = graph.get(uid);
  if (node === undefined) return;
  await Promise.all(dependentsOf(node).map(({ identity }) => unlessMissing(objects.disown(identity, [uid]))));
  await objects.removeFinalizer(node.identity, orphanFinalizer);
}
