import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import { immutable, printedSelector, sortedMap } from '../apps/workload-validation.ts';
import { toInternalPodSpec } from '../core/pod-internal.ts';
import type { PodSpec, PodTemplateSpec } from '../core/pod-types.ts';
import { type JobSpec, printedFailurePolicy, printedSuccessPolicy } from './job-policies.ts';
import { isConditionTrue } from './job-status.ts';
import { type Job, validateJob, validateJobSpec } from './job-validation.ts';

const specPath = FieldPath.of('spec');
const templatePath = specPath.child('template');

/** Only indexed jobs may grow and shrink, completions and parallelism together. */
function validateCompletions(spec: Readonly<JobSpec>, old: Readonly<JobSpec>): FieldErrors {
  const path = specPath.child('completions');
  if (spec.completionMode !== 'Indexed') return immutable(spec.completions, old.completions, path);
  if (spec.completions === undefined || spec.completions === old.completions) return [];
  return spec.completions === spec.parallelism
    ? []
    : [invalid(path, spec.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** While suspended, with no pod around, a job's pods may still be scheduled and sized differently. */
function isTemplateMutable(job: Readonly<Job>): boolean {
  const { spec = {}, status = {} } = job;
  const isIdle = status.startTime === undefined || isConditionTrue(job, 'Suspended');
  return spec.suspend === true && isIdle && (status.active ?? 0) === 0;
}

type Affinity = NonNullable<PodSpec['affinity']>;

function withNodeAffinityOf(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _dropped, ...rest } = old ?? {};
  if (affinity === undefined) return Object.keys(rest).length === 0 ? undefined : rest;
  return { ...rest, nodeAffinity: affinity.nodeAffinity };
}

/** The old template as it would be with the new one's scheduling directives. */
function withDirectivesOf(template: Readonly<PodTemplateSpec>, old: Readonly<PodTemplateSpec>): PodTemplateSpec {
  const spec = template.spec ?? {};
  return {
    ...old,
    metadata: { ...old.metadata, annotations: template.metadata?.annotations, labels: template.metadata?.labels },
    spec: {
      ...old.spec,
      affinity: withNodeAffinityOf(spec.affinity, old.spec?.affinity),
      nodeSelector: spec.nodeSelector,
      tolerations: spec.tolerations,
      schedulingGates: spec.schedulingGates,
    },
  };
}

type Containers = PodSpec['containers'];

function withResourcesOf(containers: Containers, old: Containers): Containers {
  if (containers?.length !== old?.length) return old;
  return old?.map((container, i) => {
    const current = containers?.[i];
    return current?.name === container.name ? { ...container, resources: current?.resources } : container;
  });
}

/** Upstream prints the whole template in its internal form, the metadata's fields beside the spec. */
function printedTemplate({ metadata = {}, spec = {} }: Readonly<PodTemplateSpec>): unknown {
  const { name, generateName, namespace, labels, annotations, ...rest } = metadata;
  const sorted = { labels: sortedMap(labels) ?? undefined, annotations: sortedMap(annotations) ?? undefined };
  return { name, generateName, namespace, ...sorted, ...rest, Spec: toInternalPodSpec(spec) };
}

function validateTemplateUpdate(job: Readonly<Job>, old: Readonly<Job>): FieldErrors {
  const template = job.spec?.template ?? {};
  const oldTemplate = old.spec?.template ?? {};
  if (!isTemplateMutable(old)) return immutable(template, oldTemplate, templatePath, printedTemplate(template));
  const expected = withDirectivesOf(template, oldTemplate).spec ?? {};
  const spec = template.spec ?? {};
  const allowed = {
    ...expected,
    containers: withResourcesOf(spec.containers, expected.containers),
    initContainers: withResourcesOf(spec.initContainers, expected.initContainers),
  };
  return semanticEqual(spec, allowed)
    ? []
    : immutable(spec, allowed, templatePath.child('spec'), toInternalPodSpec(spec));
}

export function validateJobUpdate(job: Readonly<Job>, old: Readonly<Job>): FieldErrors {
  const spec = job.spec ?? {};
  const before = old.spec ?? {};
  return [
    ...validateJob(job, old),
    // Upstream validates the spec a second time.
    ...validateJobSpec(spec, before),
    ...validateCompletions(spec, before),
    ...immutable(spec.selector, before.selector, specPath.child('selector'), printedSelector(spec.selector)),
    ...validateTemplateUpdate(job, old),
    ...immutable(spec.completionMode, before.completionMode, specPath.child('completionMode')),
    ...immutable(
      spec.podFailurePolicy,
      before.podFailurePolicy,
      specPath.child('podFailurePolicy'),
      printedFailurePolicy(spec.podFailurePolicy),
    ),
    ...immutable(spec.backoffLimitPerIndex, before.backoffLimitPerIndex, specPath.child('backoffLimitPerIndex')),
    ...immutable(spec.managedBy, before.managedBy, specPath.child('managedBy')),
    ...immutable(
      spec.successPolicy,
      before.successPolicy,
      specPath.child('successPolicy'),
      printedSuccessPolicy(spec.successPolicy),
    ),
  ];
}
