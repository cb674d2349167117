import type { ApiClient } from '../../../api/client.ts';
import type { Clock } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf, splitKey } from '../../client/object-key.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { type EventRecorder, referenceTo } from '../../framework/event-recorder.ts';
import { isConflict } from '../../framework/status-cause.ts';
import { messageOf } from '../../framework/thrown.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import { podResource } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import {
  type Budget,
  type BudgetStatus,
  budgetKind,
  budgetResource,
  countHealthy,
  disruptedPods,
  failedStatus,
  nextStatus,
  selectorText,
} from './budget.ts';
import { expectedPods } from './expected-pods.ts';
import { type ScaleFinder, scaleSources } from './owner-scale.ts';
import { clearDisruption, staleDisruptionMs } from './stale-disruption.ts';

/** Changes of pods are gathered: each look at a budget goes through all pods of its namespace. */
const batchMs = 50;
const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;

interface DisruptionDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly budgets: Informer<Budget>;
  readonly pods: Informer<Pod>;
  readonly queue: WorkQueue;
  readonly find: ScaleFinder;
}

/** Counts how many pods may be evicted, and takes back evictions that came to nothing. */
export const disruptionController: ControllerDefinition = {
  name: 'disruption-controller',
  start: (context, signal) => {
    const { client, clock, informers } = context;
    const budgets = informers.of<Budget>(budgetResource);
    const pods = informers.of<Pod>(podResource);
    const scales = scaleSources(client, informers);
    const queue = new WorkQueue(clock);
    const stale = new WorkQueue(clock);
    const recorder = context.recorder('controllermanager');
    const deps: DisruptionDeps = { client, clock, recorder, budgets, pods, queue, find: scales.find };
    budgets.subscribe({ added: (budget) => queue.add(keyOf(budget)), updated: (budget) => queue.add(keyOf(budget)) });
    followPods(deps, stale);
    const name = 'disruption-controller';
    const main = startReconciling(
      {
        name,
        workers: 1,
        informers: [budgets, pods, ...scales.informers],
        queue,
        reconcile: (key) => syncBudget(deps, key),
      },
      context,
      signal,
    );
    const reconcileStale = async (key: string): Promise<void> => {
      const pod = pods.get(key);
      const left = pod === undefined ? undefined : staleDisruptionMs(pod, clock.now());
      if (pod === undefined || left === undefined) return;
      if (left > 0) stale.addAfter(key, left);
      else await clearDisruption(client, key, pod, clock.now());
    };
    const cleanup = startReconciling(
      { name, workers: 1, informers: [pods], queue: stale, reconcile: reconcileStale },
      context,
      signal,
    );
    return { name, queues: [queue, stale], ended: Promise.all([main.ended, cleanup.ended]).then(() => {}) };
  },
};

function followPods({ pods, budgets, queue, recorder, clock }: DisruptionDeps, stale: WorkQueue): void {
  const wake = (pod: Pod): readonly Budget[] => {
    const matching = budgets
      .list(pod.metadata?.namespace)
      .filter(({ spec }) => labelSelectorMatcher(spec?.selector).matches(pod.metadata?.labels));
    for (const budget of matching) queue.addAfter(keyOf(budget), batchMs);
    return matching;
  };
  const changed = (pod: Pod): void => {
    const [first, ...others] = wake(pod);
    if (first !== undefined && others.length > 0) {
      const { namespace, name } = pod.metadata ?? {};
      const chosen = `Chose "${first.metadata?.name}" arbitrarily.`;
      const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  ${chosen}`;
      recorder.record(referenceTo(pod, podKind), 'Warning', 'MultiplePodDisruptionBudgets', message);
    }
    const left = staleDisruptionMs(pod, clock.now());
    if (left !== undefined) stale.addAfter(keyOf(pod), left);
  };
  pods.subscribe({
    added: changed,
    updated: (pod, old) => {
      changed(pod);
      if (!semanticEqual(pod.metadata?.labels, old.metadata?.labels)) wake(old);
    },
    deleted: wake,
  });
}

async function syncBudget(deps: DisruptionDeps, key: string): Promise<void> {
  const budget = deps.budgets.get(key);
  if (budget === undefined) return;
  try {
    await countBudget(deps, key, budget);
  } catch (error) {
    // Written by another meanwhile: looked at again, with nothing wrong.
    if (isConflict(error)) throw error;
    await writeStatus(deps, budget, failedStatus(budget, messageOf(error), deps.clock.now()));
  }
}

async function countBudget(deps: DisruptionDeps, key: string, budget: Budget): Promise<void> {
  const { recorder, clock } = deps;
  const about = referenceTo(budget, budgetKind);
  const selector = labelSelectorMatcher(budget.spec?.selector);
  const { namespace } = splitKey(key);
  const pods = deps.pods.list(namespace).filter(({ metadata }) => selector.matches(metadata?.labels));
  if (pods.length === 0) recorder.record(about, 'Normal', 'NoPods', 'No matching pods found');
  const expected = await expectedPods(budget, pods, deps.find).catch((error: unknown) => {
    const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`;
    recorder.record(about, 'Warning', 'CalculateExpectedPodCountFailed', message);
    throw error;
  });
  if (expected.unmanaged.length > 0) {
    const message =
      `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget.spec?.selector)}) were found ` +
      'to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined ' +
      'behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.';
    recorder.record(about, 'Warning', 'UnmanagedPods', message);
  }
  const now = clock.now();
  const disrupted = disruptedPods(budget, pods, now);
  for (const pod of disrupted.forgotten) {
    // Upstream names the namespace twice.
    const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
    recorder.record(referenceTo(pod, podKind), 'Warning', 'NotDeleted', message);
  }
  const counts = {
    currentHealthy: countHealthy(pods, disrupted.pods, now),
    desiredHealthy: expected.desiredHealthy,
    expectedPods: expected.expectedPods,
    disruptedPods: disrupted.pods,
  };
  const status = nextStatus(budget, counts, now);
  if (status !== undefined) await writeStatus(deps, budget, status);
  if (disrupted.recheckMs !== undefined) deps.queue.addAfter(key, disrupted.recheckMs + 1);
}

async function writeStatus({ client }: DisruptionDeps, budget: Budget, status: BudgetStatus): Promise<void> {
  const next = { ...budget, apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', status };
  await client.update(budgetResource, budget.metadata?.namespace ?? '', next, { subresource: 'status' });
}
