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
import { referenceTo } from '../../framework/event-recorder.ts';
import { Expectations } from '../../framework/expectations.ts';
import { asError, messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { claim, indexByController, ownedBy, ownedOrOrphans } from '../ownership.ts';
import { podControl, podFromTemplate, podResource, unlessNamespaceEnds } from '../pod-control.ts';
import { nextAvailabilityMs, type Pod } from '../pod-state.ts';
import { type ControllerRevision, deleteRevision, revisionResource } from '../revisions.ts';
import { createExpected, deleteExpected } from '../workloads/expected-pods.ts';
import { observeReplicas } from '../workloads/replica-events.ts';
import { storeStatus } from '../workloads/store-status.ts';
import { hashOf, settleHistory, surplusRevisions } from './daemon-history.ts';
import { daemonSetStatus, needsStoring } from './daemon-status.ts';
import { FailedPods } from './failed-pods.ts';
import { nodeResource, observeNodes, observeRevisions } from './observers.ts';
import { type DaemonSet, daemonSetKind, daemonSetResource, daemonTemplate, type Node, onNode } from './placement.ts';
import { type Daemons, manage, type PodChanges, podsByNode } from './pods-on-nodes.ts';
import { rollingUpdate } from './rolling-update.ts';

const workers = 2;
/** More pods than this are not created or deleted at one go: the informer shows these first. */
const burst = 250;
const component = 'daemonset-controller';

interface Shell {
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly expectations: Expectations;
  readonly failedPods: FailedPods;
  readonly sets: Informer<DaemonSet>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly revisions: Informer<ControllerRevision>;
}

function matcherOf({ spec }: DaemonSet): LabelMatcher {
  return labelSelectorMatcher(spec?.selector);
}

/** Keeps a pod on every node that fits. */
export const daemonSetController: ControllerDefinition = {
  name: component,
  start: (context, signal) => {
    const { clock, informers } = context;
    const shell: Shell = {
      context,
      queue: new WorkQueue(clock),
      expectations: new Expectations(clock),
      failedPods: new FailedPods(clock),
      sets: informers.of<DaemonSet>(daemonSetResource),
      pods: informers.of<Pod>(podResource),
      nodes: informers.of<Node>(nodeResource),
      revisions: informers.of<ControllerRevision>(revisionResource),
    };
    const { queue, expectations, sets, pods, nodes, revisions } = shell;
    indexByController(pods);
    indexByController(revisions);
    enqueueOn(sets, queue);
    sets.subscribe({ deleted: (daemonSet) => expectations.forget(keyOf(daemonSet)) });
    observeReplicas({ kind: { gvk: daemonSetKind }, queue, expectations, objects: sets, pods, matcherOf });
    observeNodes({ queue, sets, pods, nodes });
    observeRevisions({ queue, sets, revisions, matcherOf });
    return startReconciling(
      {
        name: component,
        workers,
        informers: [sets, pods, nodes, revisions],
        queue,
        reconcile: (key) => unlessNamespaceEnds(reconcile(shell, key)),
      },
      context,
      signal,
    );
  },
};

async function reconcile(shell: Shell, key: string): Promise<void> {
  const { context, expectations, sets, pods, revisions } = shell;
  const daemonSet = sets.get(key);
  if (daemonSet === undefined) {
    expectations.forget(key);
    return;
  }
  const matcher = matcherOf(daemonSet);
  if (matcher.isEverything) {
    const words = 'This daemon set is selecting all pods. A non-empty selector is required.';
    context.recorder(component).record(referenceTo(daemonSet, daemonSetKind), 'Warning', 'SelectingAll', words);
    return;
  }
  if (daemonSet.metadata?.deletionTimestamp !== undefined) return;
  const history = await settleHistory({
    client: context.client,
    daemonSet,
    matcher,
    revisions: ownedOrOrphans(revisions, daemonSet),
    pods: ownedBy(pods, daemonSet),
  });
  const hash = hashOf(history.current);
  if (!expectations.areSatisfied(key)) {
    await settleStatus(shell, daemonsOf(shell, daemonSet, hash), false);
    return;
  }
  let failure: Error | undefined;
  try {
    await adjust(shell, daemonSet, hash);
    const surplus = surplusRevisions(daemonSet, ownedBy(pods, daemonSet), history.old);
    for (const revision of surplus) await deleteRevision(context.client, revision);
  } catch (error) {
    failure = asError(error);
  }
  await settleStatus(shell, daemonsOf(shell, daemonSet, hash), true);
  if (failure !== undefined) throw failure;
}

/** As the informers see it now. */
function daemonsOf(shell: Shell, daemonSet: DaemonSet, hash: string, pods?: readonly Pod[]): Daemons {
  const matcher = matcherOf(daemonSet);
  const own = pods ?? ownedBy(shell.pods, daemonSet).filter(({ metadata }) => matcher.matches(metadata?.labels));
  return { daemonSet, nodes: shell.nodes.list(), byNode: podsByNode(own), hash, now: shell.context.clock.now() };
}

async function adjust(shell: Shell, daemonSet: DaemonSet, hash: string): Promise<void> {
  const { context, expectations, failedPods, queue } = shell;
  const key = keyOf(daemonSet);
  const matcher = matcherOf(daemonSet);
  const claimed = await claim<Pod>(
    {
      client: context.client,
      owner: daemonSet,
      ownerKind: daemonSetKind,
      ownerResource: daemonSetResource,
      resource: podResource,
      matches: ({ metadata }) => matcher.matches(metadata?.labels),
    },
    ownedOrOrphans(shell.pods, daemonSet),
  );
  const { metadata, status } = daemonSet;
  const changes = manage(daemonsOf(shell, daemonSet, hash, claimed), (node) =>
    failedPods.delayOf(`${metadata?.uid}/${status?.observedGeneration ?? 0}/${node}`),
  );
  const about = referenceTo(daemonSet, daemonSetKind);
  for (const { type, reason, message } of changes.events) {
    context.recorder(component).record(about, type, reason, message);
  }
  if (changes.retryMs !== undefined) queue.addAfter(key, changes.retryMs);
  await carryOut(shell, daemonSet, hash, changes);
  if (!expectations.areSatisfied(key) || daemonSet.spec?.updateStrategy?.type !== 'RollingUpdate') return;
  await carryOut(shell, daemonSet, hash, rollingUpdate(daemonsOf(shell, daemonSet, hash)));
}

async function carryOut(
  { context, expectations, pods }: Shell,
  daemonSet: DaemonSet,
  hash: string,
  changes: PodChanges,
): Promise<void> {
  const key = keyOf(daemonSet);
  const creations = changes.creations.slice(0, burst);
  const deletions = changes.deletions.slice(0, burst);
  if (creations.length + deletions.length === 0) return;
  const { client } = context;
  const control = podControl({ client, recorder: context.recorder(component), gvk: daemonSetKind }, daemonSet);
  const expected = { expectations, key, pods };
  const template = daemonTemplate(daemonSet, hash);
  const notCreated = await createExpected(expected, creations.length, (i) =>
    control.create(onNode(podFromTemplate(template, daemonSet, daemonSetKind), creations[i] ?? '')),
  );
  const notDeleted = await deleteExpected(expected, deletions, (pod) => control.delete(pod));
  const failure = notCreated ?? notDeleted;
  // Events have told of it.
  if (failure !== undefined) throw new NotYet(messageOf(failure), { cause: failure });
}

async function settleStatus(shell: Shell, daemons: Daemons, isObserved: boolean): Promise<void> {
  const { context, queue } = shell;
  const { daemonSet, byNode, now } = daemons;
  const status = daemonSetStatus(daemons, isObserved);
  await storeStatus(context.client, daemonSetResource, daemonSet, (current) =>
    needsStoring(current, status) ? { ...current, status } : undefined,
  );
  const { minReadySeconds = 0 } = daemonSet.spec ?? {};
  if (minReadySeconds > 0 && status.numberReady !== (status.numberAvailable ?? 0)) {
    const pods = [...byNode.values()].flat();
    queue.addAfter(keyOf(daemonSet), nextAvailabilityMs(pods, minReadySeconds, now) ?? minReadySeconds * 1000);
  }
}
