import { type LabelMatcher, labelSelectorMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import {
  type ControllerContext,
  type ControllerDefinition,
  enqueueOn,
  NotYet,
  startReconciling,
} from '../../framework/controller.ts';
import { Expectations } from '../../framework/expectations.ts';
import { isNamespaceTerminating } from '../../framework/status-cause.ts';
import { asError, messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { claim, controllerOf, indexByController, ownedOrOrphans, refuseIfDeleted } from '../ownership.ts';
import { podResource, slowStart, unlessNamespaceEnds } from '../pod-control.ts';
import { nextAvailabilityMs, type Pod } from '../pod-state.ts';
import {
  adoptRevision,
  type ControllerRevision,
  compareRevisions,
  revisionResource,
  templateOf,
} from '../revisions.ts';
import { observeIfLeaving } from '../workloads/expected-pods.ts';
import { observeReplicas } from '../workloads/replica-events.ts';
import { storeStatus } from '../workloads/store-status.ts';
import { type Claim, isMemberOf, type StatefulSet, statefulSetKind, statefulSetResource } from './identity.ts';
import { type Phase, type Plan, planUpdate, type Step } from './plan.ts';
import { settleRevisions, surplusRevisions, truncateHistory } from './set-revisions.ts';
import { needsStoring, settled, storedStatus } from './set-status.ts';
import { claimResource, type StatefulPods, statefulPods } from './stateful-pods.ts';

const workers = 5;

interface Shell {
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly expectations: Expectations;
  readonly sets: Informer<StatefulSet>;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<Claim>;
  readonly revisions: Informer<ControllerRevision>;
}

function matcherOf({ spec }: StatefulSet): LabelMatcher {
  return labelSelectorMatcher(spec?.selector);
}

/** Keeps pods with stable names, one after the other. */
export const statefulSetController: ControllerDefinition = {
  name: 'statefulset-controller',
  start: (context, signal) => {
    const { clock, informers } = context;
    const queue = new WorkQueue(clock);
    const expectations = new Expectations(clock);
    const sets = informers.of<StatefulSet>(statefulSetResource);
    const pods = informers.of<Pod>(podResource);
    const claims = informers.of<Claim>(claimResource);
    const revisions = informers.of<ControllerRevision>(revisionResource);
    indexByController(pods);
    indexByController(revisions);
    const shell: Shell = { context, queue, expectations, sets, pods, claims, revisions };
    enqueueOn(sets, queue);
    sets.subscribe({ deleted: (set) => expectations.forget(keyOf(set)) });
    observeReplicas({ kind: { gvk: statefulSetKind }, queue, expectations, objects: sets, pods, matcherOf });
    return startReconciling(
      {
        name: 'statefulset-controller',
        workers,
        informers: [sets, pods, claims, revisions],
        queue,
        reconcile: (key) => unlessNamespaceEnds(reconcile(shell, key)),
      },
      context,
      signal,
    );
  },
};

async function reconcile(shell: Shell, key: string): Promise<void> {
  const { context, expectations, sets, queue } = shell;
  const set = sets.get(key);
  if (set === undefined) {
    expectations.forget(key);
    return;
  }
  if (!expectations.areSatisfied(key)) return;
  const now = context.clock.now();
  const revisions = await revisionsOf(shell, set);
  const pods = await podsOf(shell, set);
  const known = await settleRevisions(context.client, set, revisions);
  const plan = planUpdate({
    set,
    pods,
    now,
    collisionCount: known.collisionCount,
    current: versionOf(known.current),
    update: versionOf(known.update),
    claim: (name) => claimOf(shell, set, name),
  });
  let failure: Error | undefined;
  try {
    await carryOut(shell, set, plan);
  } catch (error) {
    failure = asError(error);
  }
  const status = settled(set, plan.status);
  await storeStatus(context.client, statefulSetResource, set, (current) =>
    needsStoring(current, status) ? { ...current, status: storedStatus(status) } : undefined,
  );
  await truncateHistory(context.client, surplusRevisions(set, pods, revisions, known));
  if (failure !== undefined) {
    // Events have told of it.
    throw isNamespaceTerminating(failure) ? failure : new NotYet(messageOf(failure), { cause: failure });
  }
  const { minReadySeconds = 0 } = set.spec ?? {};
  if (minReadySeconds > 0 && status.readyReplicas !== status.availableReplicas) {
    queue.addAfter(key, nextAvailabilityMs(pods, minReadySeconds, now) ?? minReadySeconds * 1000);
  }
}

function versionOf(revision: ControllerRevision) {
  return { revision: revision.metadata?.name ?? '', template: templateOf(revision) };
}

function claimOf({ claims }: Shell, set: StatefulSet, name: string): Claim | undefined {
  return claims.get(`${set.metadata?.namespace}/${name}`);
}

/** In order; orphans that the selector matches are adopted first. */
async function revisionsOf({ context, revisions }: Shell, set: StatefulSet): Promise<ControllerRevision[]> {
  const { client } = context;
  const matcher = matcherOf(set);
  const found = ownedOrOrphans(revisions, set).filter(({ metadata }) => matcher.matches(metadata?.labels));
  const orphans = found.filter((revision) => controllerOf(revision) === undefined);
  if (orphans.length > 0) await refuseIfDeleted({ client, owner: set, ownerResource: statefulSetResource });
  for (const orphan of orphans) await adoptRevision(client, orphan, { object: set, gvk: statefulSetKind });
  return found.sort(compareRevisions);
}

async function podsOf({ context, pods }: Shell, set: StatefulSet): Promise<Pod[]> {
  const matcher = matcherOf(set);
  return await claim<Pod>(
    {
      client: context.client,
      owner: set,
      ownerKind: statefulSetKind,
      ownerResource: statefulSetResource,
      resource: podResource,
      matches: (pod) => matcher.matches(pod.metadata?.labels) && isMemberOf(set, pod),
    },
    ownedOrOrphans(pods, set),
  );
}

async function carryOut(shell: Shell, set: StatefulSet, { phases }: Plan): Promise<void> {
  const { client } = shell.context;
  const recorder = shell.context.recorder('statefulset-controller');
  const control = statefulPods({ client, recorder, claim: (name) => claimOf(shell, set, name) }, set);
  for (const phase of phases) await carryOutPhase(shell, set, control, phase);
}

async function carryOutPhase(shell: Shell, set: StatefulSet, control: StatefulPods, phase: Phase): Promise<void> {
  const { steps, isParallel } = phase;
  const run = (step: Step): Promise<void> => runExpecting(shell, keyOf(set), control, step);
  if (!isParallel) for (const step of steps) await run(step);
  else {
    const { error } = await slowStart(steps.length, async (i) => {
      const step = steps[i];
      if (step !== undefined) await run(step);
    });
    if (error !== undefined) throw error;
  }
}

/** The set is looked at again when the informer has shown what was done. */
async function runExpecting(shell: Shell, key: string, control: StatefulPods, step: Step): Promise<void> {
  const { expectations, pods } = shell;
  const uid = step.pod.metadata?.uid ?? '';
  if (step.kind === 'create') expectations.expectCreations(key, 1);
  else if (step.kind === 'delete') expectations.expectDeletions(key, [uid]);
  try {
    await control.run(step);
  } catch (error) {
    if (step.kind === 'create') expectations.creationObserved(key);
    else if (step.kind === 'delete') expectations.deletionObserved(key, uid);
    throw error;
  }
  if (step.kind === 'delete') observeIfLeaving({ expectations, key, pods }, step.pod);
}
