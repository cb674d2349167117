import { semanticEqual } from '../../../api/equal.ts';
import { FieldPath } from '../../../api/field-error.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { defaultPodTemplate } from '../apps/replica-template.ts';
import { hostNameWarnings } from '../apps/workload-validation.ts';
import { podTemplateWarnings } from '../core/pod-template.ts';
import type { JobSpec } from './job-policies.ts';
import { validateJobStatusUpdate } from './job-status.ts';
import { validateJobUpdate } from './job-update.ts';
import { type Job, jobLabels, validateJob } from './job-validation.ts';

const maxInt32 = 2 ** 31 - 1;

/** The very labels of the template, as upstream: what is then added to the ones is added to the others. */
function defaultLabels(job: Job): void {
  const labels = job.spec?.template?.metadata?.labels;
  job.metadata ??= {};
  if (labels !== undefined && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = labels;
}

/** What jobs and the templates of cron jobs share. */
export function defaultJobTemplate(spec: JobSpec): void {
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
}

function applyDefaults(job: Job): void {
  job.spec ??= {};
  const spec = job.spec;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : maxInt32;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  defaultJobTemplate(spec);
  defaultLabels(job);
}

/** Labels the pods with the job's name and uid, and selects by the latter, unless the client did so itself. */
function generateSelector(job: Job): void {
  job.spec ??= {};
  const spec = job.spec;
  if (spec.manualSelector) return;
  const { name = '', uid = '' } = job.metadata ?? {};
  spec.template ??= {};
  spec.template.metadata ??= {};
  const before = spec.template.metadata.labels;
  spec.template.metadata.labels = {
    [jobLabels.legacyJobName]: name,
    [jobLabels.jobName]: name,
    [jobLabels.legacyControllerUid]: uid,
    [jobLabels.controllerUid]: uid,
    ...before,
  };
  if (before !== undefined && job.metadata?.labels === before) job.metadata.labels = spec.template.metadata.labels;
  spec.selector ??= {};
  spec.selector.matchLabels = { [jobLabels.controllerUid]: uid, ...spec.selector.matchLabels };
}

const manyCompletions = 100_000;
const manyPods = 10_000;

export function jobSpecWarnings(spec: Readonly<JobSpec>, path: FieldPath): string[] {
  const { completions = 0, parallelism = 0 } = spec;
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  const isHuge = spec.completionMode === 'Indexed' && completions > manyCompletions && parallelism > manyPods;
  return [...(isHuge ? [`${path}: ${text}`] : []), ...podTemplateWarnings(spec.template ?? {}, path.child('template'))];
}

const specPath = FieldPath.of('spec');

const orphanedPods =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

export const jobStrategy: Strategy<Job> = {
  resource: 'jobs.batch',
  generation: true,
  // Of batch/v1, for old clients' sake; the pods stay behind.
  defaultPropagation: 'Orphan',
  warningsOnDelete: (namesPropagation) => (namesPropagation ? [] : [orphanedPods]),
  applyDefaults,
  prepareForCreate(job) {
    generateSelector(job);
    job.status = {};
    // Upstream's defaults run again when the stored object is read.
    defaultLabels(job);
  },
  validateCreate: (job) => validateJob(job),
  warningsOnCreate: (job) => [...hostNameWarnings(job.metadata?.name), ...jobSpecWarnings(job.spec ?? {}, specPath)],
  prepareForUpdate(job, old) {
    job.status = old.status;
  },
  validateUpdate: validateJobUpdate,
  warningsOnUpdate: (job, old) => (semanticEqual(job.spec, old.spec) ? [] : jobSpecWarnings(job.spec ?? {}, specPath)),
  subresources: {
    status: {
      prepareForUpdate(job, old) {
        job.spec = old.spec;
        defaultLabels(job);
      },
      validateUpdate: validateJobStatusUpdate,
    },
  },
};
