import { isPodTerminal, type Pod } from '../../pod-state.ts';
import { ensureCurrent, keepCurrent } from './current-replica-set.ts';
import { type ReplicaSet, sizeOf } from './deployment.ts';
import { deploymentStatus, isComplete, isOldPodRunning, progressCheckMs, rolloutStatus } from './deployment-status.ts';
import { applySteps, cleanUp, type DeploymentSync, writeStatusIfNew } from './deployment-sync.ts';
import { activeOf, allOf } from './replica-sets.ts';
import { currentSize, scaleSteps, shrinkSteps } from './scaling.ts';

/** Pods of a ReplicaSet, whatever state they are in. */
export type PodsOf = (set: ReplicaSet) => readonly Pod[];

/** When to look again at a rollout that shows no progress. */
export type NextCheck = { readonly afterMs: number } | undefined;

export async function syncStatusOnly(sync: DeploymentSync): Promise<void> {
  await keepCurrent(sync);
  await writeStatusIfNew(sync, deploymentStatus(sync.deployment, sync.generations, sync.context.clock.now()));
}

/** A change of the size, or anything while it is paused: no template is rolled out. */
export async function syncScale(sync: DeploymentSync): Promise<void> {
  await keepCurrent(sync);
  await applySteps(sync, scaleSteps(sync.deployment, sync.generations));
  if (sync.deployment.spec?.paused === true) await cleanUp(sync);
  await writeStatusIfNew(sync, deploymentStatus(sync.deployment, sync.generations, sync.context.clock.now()));
}

/** New pods first as far as the surge allows, else old ones go as far as enough stay available: one step of it. */
export async function rollUpdate(sync: DeploymentSync): Promise<NextCheck> {
  const current = await ensureCurrent(sync);
  const { deployment } = sync;
  const wanted = sizeOf(deployment);
  const before = sizeOf(current);
  const size = before > wanted ? wanted : currentSize(deployment, allOf(sync.generations), before);
  if (await applySteps(sync, [{ set: current, size }])) return syncRollout(sync);
  if (await shrinkOld(sync)) return syncRollout(sync);
  if (isComplete(sync.deployment, sync.deployment.status)) await cleanUp(sync);
  return syncRollout(sync);
}

/** The status says how far it is also when a ReplicaSet cannot be scaled. */
async function shrinkOld(sync: DeploymentSync): Promise<boolean> {
  try {
    return await applySteps(sync, shrinkSteps(sync.deployment, sync.generations));
  } catch (error) {
    await syncRollout(sync);
    throw error;
  }
}

/** No new pod before the last old one has gone. */
export async function recreate(sync: DeploymentSync, podsOf: PodsOf): Promise<NextCheck> {
  await keepCurrent(sync);
  const { old } = sync.generations;
  const emptying = activeOf(old).map((set) => ({ set, size: 0 }));
  if (await applySteps(sync, emptying)) return syncRollout(sync);
  if (isOldPodRunning(old, (set) => podsOf(set).some((pod) => !isPodTerminal(pod)))) return syncRollout(sync);
  const current = sync.generations.current ?? (await ensureCurrent(sync));
  await applySteps(sync, [{ set: current, size: sizeOf(sync.deployment) }]);
  if (isComplete(sync.deployment, sync.deployment.status)) await cleanUp(sync);
  return syncRollout(sync);
}

async function syncRollout(sync: DeploymentSync): Promise<NextCheck> {
  const now = sync.context.clock.now();
  const status = rolloutStatus(sync.deployment, sync.generations, now);
  if (await writeStatusIfNew(sync, status)) return undefined;
  const afterMs = progressCheckMs(sync.deployment, status, now);
  return afterMs === undefined ? undefined : { afterMs };
}
