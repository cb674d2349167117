import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid, required } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { defaultPodTemplate, validateTemplate } from '../apps/replica-template.ts';
import { validateReplicaStatus } from '../apps/replicasets.ts';
import { hostNameWarnings, nonnegative, selectorMismatch, validateRunsForever } from '../apps/workload-validation.ts';
import { type PodTemplateSpec, podTemplateWarnings } from './pod-template.ts';

export type ReplicationController = Api<'io.k8s.api.core.v1.ReplicationController'>;
type ReplicationControllerSpec = Api<'io.k8s.api.core.v1.ReplicationControllerSpec'>;

const specPath = FieldPath.of('spec');
const templatePath = specPath.child('template');

function isEmpty(map: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}

/** Selector and labels come from the template when they are left out. */
function applyDefaults(controller: ReplicationController): void {
  controller.spec ??= {};
  const spec = controller.spec;
  spec.replicas ??= 1;
  defaultPodTemplate(spec.template);
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && isEmpty(spec.selector)) spec.selector = { ...labels };
  defaultLabels(controller);
}

function defaultLabels(controller: ReplicationController): void {
  const labels = controller.spec?.template?.metadata?.labels;
  if (labels === undefined) return;
  controller.metadata ??= {};
  if (isEmpty(controller.metadata.labels)) controller.metadata.labels = { ...labels };
}

function validateControllerTemplate(
  template: Readonly<PodTemplateSpec> | undefined,
  old: Readonly<PodTemplateSpec> | undefined,
  selector: Readonly<Record<string, string>>,
): FieldErrors {
  if (template === undefined) return [required(templatePath)];
  const labels = template.metadata?.labels ?? {};
  const selected = Object.entries(selector).every(([key, value]) => labels[key] === value);
  return [
    ...(selected ? [] : selectorMismatch(template, templatePath)),
    ...validateTemplate(template, old, templatePath),
    ...validateRunsForever(template, templatePath, 'ReplicationController'),
  ];
}

function validateSpec(
  spec: Readonly<ReplicationControllerSpec>,
  old: Readonly<ReplicationControllerSpec> | undefined,
): FieldErrors {
  return [
    ...nonnegative(spec.minReadySeconds, specPath.child('minReadySeconds')),
    ...(isEmpty(spec.selector) ? [required(specPath.child('selector'))] : []),
    ...nonnegative(spec.replicas, specPath.child('replicas')),
    ...validateControllerTemplate(spec.template, old?.template, spec.selector ?? {}),
  ];
}

/** Selectors of removed versions that have no form here may not change. */
function validateNonConvertible(
  controller: Readonly<ReplicationController>,
  old: Readonly<ReplicationController>,
): FieldErrors {
  const isNonConvertible = Object.keys(old.metadata?.annotations ?? {}).some(
    (key) => key.startsWith('non-convertible.kubernetes.io/') && key.includes('selector'),
  );
  if (!isNonConvertible || semanticEqual(controller.spec?.selector, old.spec?.selector)) return [];
  return [invalid(specPath.child('selector'), controller.spec?.selector, 'cannot update non-convertible selector')];
}

export const replicationControllerStrategy: Strategy<ReplicationController> = {
  resource: 'replicationcontrollers',
  generation: true,
  // Of v1 alone, for old clients' sake.
  defaultPropagation: 'Orphan',
  applyDefaults,
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  validateCreate: (controller) => validateSpec(controller.spec ?? {}, undefined),
  warningsOnCreate: (controller) => [
    ...hostNameWarnings(controller.metadata?.name),
    ...podTemplateWarnings(controller.spec?.template ?? {}, templatePath),
  ],
  prepareForUpdate(controller, old) {
    controller.status = old.status;
  },
  validateUpdate: (controller, old) => [
    ...validateSpec(controller.spec ?? {}, old.spec ?? {}),
    ...validateNonConvertible(controller, old),
  ],
  // Upstream looks at the old template here.
  warningsOnUpdate: (controller, old) =>
    semanticEqual(controller.spec, old.spec) ? [] : podTemplateWarnings(old.spec?.template ?? {}, templatePath),
  subresources: {
    status: {
      prepareForUpdate(controller, old) {
        controller.spec = old.spec;
        // Upstream's defaults run again when the stored object is read.
        defaultLabels(controller);
      },
      validateUpdate: (controller) => validateReplicaStatus(controller.status ?? {}, FieldPath.of('status')),
    },
  },
};
