import type { ControllerContext } from '../../../framework/controller.ts';
import { type EventRecorder, referenceTo } from '../../../framework/event-recorder.ts';
import { unlessMissing } from '../../../framework/status-cause.ts';
import {
  type Deployment,
  type DeploymentStatus,
  deploymentKind,
  deploymentResource,
  historyLimit,
  type ReplicaSet,
  replicaSetResource,
  sizeOf,
} from './deployment.ts';
import { isStatusEqual } from './deployment-status.ts';
import { type Generations, oldestFirst } from './replica-sets.ts';
import { hasSizeAnnotations, revisionOf, sizeAnnotations } from './revision-annotations.ts';
import type { ScaleStep } from './scaling.ts';

/**
 * One look at one Deployment: its newest state, which follows the writes made meanwhile, so that these do not run into each other. A write
 * that others came before fails with a conflict, and the look is taken again.
 */
export interface DeploymentSync {
  readonly context: ControllerContext;
  readonly recorder: EventRecorder;
  deployment: Deployment;
  generations: Generations;
}

export function note(sync: DeploymentSync, type: 'Normal' | 'Warning', reason: string, message: string): void {
  sync.recorder.record(referenceTo(sync.deployment, deploymentKind), type, reason, message);
}

/** The Deployment's status, and its annotations with it. */
export async function writeStatus(sync: DeploymentSync, status: DeploymentStatus): Promise<void> {
  const { namespace = '' } = sync.deployment.metadata ?? {};
  const object = { ...sync.deployment, status };
  sync.deployment = await sync.context.client.update(deploymentResource, namespace, object, { subresource: 'status' });
}

export async function writeStatusIfNew(sync: DeploymentSync, status: DeploymentStatus): Promise<boolean> {
  if (isStatusEqual(sync.deployment.status, status)) return false;
  await writeStatus(sync, status);
  return true;
}

export async function writeReplicaSet(sync: DeploymentSync, set: ReplicaSet): Promise<ReplicaSet> {
  const written = await sync.context.client.update(replicaSetResource, set.metadata?.namespace ?? '', set);
  replace(sync, written);
  return written;
}

function replace(sync: DeploymentSync, written: ReplicaSet): void {
  const swap = (set: ReplicaSet): ReplicaSet => (set.metadata?.uid === written.metadata?.uid ? written : set);
  const { current, old } = sync.generations;
  sync.generations = { current: current === undefined ? undefined : swap(current), old: old.map(swap) };
}

function newestOf({ generations: { current, old } }: DeploymentSync, set: ReplicaSet): ReplicaSet {
  const uid = set.metadata?.uid;
  return [...old, ...(current === undefined ? [] : [current])].find((other) => other.metadata?.uid === uid) ?? set;
}

/** Answers whether any size was changed. */
export async function applySteps(sync: DeploymentSync, steps: readonly ScaleStep[]): Promise<boolean> {
  let hasScaled = false;
  for (const step of steps) if (await applyStep(sync, step)) hasScaled = true;
  return hasScaled;
}

async function applyStep(sync: DeploymentSync, { set, size, notesSizes = false }: ScaleStep): Promise<boolean> {
  const { deployment } = sync;
  const newest = newestOf(sync, set);
  const before = sizeOf(newest);
  if (before === size && !(notesSizes && !hasSizeAnnotations(newest, deployment))) return false;
  const annotations = { ...newest.metadata?.annotations, ...sizeAnnotations(deployment) };
  await writeReplicaSet(sync, {
    ...newest,
    metadata: { ...newest.metadata, annotations },
    spec: { ...newest.spec, replicas: size, selector: newest.spec?.selector ?? {} },
  });
  if (before === size) return false;
  const direction = before < size ? 'up' : 'down';
  const name = newest.metadata?.name;
  note(sync, 'Normal', 'ScalingReplicaSet', `Scaled ${direction} replica set ${name} from ${before} to ${size}`);
  return true;
}

/** Deletes the oldest of the old ReplicaSets beyond the history limit; one that still has pods is left for later. */
export async function cleanUp(sync: DeploymentSync): Promise<void> {
  const limit = historyLimit(sync.deployment);
  if (limit === undefined) return;
  const alive = sync.generations.old.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  const surplus = alive.length - limit;
  if (surplus <= 0) return;
  const byRevision = (a: ReplicaSet, b: ReplicaSet): number => {
    const [first, second] = [revisionOf(a), revisionOf(b)];
    return first === undefined || second === undefined || first === second
      ? oldestFirst(a, b)
      : first < second
        ? -1
        : 1;
  };
  for (const set of alive.toSorted(byRevision).slice(0, surplus)) {
    const { status = {}, metadata } = set;
    const hasSettled = (status.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
    if ((status.replicas ?? 0) !== 0 || sizeOf(set) !== 0 || !hasSettled) continue;
    await unlessMissing(
      sync.context.client.delete(replicaSetResource, metadata?.namespace ?? '', metadata?.name ?? ''),
    );
  }
}
