import type { LabelMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import {
  type ControllerContext,
  type ControllerDefinition,
  enqueueOn,
  startReconciling,
} from '../../framework/controller.ts';
import { Expectations } from '../../framework/expectations.ts';
import { asError } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { claim, controllerOf, indexByController, ownedBy, ownedOrOrphans } from '../ownership.ts';
import { type PodControl, podControl, podFromTemplate, podResource } from '../pod-control.ts';
import { podsToDelete } from '../pod-deletion-order.ts';
import { isPodActive, isPodTerminating, nextAvailabilityMs, type Pod } from '../pod-state.ts';
import { createExpected, deleteExpected, type ExpectedPods } from './expected-pods.ts';
import { keptMatchers } from './kept-matchers.ts';
import { observeReplicas } from './replica-events.ts';
import { type ReplicaKind, type Replicated, replicaSetKind, replicationControllerKind } from './replica-kinds.ts';
import { isStatusCurrent, replicaStatus } from './replica-status.ts';
import { storeStatus } from './store-status.ts';

/** More pods than this are not created or deleted at one go: the informer shows these first. */
const burst = 500;
const workers = 5;
/** When what was asked for has still not been seen, it never will: then it is time to count again. */
const expectationCheckMs = 5 * 60_000 + 1000;

interface Shell {
  readonly kind: ReplicaKind;
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly expectations: Expectations;
  readonly objects: Informer<Replicated>;
  readonly pods: Informer<Pod>;
  matcherOf(object: Readonly<Replicated>): LabelMatcher;
}

/** Keeps as many pods as an object asks for. */
function replicaController(kind: ReplicaKind): ControllerDefinition {
  return {
    name: kind.name,
    start: (context, signal) => {
      const { clock, informers } = context;
      const queue = new WorkQueue(clock);
      const expectations = new Expectations(clock);
      const objects = informers.of<Replicated>(kind.resource);
      const pods = informers.of<Pod>(podResource);
      indexByController(objects);
      indexByController(pods);
      const matcherOf = keptMatchers(kind.matcherOf);
      const shell: Shell = { kind, context, queue, expectations, objects, pods, matcherOf };
      enqueueOn(objects, queue);
      objects.subscribe({ deleted: (object) => expectations.forget(keyOf(object)) });
      observeReplicas(shell);
      return startReconciling(
        { name: kind.name, workers, informers: [objects, pods], queue, reconcile: (key) => reconcile(shell, key) },
        context,
        signal,
      );
    },
  };
}

async function reconcile(shell: Shell, key: string): Promise<void> {
  const { kind, context, expectations, objects, pods, matcherOf, queue } = shell;
  const object = objects.get(key);
  if (object === undefined) {
    expectations.forget(key);
    return;
  }
  const mayCount = expectations.areSatisfied(key);
  const matcher = matcherOf(object);
  const matches = (pod: Pod): boolean => matcher.matches(pod.metadata?.labels);
  const candidates = ownedOrOrphans(pods, object);
  const terminating = candidates.filter(
    (pod) => isPodTerminating(pod) && controllerOf(pod) !== undefined && matches(pod),
  );
  const active = await claim<Pod>(
    {
      client: context.client,
      owner: object,
      ownerKind: kind.gvk,
      ownerResource: kind.resource,
      resource: podResource,
      matches,
    },
    candidates.filter(isPodActive),
  );
  let failure: Error | undefined;
  if (mayCount && object.metadata?.deletionTimestamp === undefined) {
    try {
      await adjust(shell, object, active);
    } catch (error) {
      failure = asError(error);
    }
  }
  const now = context.clock.now();
  const status = replicaStatus(object, {
    active,
    terminating: kind.countsTerminating ? terminating.length : undefined,
    now,
    ...(failure === undefined ? {} : { failure }),
  });
  await storeStatus(context.client, kind.resource, object, (current) =>
    isStatusCurrent(current, status) ? undefined : { ...current, status },
  );
  if (failure !== undefined) throw failure;
  if (!expectations.areSatisfied(key)) queue.addAfter(key, expectationCheckMs);
  const { minReadySeconds = 0 } = object.spec ?? {};
  if (minReadySeconds > 0 && status.readyReplicas !== status.availableReplicas) {
    queue.addAfter(key, nextAvailabilityMs(active, minReadySeconds, now) ?? minReadySeconds * 1000);
  }
}

async function adjust(shell: Shell, object: Readonly<Replicated>, active: readonly Pod[]): Promise<void> {
  const missing = (object.spec?.replicas ?? 0) - active.length;
  if (missing > 0) await createPods(shell, object, Math.min(missing, burst));
  else if (missing < 0) await deletePods(shell, object, active, Math.min(-missing, burst));
}

async function createPods(shell: Shell, object: Readonly<Replicated>, count: number): Promise<void> {
  const { kind } = shell;
  const control = controlOf(shell, object);
  const template = object.spec?.template ?? {};
  const failure = await createExpected(expectedOf(shell, object), count, () =>
    control.create(podFromTemplate(template, object, kind.gvk)),
  );
  if (failure !== undefined) throw failure;
}

async function deletePods(
  shell: Shell,
  object: Readonly<Replicated>,
  active: readonly Pod[],
  count: number,
): Promise<void> {
  const control = controlOf(shell, object);
  const now = shell.context.clock.now();
  const chosen = podsToDelete({ pods: active, related: relatedPods(shell, object), count, now });
  const failure = await deleteExpected(expectedOf(shell, object), chosen, (pod) => control.delete(pod));
  if (failure !== undefined) throw failure;
}

function controlOf({ kind, context }: Shell, object: Readonly<Replicated>): PodControl {
  return podControl({ client: context.client, recorder: context.recorder(kind.component), gvk: kind.gvk }, object);
}

function expectedOf({ expectations, pods }: Shell, object: Readonly<Replicated>): ExpectedPods {
  return { expectations, pods, key: keyOf(object) };
}

/** Pods of all that have the same controller, a Deployment's ReplicaSets: a rollout should not leave two of them on one node. */
function relatedPods({ objects, pods }: Shell, object: Readonly<Replicated>): Pod[] {
  const uid = controllerOf(object)?.uid;
  if (uid === undefined) return [];
  return ownedBy(objects, { metadata: { uid } }).flatMap((sibling) => ownedBy(pods, sibling));
}

export const replicaSetController = replicaController(replicaSetKind);
export const replicationControllerController = replicaController(replicationControllerKind);
