import { semanticEqual } from '../../../../api/equal.ts';
import { type LabelMatcher, labelSelectorMatcher } from '../../../../api/selectors.ts';
import type { Informer } from '../../../client/informer.ts';
import { keyOf } from '../../../client/object-key.ts';
import { type ControllerContext, type ControllerDefinition, startReconciling } from '../../../framework/controller.ts';
import type { EventRecorder } from '../../../framework/event-recorder.ts';
import { isNamespaceTerminating, isNotFound } from '../../../framework/status-cause.ts';
import { WorkQueue } from '../../../framework/work-queue.ts';
import { claim, indexByController, ownedBy, ownedOrOrphans } from '../../ownership.ts';
import { podResource } from '../../pod-control.ts';
import type { Pod } from '../../pod-state.ts';
import { keptMatchers } from '../kept-matchers.ts';
import {
  type Deployment,
  deploymentKind,
  deploymentResource,
  type ReplicaSet,
  replicaSetResource,
} from './deployment.ts';
import { observeDeployments } from './deployment-events.ts';
import { pauseNote } from './deployment-status.ts';
import { type DeploymentSync, note, writeStatus } from './deployment-sync.ts';
import { generationsOf } from './replica-sets.ts';
import { rollBack, rollbackTarget } from './rollback.ts';
import { type NextCheck, recreate, rollUpdate, syncScale, syncStatusOnly } from './rollout.ts';
import { isScaling } from './scaling.ts';

const name = 'deployment-controller';
const workers = 5;
/** A check that is due comes a little later than its time, never earlier. */
const checkSlackMs = 1000;

interface Shell {
  readonly context: ControllerContext;
  readonly recorder: EventRecorder;
  readonly queue: WorkQueue;
  readonly deployments: Informer<Deployment>;
  readonly sets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  matcherOf(deployment: Deployment): LabelMatcher;
}

/** Rolls templates out: a ReplicaSet for each, scaled against each other. */
export const deploymentController: ControllerDefinition = {
  name,
  start: (context, signal) => {
    const { clock, informers } = context;
    const queue = new WorkQueue(clock);
    const deployments = informers.of<Deployment>(deploymentResource);
    const sets = informers.of<ReplicaSet>(replicaSetResource);
    const pods = informers.of<Pod>(podResource);
    indexByController(sets);
    indexByController(pods);
    const matcherOf = keptMatchers<Deployment>(({ spec }) => labelSelectorMatcher(spec?.selector));
    const shell: Shell = { context, recorder: context.recorder(name), queue, deployments, sets, pods, matcherOf };
    observeDeployments(shell);
    return startReconciling(
      { name, workers, informers: [deployments, sets, pods], queue, reconcile: (key) => reconcile(shell, key) },
      context,
      signal,
    );
  },
};

async function reconcile(shell: Shell, key: string): Promise<void> {
  const deployment = shell.deployments.get(key);
  if (deployment === undefined) return;
  try {
    const check = await look(shell, deployment);
    if (check === undefined) return;
    if (check.afterMs < checkSlackMs) shell.queue.addAfter(key, checkSlackMs);
    else shell.queue.addAfter(key, check.afterMs + checkSlackMs);
  } catch (error) {
    // Its namespace goes, and it with it; or it has gone, or a ReplicaSet of it, of which the informer will tell.
    if (!isNamespaceTerminating(error) && !isNotFound(error)) throw error;
  }
}

async function look(shell: Shell, deployment: Deployment): Promise<NextCheck> {
  const { context, recorder, sets, pods, matcherOf } = shell;
  const sync: DeploymentSync = { context, recorder, deployment, generations: { current: undefined, old: [] } };
  if (semanticEqual(deployment.spec?.selector, {})) return refuseAll(sync);
  const matcher = matcherOf(deployment);
  const claimed = await claim<ReplicaSet>(
    {
      client: context.client,
      owner: deployment,
      ownerKind: deploymentKind,
      ownerResource: deploymentResource,
      resource: replicaSetResource,
      matches: ({ metadata }) => matcher.matches(metadata?.labels),
    },
    ownedOrOrphans(sets, deployment),
  );
  sync.generations = generationsOf(deployment, claimed);
  if (deployment.metadata?.deletionTimestamp !== undefined) return leave(syncStatusOnly(sync));
  const pause = pauseNote(deployment, context.clock.now());
  if (pause !== undefined) await writeStatus(sync, pause);
  if (deployment.spec?.paused === true) return leave(syncScale(sync));
  const target = rollbackTarget(deployment);
  if (target !== undefined) return leave(rollBack(sync, target));
  if (isScaling(deployment, sync.generations)) return leave(syncScale(sync));
  switch (deployment.spec?.strategy?.type) {
    case 'Recreate':
      return recreate(sync, (set) => ownedBy(pods, set));
    case 'RollingUpdate':
      return rollUpdate(sync);
    default:
      throw new Error(
        `unexpected deployment strategy type: ${deployment.spec?.strategy?.type} of ${keyOf(deployment)}`,
      );
  }
}

async function leave(work: Promise<void>): Promise<undefined> {
  await work;
}

async function refuseAll(sync: DeploymentSync): Promise<undefined> {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  note(sync, 'Warning', 'SelectingAll', message);
  const { metadata, status = {} } = sync.deployment;
  const generation = metadata?.generation ?? 0;
  if ((status.observedGeneration ?? 0) < generation)
    await writeStatus(sync, { ...status, observedGeneration: generation });
}
