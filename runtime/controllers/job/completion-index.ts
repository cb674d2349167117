import type { Api } from '../../../api/object.ts';
import type { PodTemplate } from '../pod-control.ts';
import type { Pod } from '../pod-state.ts';
import type { Job } from './job.ts';
import { judgeFailure } from './pod-failure.ts';

type Container = Api<'io.k8s.api.core.v1.Container'>;

/** Annotation and label of the pods of an Indexed Job. */
export const indexKey = 'batch.kubernetes.io/job-completion-index';
const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';
const ignoredCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';
const indexVariable = 'JOB_COMPLETION_INDEX';
/** What a generated name leaves for its prefix. */
const maxPrefixLength = 58;

/** undefined where the annotation is missing or no index at all. */
export function completionIndexOf(pod: Pod): number | undefined {
  const text = pod.metadata?.annotations?.[indexKey] ?? '';
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** The index of a pod that is one of the Job's present size. */
export function validIndexOf(pod: Pod, { spec }: Job): number | undefined {
  const index = completionIndexOf(pod);
  return index !== undefined && index < (spec?.completions ?? 0) ? index : undefined;
}

function countAt(pod: Pod, key: string): number {
  const text = pod.metadata?.annotations?.[key] ?? '';
  const count = /^\+?\d+$/.test(text) ? Number(text) : 0;
  return count < 2 ** 31 ? count : 0;
}

/** Failures of earlier pods of the same index that count towards its limit. */
export function indexFailures(pod: Pod): number {
  return countAt(pod, failureCountKey);
}

/** With those that a policy said to ignore. */
export function allIndexFailures(pod: Pod): number {
  return countAt(pod, failureCountKey) + countAt(pod, ignoredCountKey);
}

/** What the pod that replaces `failed` must know of the failures before it. */
export function failureAnnotations({ spec }: Job, failed: Pod | undefined): Record<string, string> {
  if (failed === undefined) return { [failureCountKey]: '0' };
  const { isCounted } = judgeFailure(spec?.podFailurePolicy, failed);
  const ignored = countAt(failed, ignoredCountKey) + (isCounted ? 0 : 1);
  return {
    [failureCountKey]: String(indexFailures(failed) + (isCounted ? 1 : 0)),
    ...(ignored > 0 ? { [ignoredCountKey]: String(ignored) } : {}),
  };
}

/** The template for one index: its annotation, label, host name and environment. */
export function templateOfIndex(template: PodTemplate, job: Job, index: number): PodTemplate {
  const { labels, annotations } = template.metadata ?? {};
  const text = String(index);
  const { spec } = template;
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: { ...labels, [indexKey]: text },
      annotations: { ...annotations, [indexKey]: text },
    },
    spec: {
      ...spec,
      containers: (spec?.containers ?? []).map(withIndexVariable),
      ...(spec?.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndexVariable) }),
      hostname: `${job.metadata?.name}-${index}`,
    },
  };
}

function withIndexVariable(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === indexVariable)) return container;
  const variable = { name: indexVariable, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexKey}']` } } };
  return { ...container, env: [...env, variable] };
}

export function generateNameOfIndex(jobName: string, index: number): string {
  const suffix = `-${index}-`;
  return `${jobName.slice(0, maxPrefixLength - suffix.length)}${suffix}`;
}
