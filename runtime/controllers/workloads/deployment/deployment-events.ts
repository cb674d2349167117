import { semanticEqual } from '../../../../api/equal.ts';
import type { LabelMatcher } from '../../../../api/selectors.ts';
import type { Informer } from '../../../client/informer.ts';
import { keyOf } from '../../../client/object-key.ts';
import { enqueueOn } from '../../../framework/controller.ts';
import type { WorkQueue } from '../../../framework/work-queue.ts';
import { controllerOf } from '../../ownership.ts';
import type { Pod } from '../../pod-state.ts';
import { type Deployment, deploymentKind, type ReplicaSet } from './deployment.ts';

export interface DeploymentObservers {
  readonly queue: WorkQueue;
  readonly deployments: Informer<Deployment>;
  readonly sets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  matcherOf(deployment: Deployment): LabelMatcher;
}

/** ReplicaSets wake whom they belong to or might belong to; pods that have gone, a Deployment that waits for that. */
export function observeDeployments({ queue, deployments, sets, pods, matcherOf }: DeploymentObservers): void {
  const ownerOf = (set: ReplicaSet): Deployment | undefined => {
    const reference = controllerOf(set);
    if (reference === undefined || reference.kind !== deploymentKind.kind) return undefined;
    const owner = deployments.get(`${set.metadata?.namespace}/${reference.name}`);
    return owner?.metadata?.uid === reference.uid ? owner : undefined;
  };
  const wake = (deployment: Deployment | undefined): void => {
    if (deployment !== undefined) queue.add(keyOf(deployment));
  };
  const offer = (orphan: ReplicaSet): void => {
    for (const deployment of deployments.list(orphan.metadata?.namespace)) {
      const matcher = matcherOf(deployment);
      if (!matcher.isEverything && matcher.matches(orphan.metadata?.labels)) wake(deployment);
    }
  };
  enqueueOn(deployments, queue);
  sets.subscribe({
    added: (set) => {
      if (controllerOf(set) !== undefined) wake(ownerOf(set));
      else if (set.metadata?.deletionTimestamp === undefined) offer(set);
    },
    updated: (set, old) => {
      const isMoved = !semanticEqual(controllerOf(set), controllerOf(old));
      if (isMoved) wake(ownerOf(old));
      if (controllerOf(set) !== undefined) wake(ownerOf(set));
      else if (isMoved || !semanticEqual(set.metadata?.labels, old.metadata?.labels)) offer(set);
    },
    deleted: (set) => wake(ownerOf(set)),
  });
  pods.subscribe({
    deleted: (pod) => {
      const reference = controllerOf(pod);
      if (reference?.kind !== 'ReplicaSet') return;
      const set = sets.get(`${pod.metadata?.namespace}/${reference.name}`);
      if (set === undefined || set.metadata?.uid !== reference.uid) return;
      const deployment = ownerOf(set);
      if (deployment?.spec?.strategy?.type === 'Recreate') wake(deployment);
    },
  });
}
