import type { ApiClient } from '../../../api/client.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import type { Expectations } from '../../framework/expectations.ts';
import { isNamespaceTerminating, isNotFound } from '../../framework/status-cause.ts';
import { claim, isControlledBy, ownedOrOrphans } from '../ownership.ts';
import { type PodControl, type PodTemplate, podFromTemplate, podResource, slowStart } from '../pod-control.ts';
import { isPodReady, type Pod } from '../pod-state.ts';
import { failureAnnotations, generateNameOfIndex, templateOfIndex } from './completion-index.ts';
import { hasLimitPerIndex, type Job, jobKind, jobResource, trackingFinalizer } from './job.ts';
import type { IndexProgress } from './observation.ts';

/** The pods of a Job; those that match and have no owner become its own. */
export async function podsOf(client: ApiClient, pods: Informer<Pod>, job: Job): Promise<Pod[]> {
  const selector = labelSelectorMatcher(job.spec?.selector);
  const claimed = await claim<Pod>(
    {
      client,
      owner: job,
      ownerKind: jobKind,
      ownerResource: jobResource,
      resource: podResource,
      matches: ({ metadata }) => selector.matches(metadata?.labels),
      finalizers: [trackingFinalizer],
    },
    ownedOrOrphans(pods, job),
  );
  return claimed.map((pod) => (isControlledBy(pod, job) ? pod : withTracking(pod)));
}

/** An adopted pod has the finalizer now, though the informer does not know. */
function withTracking(pod: Pod): Pod {
  const finalizers = pod.metadata?.finalizers ?? [];
  if (finalizers.includes(trackingFinalizer)) return pod;
  return { ...pod, metadata: { ...pod.metadata, finalizers: [...finalizers, trackingFinalizer] } };
}

export async function removeTracking(client: ApiClient, { metadata }: Pod): Promise<void> {
  if (metadata?.finalizers?.includes(trackingFinalizer) !== true) return;
  const { namespace = '', name = '' } = metadata;
  const type = 'application/strategic-merge-patch+json';
  const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  await client.patch({ resource: podResource, namespace, name, type }, patch);
}

export interface Change {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  /** To be thrown when the status is written. */
  readonly error?: unknown;
}

export const noChange: Change = { active: 0, ready: 0, terminating: 0 };

/** Deletes all side by side; what has gone already counts as deleted. */
export async function deletePods(
  pods: readonly Pod[],
  remove: (pod: Pod) => Promise<void>,
  onFailure: (pod: Pod) => void = () => {},
): Promise<Change> {
  const outcomes = await Promise.allSettled(pods.map(remove));
  const failures: unknown[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const pod = pods[i];
    if (outcome.status === 'fulfilled' || pod === undefined) continue;
    onFailure(pod);
    if (!isNotFound(outcome.reason)) failures.push(outcome.reason);
  }
  const deleted = pods.length - failures.length;
  return {
    active: -deleted,
    ready: -pods.filter(isPodReady).length,
    terminating: deleted,
    ...(failures.length > 0 ? { error: failures[0] } : {}),
  };
}

export interface CreateDeps {
  readonly control: PodControl;
  readonly expectations: Expectations;
  readonly key: string;
}

export async function createPods(
  job: Job,
  indexes: readonly (number | undefined)[],
  progress: IndexProgress | undefined,
  { control, expectations, key }: CreateDeps,
): Promise<Change> {
  expectations.expectCreations(key, indexes.length);
  const outcome = await slowStart(indexes.length, (i) => control.create(newPod(job, indexes[i], progress)));
  // What failed or was not tried will not be seen.
  for (let i = outcome.successes; i < indexes.length; i++) expectations.creationObserved(key);
  const { error } = outcome;
  return {
    ...noChange,
    active: outcome.successes,
    ...(error === undefined || isNamespaceTerminating(error) ? {} : { error }),
  };
}

function newPod(
  job: Job,
  index: number | undefined,
  progress: IndexProgress | undefined,
): Parameters<PodControl['create']>[0] {
  const template = tracked(job.spec?.template ?? {});
  if (index === undefined) return podFromTemplate(template, job, jobKind);
  const pod = podFromTemplate(templateOfIndex(template, job, index), job, jobKind);
  const failures = hasLimitPerIndex(job) ? failureAnnotations(job, progress?.delayed.get(index)) : {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: { ...pod.metadata?.annotations, ...failures },
      generateName: generateNameOfIndex(job.metadata?.name ?? '', index),
    },
  };
}

function tracked(template: PodTemplate): PodTemplate {
  const finalizers = template.metadata?.finalizers ?? [];
  if (finalizers.includes(trackingFinalizer)) return template;
  return { ...template, metadata: { ...template.metadata, finalizers: [...finalizers, trackingFinalizer] } };
}
