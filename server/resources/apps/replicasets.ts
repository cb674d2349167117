import { semanticEqual } from '../../../api/equal.ts';
import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { podTemplateWarnings } from '../core/pod-template.ts';
import { defaultPodTemplate, validateSelectedTemplate } from './replica-template.ts';
import {
  hostNameWarnings,
  immutable,
  nonnegative,
  printedSelector,
  validateCounters,
  validateWorkloadSelector,
} from './workload-validation.ts';

export type ReplicaSet = Api<'io.k8s.api.apps.v1.ReplicaSet'>;
type ReplicaSetSpec = Api<'io.k8s.api.apps.v1.ReplicaSetSpec'>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const templatePath = specPath.child('template');

function validateSpec(spec: Readonly<ReplicaSetSpec>, old: Readonly<ReplicaSetSpec> | undefined): FieldErrors {
  return [
    ...nonnegative(spec.replicas, specPath.child('replicas')),
    ...nonnegative(spec.minReadySeconds, specPath.child('minReadySeconds')),
    // Upstream says deployment here too.
    ...validateWorkloadSelector(spec.selector, specPath.child('selector'), 'deployment'),
    ...validateSelectedTemplate(spec, old, specPath),
  ];
}

interface ReplicaStatus {
  readonly availableReplicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas?: number;
  readonly terminatingReplicas?: number;
}

/** The status of ReplicaSets and ReplicationControllers. */
export function validateReplicaStatus(status: ReplicaStatus, path: FieldPath): FieldErrors {
  const errors = validateCounters(
    { ...status },
    path,
    [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
      'terminatingReplicas',
    ],
    ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  );
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    errors.push(invalid(path.child('availableReplicas'), available, 'cannot be greater than readyReplicas'));
  }
  return errors;
}

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  resource: 'replicasets.apps',
  generation: true,
  applyDefaults(replicaSet) {
    replicaSet.spec ??= {};
    replicaSet.spec.replicas ??= 1;
    replicaSet.spec.template ??= {};
    defaultPodTemplate(replicaSet.spec.template);
  },
  prepareForCreate(replicaSet) {
    replicaSet.status = { replicas: 0 };
  },
  validateCreate: (replicaSet) => validateSpec(replicaSet.spec ?? {}, undefined),
  warningsOnCreate: (replicaSet) => [
    ...hostNameWarnings(replicaSet.metadata?.name),
    ...podTemplateWarnings(replicaSet.spec?.template ?? {}, templatePath),
  ],
  prepareForUpdate(replicaSet, old) {
    replicaSet.status = old.status;
  },
  validateUpdate(replicaSet, old) {
    const selector = replicaSet.spec?.selector;
    return [
      ...validateSpec(replicaSet.spec ?? {}, old.spec ?? {}),
      ...immutable(selector, old.spec?.selector, specPath.child('selector'), printedSelector(selector)),
    ];
  },
  warningsOnUpdate: (replicaSet, old) =>
    semanticEqual(replicaSet.spec, old.spec) ? [] : podTemplateWarnings(replicaSet.spec?.template ?? {}, templatePath),
  subresources: {
    status: {
      prepareForUpdate(replicaSet, old) {
        replicaSet.spec = old.spec;
      },
      validateUpdate: (replicaSet) => validateReplicaStatus(replicaSet.status ?? {}, statusPath),
    },
  },
};
